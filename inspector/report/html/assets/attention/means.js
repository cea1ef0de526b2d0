/**
 * Means over the heads of a layer and over layers, from what travelled of them.
 */

import { joinPlanes } from "../shared/numbers.js";
import { attention, maskOf } from "./maths.js";
import { scoreTermsOf } from "./score_terms.js";

/** @typedef {import("./maths.js").Matrix} Matrix */
/** @typedef {import("../payload.js").BlobEntry & {planes: Uint8Array<ArrayBuffer>}} Packed */
/** @typedef {{query: Packed, key: Packed, visible: Packed | null, scale: number, softcap: number | null,
 *   terms: Record<string, Packed | null>}} Scores what a layer's weights are made of */
/** @typedef {{rows: number, cols: number, heads: number, weights: Packed | null, scores: Scores | null}} Job a layer: its
 *   weights, or what they are made of */

/** @param {Packed} packed @returns {any} */
const numbersOf = (packed) => joinPlanes(packed.planes, packed);

/**
 * One of several equal parts.
 * @param {Float32Array} all
 * @param {number} at
 * @param {number} count
 */
const part = (all, at, count) => all.subarray((at * all.length) / count, ((at + 1) * all.length) / count);

/**
 * Each head's weights worked out from q and k.
 * @param {Job} job
 * @param {Scores} scores
 * @returns {(head: number) => Float32Array}
 */
function weightsFrom({ rows, cols, heads }, { query, key, visible, scale, softcap, terms }) {
  const q = numbersOf(query),
    k = numbersOf(key),
    kept = key.shape[0];
  const mask = visible && maskOf(visible.planes, rows);
  const given = Object.entries(terms).map(
    ([name, packed]) => /** @type {const} */ ([name, packed && numbersOf(packed)]),
  );
  /** @param {number} h */
  const termsOf = (h) =>
    Object.fromEntries(
      given.map(([name, all]) => [
        name,
        !all || name === "distance_rows" ? all : name === "sink" ? all[h] : part(all, h, heads),
      ]),
    );
  return (h) => {
    const asked = part(q, h, heads),
      offered = part(k, Math.floor((h * kept) / heads), kept);
    const added = scoreTermsOf(/** @type {any} */ ({ softcap, ...termsOf(h) }), asked, offered, rows, cols, scale);
    return attention(asked, offered, rows, cols, scale, mask, added);
  };
}

/**
 * The mean of a layer's heads, one at a time.
 * @param {Job} job
 */
export function meanOfHeads(job) {
  const { rows, cols, heads, weights, scores } = job;
  const A = weights && numbersOf(weights),
    made = scores && weightsFrom(job, scores);
  const data = new Float32Array(rows * cols);
  return {
    data,
    /** @param {number} h */
    add(h) {
      const head = made ? made(h) : part(A, h, heads);
      for (let i = 0; i < data.length; i++) data[i] += head[i] / heads;
    },
  };
}

/**
 * One mean from those of several layers.
 * @param {Matrix[]} means
 * @param {number[]} heads how many each stands for
 * @returns {Matrix}
 */
export function joinMeans(means, heads) {
  const { rows, cols } = means[0],
    data = new Float32Array(rows * cols);
  const total = heads.reduce((a, b) => a + b);
  means.forEach((mean, m) => {
    for (let i = 0; i < data.length; i++) data[i] += mean.data[i] * (heads[m] / total);
  });
  return { rows, cols, data };
}
