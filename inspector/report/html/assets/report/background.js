/**
 * Means of many heads without keeping the page from being used: a worker works them out; a browser
 * that refuses it gets slices.
 */

import { meanOfHeads } from "../attention/means.js";

/** @typedef {import("../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../attention/means.js").Job} Job */

/** Weights that are added up at once, in some milliseconds: 72 heads of 64 tokens. */
const AT_ONCE = 72 * 64 * 64;
/** How long a slice may keep the page, in milliseconds. */
const SLICE = 20;

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

/**
 * Somebody to ask for means; the worker starts when it is first needed.
 * @param {string} source the worker's script: the policy lets it be made here, not loaded
 */
export function createMeans(source) {
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
    worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => waiting.shift()?.answer(data);
    worker.onerror = (event) => {
      event.preventDefault();
      worker?.terminate();
      refused();
    };
  };
  return {
    /** Answer no more: what is waited for never comes. */
    end() {
      worker?.terminate();
    },
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
