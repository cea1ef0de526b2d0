/**
 * Some rows of a head of a long text: the same formula as for a short one, for a few queries.
 */

import { attention as weights } from "../attention/maths.js";
import { scoreTermsOf } from "../attention/score_terms.js";

/** @typedef {import("../shared/numbers.js").Numbers} Numbers */
/** @typedef {Record<string, Numbers>} Terms what is added to a head's scores, by the names of `score_terms.js` */

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
 *   terms: Terms, hidden: (query: number, key: number) => boolean}} of `first` is the place of the first query
 * @returns {Float32Array} (rows, tokens)
 */
export function attention(q, k, { rows, first, tokens, scale, softcap, sink, terms, hidden }) {
  // Of a whole text distances begin with that of its last token and the first key, of some rows with that of the last row.
  const begins = tokens - first - rows;
  const { by_key = null, by_distance, distance_rows, distance_keys = null, distance_queries = null } = terms;
  const given = {
    softcap,
    sink,
    by_key: /** @type {Float32Array | null} */ (by_key),
    by_distance: /** @type {Float32Array | null} */ (by_distance?.subarray(begins) ?? null),
    distance_rows: /** @type {Uint32Array | null} */ (distance_rows?.subarray(begins) ?? null),
    distance_keys: /** @type {Float32Array | null} */ (distance_keys),
    distance_queries: /** @type {Float32Array | null} */ (distance_queries),
  };
  const added = scoreTermsOf(given, q, k, rows, tokens, scale);
  return weights(q, k, rows, tokens, scale, (i, j) => !hidden(first + i, j), added ?? undefined);
}
