/**
 * Colour scales: one hue for amounts, blue to orange for differences, both told apart by people
 * who see red and green alike. Interpolated in linear light between hand-set stops.
 */

/** @typedef {Uint8ClampedArray} Ramp 256 RGB triples */

const STOPS = {
  light: {
    amount: ["#fdfcf9", "#d5e3ee", "#8fb8d8", "#3f83b7", "#134f86", "#06264a"],
    difference: ["#0b4a8f", "#5f9fd4", "#c3dcef", "#fdfcf9", "#f7d5ae", "#e0892f", "#8f4700"],
  },
  dark: {
    amount: ["#191c21", "#1d3a57", "#235f93", "#4190cb", "#93c8ee", "#f1f9ff"],
    difference: ["#a3d2ff", "#4a90d0", "#234666", "#191c21", "#5c3b17", "#cf7d24", "#ffd29b"],
  },
};

/** @param {number} c */
const toLinear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
/** @param {number} c */
const fromLinear = (c) => (c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055);

/**
 * @param {string} hex
 * @returns {number[]} red, green, blue from 0 to 1
 */
const parse = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);

/**
 * @param {string[]} stops
 * @returns {Ramp}
 */
export function ramp(stops) {
  const colours = stops.map((stop) => parse(stop).map(toLinear));
  const out = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const from = Math.min(Math.floor(place), stops.length - 2);
    const part = place - from;
    for (let c = 0; c < 3; c++) {
      const linear = colours[from][c] * (1 - part) + colours[from + 1][c] * part;
      out[i * 3 + c] = Math.round(fromLinear(linear) * 255);
    }
  }
  return out;
}

/** @type {Map<string[], Ramp>} those that were asked for */
const ramps = new Map();

/** @returns {"light" | "dark"} the theme in which the page is shown just now */
export function shownTheme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/**
 * @param {"amount" | "difference"} kind
 * @returns {Ramp}
 */
export function currentRamp(kind) {
  const stops = STOPS[shownTheme()][kind],
    known = ramps.get(stops) ?? ramp(stops);
  ramps.set(stops, known);
  return known;
}

/**
 * Step of a ramp for a value, for values from low to high.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 * @returns {number} 0 … 255
 */
export function step(value, low, high) {
  if (!(high > low)) return low < 0 ? 127 : 0;
  return Math.max(0, Math.min(255, Math.round(((value - low) / (high - low)) * 255)));
}

/**
 * @param {Ramp} colours
 * @param {number} at 0 … 255
 * @returns {string}
 */
export const css = (colours, at) => `rgb(${colours[at * 3]} ${colours[at * 3 + 1]} ${colours[at * 3 + 2]})`;

/**
 * Relative luminance, as WCAG counts it.
 * @param {number[]} rgb 0 … 255
 */
const luminance = ([r, g, b]) => 0.2126 * toLinear(r / 255) + 0.7152 * toLinear(g / 255) + 0.0722 * toLinear(b / 255);

/**
 * The ink, dark or light, that stands out more on a step of a ramp.
 * @param {Ramp} colours
 * @param {number} at
 * @returns {string}
 */
export function inkOn(colours, at) {
  const light = luminance([colours[at * 3], colours[at * 3 + 1], colours[at * 3 + 2]]);
  return 1.05 / (light + 0.05) > (light + 0.05) / 0.05 ? "#ffffff" : "#000000";
}

/** @type {Map<Ramp, {paper: string, ink: string}[]>} */
const tints = new Map();

/**
 * The steps of a ramp as what stands behind a word and the ink of the word, worked out once.
 * @param {Ramp} colours
 */
export function tintsOf(colours) {
  const known =
    tints.get(colours) ??
    Array.from({ length: 256 }, (_, at) => ({ paper: css(colours, at), ink: inkOn(colours, at) }));
  tints.set(colours, known);
  return known;
}
