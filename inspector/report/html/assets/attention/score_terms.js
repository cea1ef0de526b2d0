/**
 * What stands beside q·k in a head's scores: a soft cap, what positions add, and a sink.
 */

/**
 * @typedef {object} Parts one head's, as they travelled
 * @property {number | null} softcap
 * @property {number | null} sink the score of a key that nobody is
 * @property {Float32Array | null} by_key (cols) added by the key's place
 * @property {Float32Array | null} by_distance (rows + cols − 1) added by the distance j − i, from 1 − rows
 * @property {Uint32Array | null} place_rows (rows + cols − 1) the row of each distance in the two below
 * @property {Float32Array | null} place_keys (R, d) what q is multiplied with
 * @property {Float32Array | null} place_queries (R, d) what k is multiplied with
 */
/** @typedef {{softcap: number | null, added: Float32Array | null, sink: number | null}} Beside */

/** The blobs of a layer that hold such parts; all but `place_rows` have a part for each head. */
export const PARTS = ["by_key", "by_distance", "place_rows", "place_keys", "place_queries", "sink"];

/**
 * Lay out what is added to the scores of one head. It runs in the worker too: it may call nothing.
 * @param {Parts} parts
 * @param {Float32Array} q (rows, d)
 * @param {Float32Array} k (cols, d)
 * @param {number} rows
 * @param {number} cols
 * @param {number} scale
 * @returns {Beside | null} null where q·k stands alone
 */
export function besideOf(parts, q, k, rows, cols, scale) {
  const { softcap, sink, by_key, by_distance, place_rows, place_keys, place_queries } = parts;
  const d = q.length / rows;
  let added = null;
  if (by_key || by_distance || place_rows) {
    added = new Float32Array(rows * cols);
    for (let i = 0, at = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++, at++) added[at] = by_key ? by_key[j] : by_distance ? by_distance[j - i + rows - 1] : 0;
    }
  }
  // A vector's products with all places once, and then for each distance the one that it takes.
  const products = (vectors, at, places) => {
    const found = new Float64Array(places.length / d);
    for (let r = 0, p = 0; r < found.length; r++) {
      for (let t = 0; t < d; t++, p++) found[r] += vectors[at + t] * places[p];
    }
    return found;
  };
  for (let i = 0; place_keys && i < rows; i++) {
    const found = products(q, i * d, place_keys);
    for (let j = 0; j < cols; j++) added[i * cols + j] += scale * found[place_rows[j - i + rows - 1]];
  }
  for (let j = 0; place_queries && j < cols; j++) {
    const found = products(k, j * d, place_queries);
    for (let i = 0; i < rows; i++) added[i * cols + j] += scale * found[place_rows[j - i + rows - 1]];
  }
  return softcap == null && sink == null && !added ? null : { softcap, added, sink };
}
