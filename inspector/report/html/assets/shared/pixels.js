/**
 * Numbers as pixels: one pixel for each, in the colours of the page.
 */

import { scaleOf } from "../attention/window.js";
import { currentRamp } from "./colour.js";

/** @typedef {import("../attention/maths.js").Matrix} Matrix */

/**
 * What draws on a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
export const contextOf = (canvas, settings) =>
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));

/** @type {Map<import("./colour.js").Ramp, Uint32Array>} */
const asPixels = new Map();

/**
 * A ramp as whole pixels.
 * @param {import("./colour.js").Ramp} colours
 */
function packed(colours) {
  const known = asPixels.get(colours);
  if (known) return known;
  const bytes = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) bytes.set([colours[i * 3], colours[i * 3 + 1], colours[i * 3 + 2], 255], i * 4);
  const pixels = new Uint32Array(bytes.buffer);
  asPixels.set(colours, pixels);
  return pixels;
}

const scratch = document.createElement("canvas");
/** @type {ImageData | null} the last one, since most pictures are as large as the one before */
let image = null;

/**
 * A canvas of one pixel per cell, which is the same canvas each time.
 * @param {Matrix} matrix
 * @param {"amount" | "difference"} scale
 * @param {number} low
 * @param {number} high
 * @param {boolean} [log]
 */
export function picture({ rows, cols, data }, scale, low, high, log = false) {
  if (scratch.width !== cols) scratch.width = cols;
  if (scratch.height !== rows) scratch.height = rows;
  paintPixels(scratch, data, scale, low, high, log);
  return scratch;
}

/**
 * @param {HTMLCanvasElement} canvas as many pixels as there are values
 * @param {ArrayLike<number>} data
 * @param {"amount" | "difference"} scale
 * @param {number} low
 * @param {number} high
 * @param {boolean} [log]
 */
export function paintPixels(canvas, data, scale, low, high, log = false) {
  // Asked for as one that is read often, it stays in memory and is not sent to and fro.
  const context = contextOf(canvas, { willReadFrequently: true });
  const fits = image && image.width === canvas.width && image.height === canvas.height;
  const written = fits && image ? image : context.createImageData(canvas.width, canvas.height);
  image = written;
  const pixels = new Uint32Array(written.data.buffer);
  const colours = packed(currentRamp(scale)),
    at = scaleOf(low, high, log);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    pixels[i] = value === value ? colours[(at(value) + 0.5) | 0] : 0;
  }
  context.putImageData(written, 0, 0);
}
