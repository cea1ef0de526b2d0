/**
 * The formulas that the page works out itself: matrices are row-major Float32Arrays.
 */

/** @typedef {{rows: number, cols: number, data: Float32Array}} Matrix */

/**
 * softmax over each row, in place.
 * @param {Float32Array} data
 * @param {number} rows
 * @param {number} cols
 * @returns {Float32Array}
 */
export function softmaxRows(data, rows, cols) {
  for (let i = 0; i < rows; i++) {
    const start = i * cols;
    let largest = -Infinity;
    for (let j = start; j < start + cols; j++) if (data[j] > largest) largest = data[j];
    let sum = 0;
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
 * One head: softmax(scale · q·kᵀ), hidden keys left out.
 * @param {Float32Array} q (rows, d)
 * @param {Float32Array} k (cols, d)
 * @param {number} rows
 * @param {number} cols
 * @param {number} scale
 * @param {((i: number, j: number) => boolean) | null} visible
 * @returns {Float32Array} (rows, cols)
 */
export function attention(q, k, rows, cols, scale, visible) {
  const d = q.length / rows;
  const scores = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const from = i * d, to = from + d, at = i * cols;
    let j = 0;
    // Four keys at a time: each number of q is fetched once for all of them.
    for (; j + 3 < cols; j += 4) {
      let k0 = j * d, k1 = k0 + d, k2 = k1 + d, k3 = k2 + d, a = 0, b = 0, c = 0, e = 0;
      for (let t = from; t < to; t++) {
        const x = q[t];
        a += x * k[k0++];
        b += x * k[k1++];
        c += x * k[k2++];
        e += x * k[k3++];
      }
      scores[at + j] = a * scale;
      scores[at + j + 1] = b * scale;
      scores[at + j + 2] = c * scale;
      scores[at + j + 3] = e * scale;
    }
    for (; j < cols; j++) {
      let a = 0;
      for (let t = from, kj = j * d; t < to; t++) a += q[t] * k[kj++];
      scores[at + j] = a * scale;
    }
    for (let j = 0; visible && j < cols; j++) if (!visible(i, j)) scores[at + j] = -3.4e38;
  }
  return softmaxRows(scores, rows, cols);
}

/**
 * The rung “share”: max(R, 0) as a share of its row; a row without any becomes the identity's.
 * @param {Matrix} R
 * @returns {Matrix}
 */
export function share(R) {
  const data = new Float32Array(R.data.length);
  for (let i = 0; i < R.rows; i++) {
    const start = i * R.cols;
    let sum = 0;
    for (let j = 0; j < R.cols; j++) sum += Math.max(R.data[start + j], 0);
    if (sum > 0) {
      for (let j = 0; j < R.cols; j++) data[start + j] = Math.max(R.data[start + j], 0) / sum;
    } else if (i < R.cols) {
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
 * The number farthest from zero in each patch, so that no lone cell is lost on a small drawing.
 * @param {Matrix} matrix
 * @param {number} rows at most matrix.rows
 * @param {number} cols at most matrix.cols
 * @returns {Matrix}
 */
export function poolFarthest(matrix, rows, cols) {
  const data = new Float32Array(rows * cols);
  for (let i = 0; i < matrix.rows; i++) {
    const row = Math.floor((i * rows) / matrix.rows) * cols;
    for (let j = 0; j < matrix.cols; j++) {
      const value = matrix.data[i * matrix.cols + j];
      const cell = row + Math.floor((j * cols) / matrix.cols);
      if (Math.abs(value) > Math.abs(data[cell])) data[cell] = value;
    }
  }
  return { rows, cols, data };
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
