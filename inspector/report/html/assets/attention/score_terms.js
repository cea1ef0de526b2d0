/**
 * What a head's scores are made of besides q·k: a soft cap, what positions add, and a sink.
 */

/**
 * @typedef {object} Given one head's, as they travelled
 * @property {number | null} softcap
 * @property {number | null} sink the score of a key that nobody is
 * @property {Float32Array | null} by_key (cols) added by the key's position
 * @property {Float32Array | null} by_distance (rows + cols − 1) added by the distance j − i, from 1 − rows
 * @property {Uint32Array | null} distance_rows (rows + cols − 1) the row of each distance in the two below
 * @property {Float32Array | null} distance_keys (R, d) what q is multiplied with
 * @property {Float32Array | null} distance_queries (R, d) what k is multiplied with
 */
/** @typedef {{softcap: number | null, added: Float32Array | null, sink: number | null}} ScoreTerms */

/** The blobs of a layer that hold such terms; all but `distance_rows` have one for each head. */
export const SCORE_TERMS = ["by_key", "by_distance", "distance_rows", "distance_keys", "distance_queries", "sink"];

/**
 * Lay out what is added to the scores of one head.
 * @param {Given} given
 * @param {Float32Array} q (rows, d)
 * @param {Float32Array} k (cols, d)
 * @param {number} rows
 * @param {number} cols
 * @param {number} scale
 * @returns {ScoreTerms | null} null where q·k stands alone
 */
export function scoreTermsOf(given, q, k, rows, cols, scale) {
  const { softcap, sink, by_key, by_distance, distance_rows, distance_keys, distance_queries } = given;
  const d = q.length / rows;
  /** @type {Float32Array | null} */
  let added = null;
  if (by_key || by_distance || distance_rows) {
    added = new Float32Array(rows * cols);
    for (let i = 0, at = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++, at++)
        added[at] = by_key ? by_key[j] : by_distance ? by_distance[j - i + rows - 1] : 0;
    }
  }
  // A vector's product with a distance once, whichever tokens have it: of a long text a few rows meet only some of them.
  /** @type {(vectors: Float32Array, at: number, distances: Float32Array) => (row: number) => number} */
  const products = (vectors, at, distances) => {
    const found = new Float64Array(distances.length / d).fill(Number.NaN);
    return (row) => {
      if (Number.isNaN(found[row])) {
        let sum = 0;
        for (let t = 0; t < d; t++) sum += vectors[at + t] * distances[row * d + t];
        found[row] = sum;
      }
      return found[row];
    };
  };
  if (added && distance_rows) {
    for (let i = 0; distance_keys && i < rows; i++) {
      const found = products(q, i * d, distance_keys);
      for (let j = 0; j < cols; j++) added[i * cols + j] += scale * found(distance_rows[j - i + rows - 1]);
    }
    for (let j = 0; distance_queries && j < cols; j++) {
      const found = products(k, j * d, distance_queries);
      for (let i = 0; i < rows; i++) added[i * cols + j] += scale * found(distance_rows[j - i + rows - 1]);
    }
  }
  return softcap == null && sink == null && !added ? null : { softcap, added, sink };
}
