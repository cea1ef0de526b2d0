/**
 * How a matrix is drawn on a canvas: where its cells, totals and labels go.
 */

import { crop, poolFarthest } from "../attention/window.js";
import { css, currentRamp } from "./colour.js";
import { directionOf, shorten } from "./format.js";
import { contextOf, picture } from "./pixels.js";

/** @typedef {import("../attention/maths.js").Matrix} Matrix */

/**
 * @typedef {object} Drawing
 * @property {Matrix} matrix NaN where there is no number
 * @property {"amount" | "difference"} scale
 * @property {number} low value of the scale's first colour
 * @property {number} high value of its last
 * @property {string[] | null} rowLabels null where rows are no tokens
 * @property {string[] | null} colLabels
 * @property {{rows: number[], cols: number[]} | null} [splits] where one text of a pair ends
 * @property {string} label what a screen reader calls it
 * @property {import("../attention/window.js").Window} [window] the part that is looked at; all of it unless told
 * @property {boolean} [log] colours on a logarithmic scale
 * @property {boolean} [gaps] true where some cells have no number
 * @property {{rows: Float64Array, cols: Float64Array} | null} [totals] drawn as bars along the sides; null keeps their room
 * @property {number} [fieldHeight] for a single column: as high as the matrix beside it
 * @property {number} [fieldTop] and where that one begins
 */

const FONT = 11;
/** Beyond this many rows labels would only be a few picked out of many. */
export const MOST_LABELLED = 64;
const LARGEST_CELL = 34;
export const LONGEST_LABEL = 92;
export const BARE_GUTTER = 16;
const COLUMN_WIDTH = 56;
/** Room for the totals, and how far from the cells they begin. */
const MARGIN = 22,
  MARGIN_GAP = 4;

/** @param {Drawing} drawing @returns {import("../attention/window.js").Window} */
export const windowOf = ({ window, matrix }) => window ?? [0, 0, matrix.rows, matrix.cols];

/** @typedef {{font: string, paper: string, muted: string, rule: string, second: string}} Look */

/** @type {Look | null} */
let look = null;
document.documentElement.addEventListener("themechange", () => {
  look = null;
});

/** Font and colours of the labels; the same for all matrices until the theme changes. */
export function currentLook() {
  if (look) return look;
  const styles = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const value = (name) => styles.getPropertyValue(name).trim();
  look = {
    font: value("--sans"),
    paper: value("--paper"),
    muted: value("--muted"),
    rule: value("--rule"),
    second: value("--second"),
  };
  return look;
}

/**
 * Where things go, in CSS pixels. A closer look has larger cells in a field of the same size.
 * @param {number} width room there is
 * @param {Drawing} drawing
 * @param {number} gutter room for labels
 * @returns {{left: number, top: number, cellWidth: number, cellHeight: number, across: number, down: number, margin: number}}
 */
export function layout(width, drawing, gutter) {
  const { rows, cols } = drawing.matrix;
  const [, , high, wide] = windowOf(drawing);
  if (cols === 1 && drawing.fieldHeight) {
    return {
      left: gutter,
      top: drawing.fieldTop ?? gutter,
      cellWidth: COLUMN_WIDTH,
      cellHeight: drawing.fieldHeight / high,
      across: COLUMN_WIDTH,
      down: drawing.fieldHeight,
      margin: 0,
    };
  }
  const margin = drawing.totals === undefined ? 0 : MARGIN;
  const room = Math.max(40, width - gutter - margin);
  const cell = Math.min(LARGEST_CELL, room / cols);
  // Whole pixels where a pixel matters, so that all cells look alike.
  const size = cell >= 4 ? Math.floor(cell) : cell;
  const across = cols * size,
    down = rows * size;
  return { left: gutter, top: gutter, cellWidth: across / wide, cellHeight: down / high, across, down, margin };
}

/**
 * The cells as one picture: never an element per cell.
 * @param {CanvasRenderingContext2D} context
 * @param {Drawing} drawing
 * @param {ReturnType<typeof layout>} frame
 * @param {number} dpr
 * @param {Look} look
 */
export function paintCells(context, drawing, frame, dpr, look) {
  const { scale, low, high, splits, log, gaps } = drawing;
  const { left, top, cellWidth, cellHeight, across, down } = frame;
  const window = windowOf(drawing),
    [row, col] = window;
  const matrix = crop(drawing.matrix, window);
  const rows = Math.min(matrix.rows, Math.max(1, Math.floor(down * dpr)));
  const cols = Math.min(matrix.cols, Math.max(1, Math.floor(across * dpr)));
  const small = rows < matrix.rows || cols < matrix.cols ? poolFarthest(matrix, rows, cols) : matrix;
  context.imageSmoothingEnabled = false;
  if (gaps) {
    // Cells without a number are left open, and what is behind them is seen.
    context.fillStyle = hatch(context, look);
    context.fillRect(left, top, across, down);
  }
  context.drawImage(picture(small, scale, low, high, log), left, top, across, down);
  if (cellWidth >= 9 && cellHeight >= 9 && matrix.cols > 1) {
    context.fillStyle = look.paper;
    for (let i = 1; i < matrix.rows; i++) context.fillRect(left, Math.round(top + i * cellHeight), across, 1);
    for (let j = 1; j < matrix.cols; j++) context.fillRect(Math.round(left + j * cellWidth), top, 1, down);
  }
  context.fillStyle = look.second;
  for (const i of splits?.rows ?? []) {
    if (i > row && i < row + matrix.rows) context.fillRect(left, top + (i - row) * cellHeight - 0.5, across, 1);
  }
  for (const j of splits?.cols ?? []) {
    if (j > col && j < col + matrix.cols) context.fillRect(left + (j - col) * cellWidth - 0.5, top, 1, down);
  }
  // The edge of the matrix, which pale cells would leave open.
  context.strokeStyle = look.rule;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, across + 1, down + 1);
}

/**
 * Row totals to the right and column totals below, each side from 0 to the largest of the matrix.
 * @param {CanvasRenderingContext2D} context
 * @param {Drawing} drawing
 * @param {ReturnType<typeof layout>} frame
 */
export function paintTotals(context, drawing, { left, top, cellWidth, cellHeight, across, down }) {
  if (!drawing.totals) return;
  const { rows, cols } = drawing.totals;
  const [row, col, high, wide] = windowOf(drawing);
  /** @param {Float64Array} sums */
  const most = (sums) => sums.reduce((a, b) => Math.max(a, b), 1e-9);
  const room = MARGIN - MARGIN_GAP;
  // Thin bars with a gap between them, where there is room for one.
  /** @param {number} size */
  const thick = (size) => (size >= 4 ? size - 2 : size);
  context.fillStyle = css(currentRamp("amount"), 128);
  for (let i = 0, largest = most(rows); i < high; i++) {
    context.fillRect(
      left + across + MARGIN_GAP,
      top + (i + 0.5) * cellHeight - thick(cellHeight) / 2,
      (rows[row + i] / largest) * room * 0.35,
      thick(cellHeight),
    );
  }
  for (let j = 0, largest = most(cols); j < wide; j++) {
    context.fillRect(
      left + (j + 0.5) * cellWidth - thick(cellWidth) / 2,
      top + down + MARGIN_GAP,
      thick(cellWidth),
      (cols[col + j] / largest) * room,
    );
  }
}

/**
 * What stands where there is no number.
 * @param {CanvasRenderingContext2D} context
 * @param {Look} look
 */
function hatch(context, look) {
  const tile = document.createElement("canvas"),
    ink = contextOf(tile);
  tile.width = tile.height = 5;
  ink.fillStyle = look.muted;
  ink.globalAlpha = 0.45;
  for (let i = 0; i < 5; i++) ink.fillRect(i, 4 - i, 1, 1);
  return context.createPattern(tile, "repeat") ?? look.muted;
}

/** @type {WeakMap<string[], number>} */
const longest = new WeakMap();

/**
 * Room that the longest of some labels takes; measured once for each list.
 * @param {CanvasRenderingContext2D} context
 * @param {string} font
 * @param {string[]} labels
 * @param {number} [length] of a label that is not shortened
 */
export function longestLabel(context, font, labels, length = 14) {
  const known = longest.get(labels);
  if (known) return known;
  context.font = `${FONT}px ${font}`;
  const room = Math.ceil(Math.max(...labels.map((label) => context.measureText(shorten(label, length)).width))) + 10;
  longest.set(labels, room);
  return room;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawing} drawing
 * @param {ReturnType<typeof layout>} frame
 * @param {Look} look
 */
export function paintLabels(context, drawing, frame, look) {
  const { rowLabels, colLabels } = drawing;
  const { left, top, cellWidth, cellHeight } = frame;
  const [row, col, high, wide] = windowOf(drawing);
  if (left <= BARE_GUTTER) return;
  context.font = `${FONT}px ${look.font}`;
  context.fillStyle = look.muted;
  context.textBaseline = "middle";
  context.textAlign = "right";
  const everyRow = Math.ceil((FONT + 1) / cellHeight);
  for (let i = 0; rowLabels && i < high; i += everyRow) {
    context.direction = directionOf(rowLabels[row + i]);
    context.fillText(shorten(rowLabels[row + i], 14), left - 5, top + (i + 0.5) * cellHeight, left - 6);
  }
  context.textAlign = "left";
  const everyCol = Math.ceil((FONT + 1) / cellWidth);
  for (let j = 0; colLabels && j < wide; j += everyCol) {
    context.save();
    context.translate(left + (j + 0.5) * cellWidth, top - 5);
    context.rotate(-Math.PI / 2);
    context.direction = directionOf(colLabels[col + j]);
    context.fillText(shorten(colLabels[col + j], 14), 0, 0, top - 6);
    context.restore();
  }
}
