/**
 * The formulas that the page works out itself: matrices are row-major Float32Arrays.
 */

/** @typedef {{rows: number, cols: number, data: Float32Array}} Matrix */
/** @typedef {(row: number, col: number) => boolean} Visible which keys a query may attend to */

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
 * Which keys a query may attend to, from a bit for each, the lowest first.
 * @param {Uint8Array} bits
 * @param {number} rows
 * @returns {Visible}
 */
export function maskOf(bits, rows) {
  const bytes = bits.length / rows;
  return (i, j) => ((bits[i * bytes + (j >> 3)] >> (j & 7)) & 1) === 1;
}

/**
 * One head: softmax(scale · q·kᵀ), hidden keys left out, with what else the scores are made of.
 * @param {Float32Array} q (rows, d)
 * @param {Float32Array} k (cols, d)
 * @param {number} rows
 * @param {number} cols
 * @param {number} scale
 * @param {Visible | null} visible
 * @param {import("./score_terms.js").ScoreTerms | null} [terms]
 * @returns {Float32Array} (rows, cols)
 */
export function attention(q, k, rows, cols, scale, visible, terms = null) {
  const d = q.length / rows;
  const scores = new Float32Array(rows * cols);
  // Two queries and four keys at a time: each number is fetched once for several products. What
  // is left over at the sides comes after, product by product.
  const pairs = rows - (rows % 2),
    fours = cols - (cols % 4);
  for (let i = 0; i < pairs; i += 2) {
    for (let j = 0; j < fours; j += 4) {
      let q0 = i * d,
        q1 = q0 + d,
        k0 = j * d,
        k1 = k0 + d,
        k2 = k1 + d,
        k3 = k2 + d;
      let a = 0,
        b = 0,
        c = 0,
        e = 0,
        f = 0,
        g = 0,
        h = 0,
        l = 0;
      for (const to = q1; q0 < to; ) {
        const x = q[q0++],
          y = q[q1++],
          r = k[k0++],
          s = k[k1++],
          t = k[k2++],
          u = k[k3++];
        a += x * r;
        b += x * s;
        c += x * t;
        e += x * u;
        f += y * r;
        g += y * s;
        h += y * t;
        l += y * u;
      }
      const at = i * cols + j,
        below = at + cols;
      scores[at] = a * scale;
      scores[at + 1] = b * scale;
      scores[at + 2] = c * scale;
      scores[at + 3] = e * scale;
      scores[below] = f * scale;
      scores[below + 1] = g * scale;
      scores[below + 2] = h * scale;
      scores[below + 3] = l * scale;
    }
  }
  for (let i = 0; i < rows; i++) {
    for (let j = i < pairs ? fours : 0; j < cols; j++) {
      let sum = 0;
      for (let t = 0, qi = i * d, kj = j * d; t < d; t++) sum += q[qi++] * k[kj++];
      scores[i * cols + j] = sum * scale;
    }
    for (let j = 0, at = i * cols; terms && j < cols; j++, at++) {
      if (terms.softcap != null) scores[at] = terms.softcap * Math.tanh(scores[at] / terms.softcap);
      if (terms.added) scores[at] += terms.added[at];
    }
    for (let j = 0; visible && j < cols; j++) if (!visible(i, j)) scores[i * cols + j] = -3.4e38;
  }
  return softmaxRows(scores, rows, cols, terms?.sink);
}

/**
 * The rung “share”: max(R, 0) as a share of its row; a row without any becomes the identity's, or, between
 * two texts, is shared out evenly.
 * @param {Matrix} R
 * @param {boolean} [between]
 * @returns {Matrix}
 */
export function share(R, between = false) {
  const data = new Float32Array(R.data.length);
  for (let i = 0; i < R.rows; i++) {
    const start = i * R.cols;
    let sum = 0;
    for (let j = 0; j < R.cols; j++) sum += Math.max(R.data[start + j], 0);
    if (sum > 0) {
      for (let j = 0; j < R.cols; j++) data[start + j] = Math.max(R.data[start + j], 0) / sum;
    } else if (between) {
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
  return {
    ...R,
    data: softmaxRows(
      R.data.map((r) => r * factor),
      R.rows,
      R.cols,
    ),
  };
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
 * A copy that has no number where a key is masked: a zero there would be a claim.
 * @param {Matrix} matrix
 * @param {Visible | null} visible null where every key may be attended to
 * @returns {Matrix} NaN where there is no number
 */
export function withMask(matrix, visible) {
  if (!visible) return matrix;
  // Bytes, as those of the small pictures, have no NaN.
  const { rows, cols } = matrix,
    data = Float32Array.from(matrix.data);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) if (!visible(i, j)) data[at] = NaN;
  }
  return { rows, cols, data };
}

/**
 * Attention with some keys set aside: they have no number (NaN), and every other is what it was.
 * @param {Matrix} matrix as `withMask` leaves it
 * @param {number[]} keys columns to set aside
 * @returns {{matrix: Matrix, hidden: Float64Array}} and how much each row gives to them
 */
export function setAside(matrix, keys) {
  const { rows, cols } = matrix,
    data = matrix.data.slice(),
    hidden = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (const j of keys) {
      hidden[i] += data[i * cols + j] || 0;
      data[i * cols + j] = NaN;
    }
  }
  return { matrix: { rows, cols, data }, hidden };
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

/**
 * Mean of the numbers that are there; NaN when none is.
 * @param {ArrayLike<number>} values
 * @returns {number}
 */
export function meanOfNumbers(values) {
  let sum = 0,
    count = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) {
      sum += values[i];
      count++;
    }
  }
  return count ? sum / count : NaN;
}

/**
 * The largest magnitude.
 * @param {ArrayLike<number>} values
 * @returns {number}
 */
export function largestMagnitude(values) {
  let low = 0,
    high = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] > high) high = values[i];
    else if (values[i] < low) low = values[i];
  }
  return Math.max(high, -low);
}

/**
 * The baseline “uniform”: 1 / number of visible keys.
 * @param {number} rows
 * @param {number} cols
 * @param {Visible | null} visible
 * @returns {Matrix}
 */
export function uniform(rows, cols, visible) {
  const data = new Float32Array(rows * cols).fill(visible ? 0 : 1 / cols);
  for (let i = 0; visible && i < rows; i++) {
    const allowed = Array.from({ length: cols }, (_, j) => j).filter((j) => visible(i, j));
    for (const j of allowed) data[i * cols + j] = 1 / allowed.length;
  }
  return { rows, cols, data };
}
