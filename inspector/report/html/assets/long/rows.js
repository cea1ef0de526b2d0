/**
 * Some rows of a head of a long text: the same formula as for a short one, for a few queries.
 */

import { attention as weights } from "../attention/maths.js";

/**
 * Which keys a query may not attend to.
 * @param {Pick<import("../payload.js").LongLayer, "causal" | "window">} layer
 * @returns {(query: number, key: number) => boolean}
 */
export const maskedBy =
  ({ causal, window }) =>
  (query, key) =>
    (causal && key > query) || (window != null && Math.abs(query - key) >= window);

/**
 * @param {Float32Array} q (rows, d)
 * @param {Float32Array} k (tokens, d)
 * @param {{rows: number, first: number, tokens: number, scale: number, softcap: number | null, sink: number | null,
 *   byKey: Float32Array | null, byDistance: Float32Array | null, hidden: (query: number, key: number) => boolean}} of
 *   `first` is the place of the first query; by distance from that of the last token and the first key on
 * @returns {Float32Array} (rows, tokens)
 */
export function attention(q, k, { rows, first, tokens, scale, softcap, sink, byKey, byDistance, hidden }) {
  let added = null;
  if (byKey || byDistance) {
    added = new Float32Array(rows * tokens);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < tokens; j++) {
        added[i * tokens + j] = byKey
          ? byKey[j]
          : /** @type {Float32Array} */ (byDistance)[j - (first + i) + tokens - 1];
      }
    }
  }
  return weights(q, k, rows, tokens, scale, (i, j) => !hidden(first + i, j), { softcap, added, sink });
}
