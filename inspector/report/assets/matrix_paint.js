/**
 * How a matrix becomes a picture: where its cells and labels go, and what colour they have.
 */

import { currentRamp } from "inspector/colour";
import { shorten } from "inspector/format";
import { poolFarthest } from "inspector/maths";

/** @typedef {import("inspector/maths").Matrix} Matrix */

/**
 * @typedef {object} Drawing
 * @property {Matrix} matrix
 * @property {"amount" | "difference"} scale
 * @property {number} low value of the scale's first colour
 * @property {number} high value of its last
 * @property {string[] | null} rowLabels null where rows are no tokens
 * @property {string[] | null} colLabels
 * @property {{rows: number[], cols: number[]} | null} [splits] where one text of a pair ends
 * @property {string} label what a screen reader calls it
 * @property {number} [fieldHeight] for a single column: as high as the matrix beside it
 */

const FONT = 11;
/** Beyond this many rows labels would only be a few picked out of many. */
export const MOST_LABELLED = 64;
const LARGEST_CELL = 34;
export const LONGEST_LABEL = 92;
export const BARE_GUTTER = 16;
const COLUMN_WIDTH = 56;

/** @typedef {{font: string, paper: string, muted: string, rule: string, second: string}} Look */

/** @type {Look | null} */
let look = null;
document.documentElement.addEventListener("themechange", () => { look = null; });

/** Font and colours of the labels; the same for all matrices until the theme changes. */
export function currentLook() {
  if (look) return look;
  const styles = getComputedStyle(document.documentElement);
  const value = (name) => styles.getPropertyValue(name).trim();
  look = { font: value("--sans"), paper: value("--paper"), muted: value("--muted"), rule: value("--rule"),
    second: value("--second") };
  return look;
}

/**
 * Where things go, in CSS pixels.
 * @param {number} width room there is
 * @param {Drawing} drawing
 * @param {number} gutter room for labels
 * @returns {{left: number, top: number, cellWidth: number, cellHeight: number}}
 */
export function layout(width, drawing, gutter) {
  const { rows, cols } = drawing.matrix;
  if (cols === 1 && drawing.fieldHeight) {
    return { left: gutter, top: gutter, cellWidth: COLUMN_WIDTH,
      cellHeight: drawing.fieldHeight / rows };
  }
  const room = Math.max(40, width - gutter);
  const cell = Math.min(LARGEST_CELL, room / cols);
  // Whole pixels where a pixel matters, so that all cells look alike.
  const size = cell >= 4 ? Math.floor(cell) : cell;
  return { left: gutter, top: gutter, cellWidth: size, cellHeight: size };
}

/**
 * The cells as one picture: never an element per cell.
 * @param {CanvasRenderingContext2D} context
 * @param {Drawing} drawing
 * @param {ReturnType<typeof layout>} place
 * @param {number} dpr
 * @param {Look} look
 */
export function paintCells(context, drawing, place, dpr, look) {
  const { matrix, scale, low, high, splits } = drawing;
  const { left, top, cellWidth, cellHeight } = place;
  const across = matrix.cols * cellWidth, down = matrix.rows * cellHeight;
  const rows = Math.min(matrix.rows, Math.max(1, Math.floor(down * dpr)));
  const cols = Math.min(matrix.cols, Math.max(1, Math.floor(across * dpr)));
  const small = rows < matrix.rows || cols < matrix.cols ? poolFarthest(matrix, rows, cols) : matrix;
  context.imageSmoothingEnabled = false;
  context.drawImage(picture(small, scale, low, high), left, top, across, down);
  if (cellWidth >= 9 && cellHeight >= 9 && matrix.cols > 1) {
    context.fillStyle = look.paper;
    for (let i = 1; i < matrix.rows; i++) context.fillRect(left, top + i * cellHeight - 0.5, across, 1);
    for (let j = 1; j < matrix.cols; j++) context.fillRect(left + j * cellWidth - 0.5, top, 1, down);
  }
  context.fillStyle = look.second;
  for (const i of splits?.rows ?? []) context.fillRect(left, top + i * cellHeight - 0.5, across, 1);
  for (const j of splits?.cols ?? []) context.fillRect(left + j * cellWidth - 0.5, top, 1, down);
  // The edge of the matrix, which pale cells would leave open.
  context.strokeStyle = look.rule;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, across + 1, down + 1);
}

/** @type {Map<import("inspector/colour").Ramp, Uint32Array>} */
const asPixels = new Map();

/**
 * A ramp as whole pixels.
 * @param {import("inspector/colour").Ramp} colours
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

/**
 * A canvas of one pixel per cell, which is the same canvas each time.
 * @param {Matrix} matrix
 * @param {"amount" | "difference"} scale
 * @param {number} low
 * @param {number} high
 */
export function picture({ rows, cols, data }, scale, low, high) {
  if (scratch.width !== cols) scratch.width = cols;
  if (scratch.height !== rows) scratch.height = rows;
  paintPixels(scratch, data, scale, low, high);
  return scratch;
}

/**
 * @param {HTMLCanvasElement} canvas as many pixels as there are values
 * @param {ArrayLike<number>} data
 * @param {"amount" | "difference"} scale
 * @param {number} low
 * @param {number} high
 */
export function paintPixels(canvas, data, scale, low, high) {
  // Asked for as one that is read often, it stays in memory and is not sent to and fro.
  const context = /** @type {CanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true }));
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = packed(currentRamp(scale));
  const factor = high > low ? 255 / (high - low) : 0;
  for (let i = 0; i < data.length; i++) {
    const at = (data[i] - low) * factor + 0.5;
    pixels[i] = colours[at < 0 ? 0 : at > 255 ? 255 : at | 0];
  }
  context.putImageData(image, 0, 0);
}

/**
 * Room that the longest of some labels takes.
 * @param {CanvasRenderingContext2D} context
 * @param {string} font
 * @param {string[]} labels
 */
export function longestLabel(context, font, labels) {
  context.font = `${FONT}px ${font}`;
  return Math.max(...labels.map((label) => context.measureText(shorten(label, 14)).width)) + 10;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawing} drawing
 * @param {ReturnType<typeof layout>} place
 * @param {Look} look
 */
export function paintLabels(context, { matrix, rowLabels, colLabels }, place, look) {
  const { left, top, cellWidth, cellHeight } = place;
  if (left <= BARE_GUTTER) return;
  context.font = `${FONT}px ${look.font}`;
  context.fillStyle = look.muted;
  context.textBaseline = "middle";
  context.textAlign = "right";
  const everyRow = Math.ceil((FONT + 1) / cellHeight);
  for (let i = 0; rowLabels && i < matrix.rows; i += everyRow) {
    context.fillText(shorten(rowLabels[i], 14), left - 5, top + (i + 0.5) * cellHeight, left - 6);
  }
  context.textAlign = "left";
  const everyCol = Math.ceil((FONT + 1) / cellWidth);
  for (let j = 0; colLabels && j < matrix.cols; j += everyCol) {
    context.save();
    context.translate(left + (j + 0.5) * cellWidth, top - 5);
    context.rotate(-Math.PI / 2);
    context.fillText(shorten(colLabels[j], 14), 0, 0, top - 6);
    context.restore();
  }
}
