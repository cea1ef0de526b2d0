/**
 * The whole state in the address: only what differs from the first view, in words and numbers.
 */

import { LABELS, STATISTICS } from "../attention/heads_order.js";
import { MOST_BESIDE, placesOf } from "../attention/lines.js";
import { asksLink } from "../attention/pair.js";
import { headsOf } from "../attention/run_heads.js";
import { MEASURES } from "../attention/rungs.js";
import { betweenOf } from "../attention/segments.js";
import { addressWriter, isState } from "../shared/address.js";
import { shorten, visible } from "../shared/format.js";
import { usualCell } from "./selection.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./data.js").ReportData} ReportData */

/** Where the pointer happens to be is nobody's to keep. @type {(keyof State)[]} */
const PASSING = ["hovered", "peek", "own"];

/** @type {Record<string, string[]>} what may be chosen of each that is a word */
const CHOICES = {
  scope: ["head", "layer", "all"],
  tokens: ["all", "content"],
  whose: ["head", "layer", "all"],
  direction: ["out", "in", "does"],
  shape: ["matrix", "lines"],
  glance: ["matrices", "lines"],
  together: ["link", "contrast"],
  order: ["index", "label", "link", ...STATISTICS],
  tone: ["none", "link", ...STATISTICS],
  across: STATISTICS,
  upward: STATISTICS,
  label: ["", ...Object.keys(LABELS), "none"],
  measure: MEASURES,
  dimensions: ["index", "contribution"],
};

/** @param {unknown} value @param {number} end */
const within = (value, end) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < end;
/** @type {(value: any, state: State, data: ReportData) => boolean} */
const token = (
  value,
  { index },
  {
    layers: {
      [index]: { rows, cols },
    },
  },
) => value === null || within(value, Math.max(rows, cols));
/** @type {Record<string, (value: any, state: State, data: ReportData) => boolean>} */
const FITS = {
  between: (value, _, data) => betweenOf(data.source).includes(value),
  index: (value, _, data) => within(value, data.layers.length),
  head: (value, { index }, data) => within(value, data.layers[index].heads),
  pinned: token,
  compared: token,
  cell: (value, { index }, { layers: { [index]: layer } }) =>
    value?.length === 2 && within(value[0], layer.rows) && within(value[1], layer.cols),
  zoom: (value, { index }, { layers: { [index]: layer } }) =>
    value === null ||
    (value.length === 4 &&
      within(value[0], layer.rows) &&
      within(value[1], layer.cols) &&
      within(value[2] - 1, layer.rows - value[0]) &&
      within(value[3] - 1, layer.cols - value[1])),
  dimension: (value, { index }, { header: { blobs } }) =>
    value === null || within(value, blobs[`${index}.query`]?.shape[2] ?? 0),
  rung: (value, _, data) => data.header.ladder.some((rung) => rung.name === value && rung.applies),
  tone: (value, state) => CHOICES.tone.includes(value) && (value !== "link" || asksLink(state)),
  order: (value, state) => CHOICES.order.includes(value) && (value !== "link" || asksLink(state)),
  beside: (value, _, data) =>
    value === null ||
    (placesOf(value).length <= MOST_BESIDE && placesOf(value).every((at) => within(at, headsOf(data).length))),
  telling: (value, _, data) => data.header.effects?.explanations.some((one) => one.rung === value) ?? false,
  direction: (value, _, data) =>
    CHOICES.direction.includes(value) && (value !== "does" || data.header.blobs["effects.tokens"] != null),
};

/** @param {unknown} value */
const written = (value) => (value === null ? "" : value === true ? "yes" : value === false ? "no" : String(value));

/**
 * @param {string} text
 * @param {unknown} sample what stands there at first, whose kind it must have
 * @returns {any} undefined for what is of another kind
 */
function read(text, sample) {
  if (text === "") return null;
  const numbers = /^-?\d+(\.\d+)?(,-?\d+(\.\d+)?)*$/.test(text) ? text.split(",").map(Number) : null;
  const number = numbers?.length === 1 ? numbers[0] : undefined;
  if (typeof sample === "number") return number;
  if (typeof sample === "boolean") return text === "yes" || (text === "no" ? false : undefined);
  if (Array.isArray(sample)) return numbers ?? undefined;
  const name = /^\w{1,40}$/.test(text) ? text : undefined;
  return typeof sample === "string" ? name : (number ?? numbers ?? name);
}

/** @param {State} state @returns {(keyof State)[]} */
const keysOf = (state) => /** @type {(keyof State)[]} */ (Object.keys(state));

/**
 * @param {State} state
 * @param {State} first
 * @param {ReportData} data
 * @returns {string} without the #; empty for the first view
 */
export const hashOf = (state, first, data) =>
  keysOf(first)
    .filter((key) => {
      const usual = key === "cell" ? usualCell(data, state, first) : first[key];
      return !PASSING.includes(key) && written(state[key]) !== written(usual);
    })
    .map((key) => `${key}=${written(state[key])}`)
    .join("&");

/**
 * All of a state as an address would name it, with what is as it was at first.
 * @param {State} state
 */
export const wholeHashOf = (state) =>
  keysOf(state)
    .filter((key) => !PASSING.includes(key))
    .map((key) => `${key}=${written(state[key])}`)
    .join("&");

/**
 * The state that an address names; whatever is foreign or does not fit stays as it was at first.
 * @param {string} hash
 * @param {State} first
 * @param {ReportData} data
 * @param {string[]} [misfits] is given what does not fit
 * @returns {State}
 */
export function stateOf(hash, first, data, misfits = []) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = { ...first },
    fitting = new Set();
  // In the order of the first view, where the layer comes before what depends on it.
  for (const key of keysOf(first)) {
    const text = given.get(key);
    const value = text == null || PASSING.includes(key) ? undefined : read(text, first[key]);
    if (value === undefined) continue;
    const choices = CHOICES[key],
      known = choices ? choices.includes(value) : value !== null || first[key] === null;
    if (!(FITS[key] ? FITS[key](value, state, data) : known)) continue;
    Object.assign(state, { [key]: value });
    fitting.add(key);
  }
  if (!FITS.head(state.head, state, data)) state.head = 0;
  if (!fitting.has("cell")) state.cell = usualCell(data, state, first);
  for (const [key, text] of given) if (!fitting.has(key)) misfits.push(`${key}=${text}`);
  return state;
}

/**
 * Say what an address asks for that the report does not have.
 * @param {string[]} misfits
 */
function sayMisfits(misfits) {
  const says = document.getElementById("address-says");
  if (!says) return;
  says.hidden = !misfits.length;
  const asked = misfits.map((one) => `“${shorten(visible(one), 40)}”`);
  says.textContent = asked.length
    ? `The address asks for ${asked.join(", ")}, which this report does not have. The rest is shown as asked.`
    : "";
}

/**
 * @param {import("./state.js").Store} store
 * @param {State} first
 * @param {ReportData} data
 * @returns {() => void} ends it
 */
export function followAddress(store, first, data) {
  /** @param {string} hash what it asks for, with what does not fit said */
  const asked = (hash) => {
    /** @type {string[]} */
    const misfits = [],
      anchor = hash.slice(1);
    const state = isState(hash) || !hash ? stateOf(hash, first, data, misfits) : null;
    if (!state && !document.getElementById(anchor)) misfits.push(anchor);
    sayMisfits(misfits);
    return state;
  };
  asked(location.hash);
  const ending = new AbortController(),
    { signal } = ending;
  const later = addressWriter(() => hashOf(store.get(), first, data), signal);
  let opening = true;
  const unwatch = store.watch(
    keysOf(first).filter((key) => !PASSING.includes(key)),
    () => {
      if (!opening) later();
    },
  );
  opening = false;
  window.addEventListener(
    "hashchange",
    () => {
      const state = asked(location.hash);
      if (state) store.set({ ...state, hovered: null, peek: null });
      // An anchor on the page was gone to: the state stands in the address again a moment later.
      else later();
    },
    { signal },
  );
  return () => {
    unwatch();
    ending.abort();
  };
}
