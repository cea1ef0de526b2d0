/**
 * Means over the heads of a layer and over layers, from what travelled of them.
 */

import { besideOf } from "./score_terms.js";
import { joinPlanes } from "../shared/numbers.js";
import { attention, maskOf } from "./maths.js";

/** @typedef {import("./maths.js").Matrix} Matrix */
/** @typedef {{planes: Uint8Array, dtype: string, shape: number[]}} Packed */
/** @typedef {{rows: number, cols: number, heads: number, scale: number, weights?: Packed | null, query?: Packed | null,
 *   key?: Packed | null, visible?: Packed | null, softcap?: number | null, parts?: Record<string, Packed | null>}} Job a layer: its weights, or what they are made of */

/**
 * The mean of a layer's heads, one at a time.
 * @param {Job} job
 */
export function meanOfHeads({ rows, cols, heads, scale, weights, query, key, visible, softcap, parts }) {
  const numbers = (packed) => packed && joinPlanes(packed.planes, packed.dtype);
  const A = numbers(weights), q = numbers(query), k = numbers(key), size = rows * cols;
  const mask = visible && maskOf(visible.planes, rows), data = new Float32Array(size);
  const part = (all, h, count) => all.subarray((h * all.length) / count, ((h + 1) * all.length) / count);
  const shared = key && heads / key.shape[0];
  const given = parts && Object.entries(parts).map(([name, packed]) => [name, numbers(packed)]);
  const partsOf = (h) => Object.fromEntries(given.map(([name, all]) => [name,
    !all || name === "place_rows" ? all : name === "sink" ? all[h] : part(all, h, heads)]));
  const made = (h) => {
    const mine = part(q, h, heads), offered = part(k, Math.floor(h / shared), heads / shared);
    const beside = given ? besideOf({ softcap, ...partsOf(h) }, mine, offered, rows, cols, scale) : null;
    return attention(mine, offered, rows, cols, scale, mask, beside);
  };
  return {
    data,
    /** @param {number} h */
    add(h) {
      const head = A ? part(A, h, heads) : made(h);
      for (let i = 0; i < size; i++) data[i] += head[i] / heads;
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
  const { rows, cols } = means[0], data = new Float32Array(rows * cols);
  const total = heads.reduce((a, b) => a + b);
  means.forEach((mean, m) => {
    for (let i = 0; i < data.length; i++) data[i] += mean.data[i] * (heads[m] / total);
  });
  return { rows, cols, data };
}
