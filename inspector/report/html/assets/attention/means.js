/**
 * Means over many heads. A long text's take too long to be worked out where the page is drawn, so
 * a worker does it, made of the page's own functions; a browser that refuses it gets slices.
 */

import { besideOf } from "./score_terms.js";
import { halfTable, joinPlanes } from "../shared/decode.js";
import { attention, maskOf, softmaxRows } from "./maths.js";

/** @typedef {import("./maths.js").Matrix} Matrix */
/** @typedef {{planes: Uint8Array, dtype: string, shape: number[]}} Packed */
/** @typedef {{rows: number, cols: number, heads: number, scale: number, weights?: Packed | null, query?: Packed | null,
 *   key?: Packed | null, visible?: Packed | null, softcap?: number | null, parts?: Record<string, Packed | null>}} Job a layer: its weights, or what they are made of */

/** Weights that are added up at once, in some milliseconds: 72 heads of 64 tokens. */
const AT_ONCE = 72 * 64 * 64;
/** How long a slice may keep the page, in milliseconds. */
const SLICE = 20;

/**
 * The mean of a layer's heads, one at a time. It runs in the worker too: it may only call what `source` lists.
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

/** What the worker does: one job after the other, answered in that order. */
export function serveMeans() {
  self.onmessage = ({ data: job }) => {
    const mean = meanOfHeads(job);
    for (let h = 0; h < job.heads; h++) mean.add(h);
    postMessage(mean.data, { transfer: [mean.data.buffer] });
  };
}

/** The worker's script: the policy lets it be made here, not loaded. */
const source = () => ["let halves = null;", halfTable, joinPlanes, softmaxRows, attention, maskOf, besideOf, meanOfHeads,
  `(${serveMeans})();`].join("\n");

/**
 * The same without a worker, never long at a stretch.
 * @param {Job} job
 * @returns {Promise<Float32Array>}
 */
export async function sliced(job) {
  const mean = meanOfHeads(job);
  let begun = performance.now();
  for (let h = 0; h < job.heads; h++) {
    mean.add(h);
    if (performance.now() - begun < SLICE) continue;
    await new Promise((resolve) => setTimeout(resolve));
    begun = performance.now();
  }
  return mean.data;
}

/** Somebody to ask for means; the worker starts when it is first needed. */
export function createMeans() {
  /** @type {Worker | null | undefined} null once it was refused */
  let worker;
  /** @type {{job: Job, answer: (data: Float32Array) => void}[]} */
  const waiting = [];
  let line = Promise.resolve();
  const refused = () => {
    worker = null;
    for (const { job, answer } of waiting.splice(0)) line = line.then(async () => answer(await sliced(job)));
  };
  const start = () => {
    worker = new Worker(URL.createObjectURL(new Blob([source()], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => waiting.shift()?.answer(data);
    worker.onerror = (event) => {
      event.preventDefault();
      worker?.terminate();
      refused();
    };
  };
  return {
    /**
     * @param {Job} job
     * @param {number} layers how many such jobs are asked for in one go
     * @returns {Matrix | Promise<Matrix>} a promise where it takes a while
     */
    of(job, layers) {
      const { rows, cols, heads } = job;
      if (layers * heads * rows * cols <= AT_ONCE) {
        const mean = meanOfHeads(job);
        for (let h = 0; h < heads; h++) mean.add(h);
        return { rows, cols, data: mean.data };
      }
      return new Promise((resolve) => {
        waiting.push({ job, answer: (data) => resolve({ rows, cols, data }) });
        try {
          if (worker === undefined) start();
          /** @type {Worker} */ (worker).postMessage(job);
        } catch {
          refused();
        }
      });
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
