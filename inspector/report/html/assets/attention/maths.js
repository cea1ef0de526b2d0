/**
 * The formulas that the page works out itself: matrices are row-major Float32Arrays.
 */

/** @typedef {{rows: number, cols: number, data: Float32Array}} Matrix */

/**
 * softmax over each row, in place.
 * @param {Float32Array} data
 * @param {number} rows
 * @param {number} cols
 * @param {number | null} [sink] the score of one more column that is dropped afterwards
 * @returns {Float32Array}
 */
export function softmaxRows(data, rows, cols, sink = null) {
  for (let i = 0; i < rows; i++) {
    const start = i * cols;
    let largest = sink ?? -Infinity;
    for (let j = start; j < start + cols; j++) if (data[j] > largest) largest = data[j];
    let sum = sink == null ? 0 : Math.exp(sink - largest);
    for (let j = start; j < start + cols; j++) {
      const e = Math.exp(data[j] - largest);
      data[j] = e;
      sum += e;
    }
    const inverse = 1 / sum;
    for (let j = start; j < start + cols; j++) data[j] *= inverse;
  }
  return data;
}

/**
 * Which keys a query may hear, from a bit for each, the lowest first.
 * @param {Uint8Array} bits
 * @param {number} rows
 * @returns {(i: number, j: number) => boolean}
 */
export function maskOf(bits, rows) {
  const bytes = bits.length / rows;
  return (i, j) => ((bits[i * bytes + (j >> 3)] >> (j & 7)) & 1) === 1;
}

/**
 * One head: softmax(scale · q·kᵀ), hidden keys left out, with what stands beside q·k.
 * @param {Float32Array} q (rows, d)
 * @param {Float32Array} k (cols, d)
 * @param {number} rows
 * @param {number} cols
 * @param {number} scale
 * @param {((i: number, j: number) => boolean) | null} visible
 * @param {import("./score_terms.js").Beside | null} [beside]
 * @returns {Float32Array} (rows, cols)
 */
export function attention(q, k, rows, cols, scale, visible, beside = null) {
  const d = q.length / rows;
  const scores = new Float32Array(rows * cols);
  // Two queries and four keys at a time: each number is fetched once for several products. What
  // is left over at the sides comes after, product by product.
  const pairs = rows - (rows % 2), fours = cols - (cols % 4);
  for (let i = 0; i < pairs; i += 2) {
    for (let j = 0; j < fours; j += 4) {
      let q0 = i * d, q1 = q0 + d, k0 = j * d, k1 = k0 + d, k2 = k1 + d, k3 = k2 + d;
      let a = 0, b = 0, c = 0, e = 0, f = 0, g = 0, h = 0, l = 0;
      for (const to = q1; q0 < to;) {
        const x = q[q0++], y = q[q1++], r = k[k0++], s = k[k1++], t = k[k2++], u = k[k3++];
        a += x * r; b += x * s; c += x * t; e += x * u;
        f += y * r; g += y * s; h += y * t; l += y * u;
      }
      const at = i * cols + j, below = at + cols;
      scores[at] = a * scale; scores[at + 1] = b * scale;
      scores[at + 2] = c * scale; scores[at + 3] = e * scale;
      scores[below] = f * scale; scores[below + 1] = g * scale;
      scores[below + 2] = h * scale; scores[below + 3] = l * scale;
    }
  }
  for (let i = 0; i < rows; i++) {
    for (let j = i < pairs ? fours : 0; j < cols; j++) {
      let sum = 0;
      for (let t = 0, qi = i * d, kj = j * d; t < d; t++) sum += q[qi++] * k[kj++];
      scores[i * cols + j] = sum * scale;
    }
    for (let j = 0, at = i * cols; beside && j < cols; j++, at++) {
      if (beside.softcap != null) scores[at] = beside.softcap * Math.tanh(scores[at] / beside.softcap);
      if (beside.added) scores[at] += beside.added[at];
    }
    for (let j = 0; visible && j < cols; j++) if (!visible(i, j)) scores[i * cols + j] = -3.4e38;
  }
  return softmaxRows(scores, rows, cols, beside?.sink);
}

/**
 * The rung “share”: max(R, 0) as a share of its row; a row without any becomes the identity's, or, where others are
 * listened to than those who listen, is shared out evenly.
 * @param {Matrix} R
 * @param {boolean} [amongOthers]
 * @returns {Matrix}
 */
export function share(R, amongOthers = false) {
  const data = new Float32Array(R.data.length);
  for (let i = 0; i < R.rows; i++) {
    const start = i * R.cols;
    let sum = 0;
    for (let j = 0; j < R.cols; j++) sum += Math.max(R.data[start + j], 0);
    if (sum > 0) {
      for (let j = 0; j < R.cols; j++) data[start + j] = Math.max(R.data[start + j], 0) / sum;
    } else if (amongOthers) {
      data.fill(1 / R.cols, start, start + R.cols);
    } else {
      data[start + i] = 1;
    }
  }
  return { ...R, data };
}

/**
 * The rungs “softmax” and “scaled”: softmax(R · factor).
 * @param {Matrix} R
 * @param {number} factor 1, or 1/√D
 * @returns {Matrix}
 */
export function softmaxOf(R, factor) {
  return { ...R, data: softmaxRows(R.data.map((r) => r * factor), R.rows, R.cols) };
}

/**
 * @param {number} rows
 * @param {number} cols
 * @returns {Matrix}
 */
export function identity(rows, cols) {
  const data = new Float32Array(rows * cols);
  for (let i = 0; i < Math.min(rows, cols); i++) data[i * cols + i] = 1;
  return { rows, cols, data };
}

/**
 * Divide non-negative amounts by their sum.
 * @param {ArrayLike<number>} amounts
 * @returns {number[]}
 */
export function shares(amounts) {
  let sum = 0;
  for (let j = 0; j < amounts.length; j++) sum += amounts[j];
  return Array.from(amounts, (amount) => (sum > 0 ? amount / sum : 0));
}

/**
 * A copy that has no number where a key is forbidden: a zero there would be a claim.
 * @param {Matrix} matrix
 * @param {((i: number, j: number) => boolean) | null} visible null where every key may be heard
 * @returns {Matrix} NaN where there is no number
 */
export function forbid(matrix, visible) {
  if (!visible) return matrix;
  // Bytes, as those of the small pictures, have no NaN.
  const { rows, cols } = matrix, data = Float32Array.from(matrix.data);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) if (!visible(i, j)) data[at] = NaN;
  }
  return { rows, cols, data };
}

/**
 * Attention with some keys set aside: each row as shares of what is left of it. NaN where there is
 * no number: a key that is set aside or forbidden, and all of a row of which nothing is left.
 * @param {Matrix} matrix as `forbid` leaves it
 * @param {number[]} keys columns to set aside
 * @returns {{matrix: Matrix, hidden: Float64Array, empty: number}} the mass that each row loses, and
 *   how many rows have nothing left
 */
export function setAside(matrix, keys) {
  const { rows, cols } = matrix, data = matrix.data.slice(), hidden = new Float64Array(rows);
  let empty = 0;
  for (let i = 0; i < rows; i++) {
    const start = i * cols, end = start + cols;
    for (const j of keys) {
      hidden[i] += data[start + j] || 0;
      data[start + j] = NaN;
    }
    let left = 0;
    for (let at = start; at < end; at++) left += data[at] || 0;
    if (!(left > 0)) empty++;
    const factor = left > 0 ? 1 / left : NaN;
    for (let at = start; at < end; at++) data[at] *= factor;
  }
  return { matrix: { rows, cols, data }, hidden, empty };
}

/**
 * What the rows and the columns add up to; a cell without a number adds nothing.
 * @param {Matrix} matrix
 * @returns {{rows: Float64Array, cols: Float64Array}}
 */
export function totals({ rows, cols, data }) {
  const sums = { rows: new Float64Array(rows), cols: new Float64Array(cols) };
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) {
      const value = data[at] || 0;
      sums.rows[i] += value;
      sums.cols[j] += value;
    }
  }
  return sums;
}

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
  const size = (n, all) => Math.min(all, Math.max(FEWEST, n));
  const from = (at, n, all) => Math.max(0, Math.min(at, all - n));
  const h = size(high, rows), w = size(wide, cols);
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
  const h = Math.max(FEWEST, Math.round(rows * part)), w = Math.max(FEWEST, Math.round(cols * part));
  const next = windowIn([i + 0.5 - ((i + 0.5 - row) / high) * h, j + 0.5 - ((j + 0.5 - col) / wide) * w, h, w], rows, cols);
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
    const floor = Math.min(LOG_FLOOR, high / 10), factor = 255 / Math.log(high / floor);
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
 * Which patches of a matrix hold anything that may be heard; patch p begins at ⌊p · length / patches⌋.
 * @param {(i: number, j: number) => boolean} visible
 * @param {{rows: number, cols: number}} whole
 * @param {{rows: number, cols: number}} patches
 * @returns {(i: number, j: number) => boolean}
 */
export function poolAny(visible, whole, patches) {
  const any = new Uint8Array(patches.rows * patches.cols);
  const of = (at, length, count) => Math.floor(((at + 1) * count - 1) / length);
  for (let i = 0; i < whole.rows; i++) {
    const row = of(i, whole.rows, patches.rows) * patches.cols;
    for (let j = 0; j < whole.cols; j++) if (visible(i, j)) any[row + of(j, whole.cols, patches.cols)] = 1;
  }
  return (i, j) => any[i * patches.cols + j] === 1;
}

/**
 * Mean of the numbers that are there; NaN when none is.
 * @param {ArrayLike<number>} values
 * @returns {number}
 */
export function meanOfNumbers(values) {
  let sum = 0, count = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) { sum += values[i]; count++; }
  }
  return count ? sum / count : NaN;
}

/**
 * The largest magnitude.
 * @param {ArrayLike<number>} values
 * @returns {number}
 */
export function largestMagnitude(values) {
  let low = 0, high = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] > high) high = values[i];
    else if (values[i] < low) low = values[i];
  }
  return Math.max(high, -low);
}
