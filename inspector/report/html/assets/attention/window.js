/**
 * Which part of a matrix is looked at, how small it is drawn, and on what scale.
 */

/** @typedef {import("./maths.js").Matrix} Matrix */
/** @typedef {import("./maths.js").Visible} Visible */
/** @typedef {[number, number, number, number]} Window first row, first column, rows, columns */

/** Fewer rows or columns than this are not worth a closer look. */
const FEWEST = 3;

/**
 * A window as it fits in a matrix; without one, the whole matrix.
 * @param {Window | null | undefined} zoom
 * @param {number} rows
 * @param {number} cols
 * @returns {Window}
 */
export function windowIn(zoom, rows, cols) {
  if (!zoom) return [0, 0, rows, cols];
  const [row, col, high, wide] = zoom.map((n) => Math.round(n) || 0);
  /** @type {(n: number, all: number) => number} */
  const size = (n, all) => Math.min(all, Math.max(FEWEST, n));
  /** @type {(at: number, n: number, all: number) => number} */
  const from = (at, n, all) => Math.max(0, Math.min(at, all - n));
  const h = size(high, rows),
    w = size(wide, cols);
  return [from(row, h, rows), from(col, w, cols), h, w];
}

/**
 * A closer or a wider look, in which one cell stays where it is.
 * @param {Window} window
 * @param {number} factor above 1 for closer
 * @param {[number, number]} cell
 * @param {number} rows of the matrix
 * @param {number} cols
 * @returns {Window | null} null for the whole matrix
 */
export function zoomed([row, col, high, wide], factor, [i, j], rows, cols) {
  const part = Math.max(high / rows, wide / cols) / factor;
  if (part >= 1) return null;
  const h = Math.max(FEWEST, Math.round(rows * part)),
    w = Math.max(FEWEST, Math.round(cols * part));
  const next = windowIn(
    [i + 0.5 - ((i + 0.5 - row) / high) * h, j + 0.5 - ((j + 0.5 - col) / wide) * w, h, w],
    rows,
    cols,
  );
  return next[2] === rows && next[3] === cols ? null : next;
}

/**
 * The part of a matrix that a window shows.
 * @param {Matrix} matrix
 * @param {Window} window
 * @returns {Matrix}
 */
export function crop(matrix, [row, col, rows, cols]) {
  if (rows === matrix.rows && cols === matrix.cols) return matrix;
  const data = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const start = (row + i) * matrix.cols + col;
    data.set(matrix.data.subarray(start, start + cols), i * cols);
  }
  return { rows, cols, data };
}

/** Where a logarithmic scale begins. */
export const LOG_FLOOR = 1e-4;

/**
 * Step of a ramp for a value.
 * @param {number} low
 * @param {number} high
 * @param {boolean} log from LOG_FLOOR to high, which is then above 0
 * @returns {(value: number) => number} 0 … 255, not rounded; NaN where there is no number
 */
export function scaleOf(low, high, log) {
  if (log && high > 0) {
    const floor = Math.min(LOG_FLOOR, high / 10),
      factor = 255 / Math.log(high / floor);
    return (value) => (value <= floor ? 0 : Math.min(255, Math.log(value / floor) * factor));
  }
  const factor = high > low ? 255 / (high - low) : 0;
  return (value) => Math.max(0, Math.min(255, (value - low) * factor));
}

/**
 * The number farthest from zero in each patch, so that no lone cell is lost on a small drawing. A
 * patch has none only where all of it has none.
 * @param {Matrix} matrix
 * @param {number} rows at most matrix.rows
 * @param {number} cols at most matrix.cols
 * @returns {Matrix}
 */
export function poolFarthest(matrix, rows, cols) {
  const data = new Float32Array(rows * cols).fill(NaN);
  for (let i = 0; i < matrix.rows; i++) {
    const row = Math.floor((i * rows) / matrix.rows) * cols;
    for (let j = 0; j < matrix.cols; j++) {
      const value = matrix.data[i * matrix.cols + j];
      const cell = row + Math.floor((j * cols) / matrix.cols);
      if (Math.abs(value) > Math.abs(data[cell]) || Number.isNaN(data[cell])) data[cell] = value;
    }
  }
  return { rows, cols, data };
}

/**
 * Which of so many patches a position is in; patch p begins at ⌊p · length / patches⌋.
 * @param {number} at
 * @param {number} length
 * @param {number} patches
 */
export const patchOf = (at, length, patches) => Math.floor(((at + 1) * patches - 1) / length);

/**
 * Which patches of a matrix hold anything that may be attended to.
 * @param {Visible} visible
 * @param {{rows: number, cols: number}} whole
 * @param {{rows: number, cols: number}} patches
 * @returns {Visible}
 */
export function poolAny(visible, whole, patches) {
  const any = new Uint8Array(patches.rows * patches.cols);
  for (let i = 0; i < whole.rows; i++) {
    const row = patchOf(i, whole.rows, patches.rows) * patches.cols;
    for (let j = 0; j < whole.cols; j++) if (visible(i, j)) any[row + patchOf(j, whole.cols, patches.cols)] = 1;
  }
  return (i, j) => any[i * patches.cols + j] === 1;
}
