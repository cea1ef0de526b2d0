/**
 * The rungs of the ladder and their measures: what they are called, and their numbers for a head, its layer and all heads.
 */

import { meanOfNumbers } from "./maths.js";

/** @typedef {import("../report/data.js").ReportData} ReportData */
/** @typedef {import("../report/state.js").State} State */
/** @typedef {{measure: string, name: string, title: string, unit: string, low: number, high: number, means: string}} Column */

/** The sides and the measures of the blob `measures`, in its order. */
export const SIDES = ["all", "content"];
export const MEASURES = ["jsd_bits", "rank_correlation", "top1_agreement"];

/** @type {Column[]} in the order of MEASURES */
export const COLUMNS = [
  {
    measure: "jsd_bits",
    name: "Divergence",
    title: "Divergence in bits",
    unit: " bits",
    low: 0,
    high: 1,
    means:
      "Jensen–Shannon divergence from the model’s attention, mean over rows: 0 is the same, 1 bit has nothing in common",
  },
  {
    measure: "rank_correlation",
    name: "Rank correlation",
    title: "Rank correlation",
    unit: "",
    low: -1,
    high: 1,
    means: "Spearman’s correlation with the model’s rows: 1 is the same order, 0 none",
  },
  {
    measure: "top1_agreement",
    name: "Same top-1 key",
    title: "Same top-1 key",
    unit: "",
    low: 0,
    high: 1,
    means: "Share of rows whose strongest key is the model’s strongest key",
  },
];

/** @type {Record<string, string>} what each rung is called in plain words */
const TITLES = {
  strangers: "Strangers",
  classroom: "Classroom",
  share: "Shares",
  softmax: "Softmax",
  scaled: "Scaled",
  learned: "Learned q and k",
  heads: "Heads",
  position: "Positions",
  mask: "Mask",
  model: "The model",
  uniform: "Uniform attention",
  layer_mean: "The layer’s average head",
};

/** @param {string} name */
export const rungTitle = (name) => TITLES[name] ?? name;

/** Whose numbers there are, and what they are called. */
export const SCOPES = { head: "this head", layer: "its layer", all: "all heads" };
/** @type {Record<string, string>} what the baselines are called in the chart */
export const BASELINES = { uniform: "uniform", layer_mean: "average head" };

/** @param {string} rung true where what the model masks is masked already; in the rungs before nothing is */
export const isMasked = (rung) => ["mask", "model", "uniform", "layer_mean"].includes(rung);

/**
 * @param {ReportData} data
 * @param {Pick<State, "index" | "head" | "scope" | "tokens">} state
 * @param {number} rung index in the ladder
 * @param {string} measure
 * @param {"head" | "layer" | "all"} [scope] the chosen one unless told
 * @returns {number}
 */
export function measureOf(data, { index, head, scope: chosen, tokens }, rung, measure, scope = chosen) {
  const all = data.measures(rung, tokens, measure);
  if (scope === "all") return meanOfNumbers(data.ofSite(all, index));
  const heads = all.length / data.layers.length,
    first = index * heads;
  return scope === "layer" ? meanOfNumbers(all.subarray(first, first + heads)) : all[first + head];
}
