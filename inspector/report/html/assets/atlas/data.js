/**
 * The atlas' numbers: a measure is a statistic, or a relation in one direction; each has a number
 * for every head.
 */

import { joinPlanes } from "../shared/numbers.js";
import { visible } from "../shared/format.js";

/** @typedef {{name: string, kind: "statistic" | "relation"}} Measure */
/** @typedef {{value: number, low: number, high: number, null: number, n: number}} Entry */
/** @typedef {{head: number, sentence: any, query: number, key: number, weights: number[]}} Example */

/** The shares of attention, what they are a share to, and the mark of a head that they name. */
export const SHARES = {
  previous: ["previous token", "←"], next: ["next token", "→"], self: ["the token itself", "●"],
  first: ["first token", "⇤"], separator: ["last separator", "¶"], same_word: ["same word", "="],
};
const PLAIN = { entropy_bits: "entropy", distance: "distance", induction: "induction" };
/** How the measures of a rung end, what they are called, and how they are counted. */
const RUNGS = { _jsd_bits: "distance in bits", _rank_correlation: "rank correlation", _top1: "same favourite" };
const UNITS = { entropy_bits: "bits", distance: "tokens" };

/** Groups of measures, in the order of the page. */
export const GROUPS = {
  attention: "attention", moved: "attention × size of the value", _jsd_bits: "ladder: distance in bits",
  _rank_correlation: "ladder: rank correlation", _top1: "ladder: same favourite", relation: "relations (all sentences)",
};

export class AtlasData {
  /**
   * @param {any} header
   * @param {Map<string, Uint8Array>} planes
   */
  constructor(header, planes) {
    this.header = header;
    /** @type {[string, number, number][]} site, layer and number of every head */
    this.heads = header.heads;
    /** @type {Measure[]} */
    this.measures = header.measures;
    this.columns = Object.fromEntries(["value", "low", "high", "null", "n"].map((name) =>
      [name, joinPlanes(/** @type {Uint8Array} */ (planes.get(name)), header.blobs[name].dtype)]));
    this.packed = /** @type {Uint8Array} */ (planes.get("examples"));
    this.numbers = new Map(this.measures.map(({ name }, m) => [name, m]));
    this.places = new Map(this.heads.map((place, h) => [place.join("."), h]));
    /** @type {Map<number, Example[]> | null} */
    this.unpacked = null;
  }

  /**
   * @param {string} name of a measure
   * @param {number} h
   * @returns {Entry}
   */
  entry(name, h) {
    const at = /** @type {number} */ (this.numbers.get(name)) * this.heads.length + h, { columns } = this;
    return { value: columns.value[at], low: columns.low[at], high: columns.high[at], null: columns.null[at], n: columns.n[at] };
  }

  /**
   * One number of a measure for all heads.
   * @param {string} name
   * @param {"value" | "beyond"} [over]
   * @returns {number[]}
   */
  values(name, over = "value") {
    return this.heads.map((_, h) => {
      const { value, null: chance } = this.entry(name, h);
      return over === "beyond" ? value - chance : value;
    });
  }

  /**
   * The rows of the grid: heads of one site and layer.
   * @returns {{site: string, layer: number, heads: number[]}[]}
   */
  get rows() {
    const rows = new Map();
    this.heads.forEach(([site, layer], h) => {
      const key = `${site}.${layer}`;
      if (!rows.has(key)) rows.set(key, { site, layer, heads: [] });
      rows.get(key).heads.push(h);
    });
    return [...rows.values()];
  }

  /**
   * @param {number} h
   * @returns {Example[]} unpacked when first asked for
   */
  examples(h) {
    if (!this.unpacked) {
      const { sentences, examples } = JSON.parse(new TextDecoder().decode(this.packed));
      this.unpacked = new Map();
      for (const example of examples) {
        const told = { ...example, sentence: sentences[example.sentence] };
        this.unpacked.set(example.head, [...this.unpacked.get(example.head) ?? [], told]);
      }
    }
    return this.unpacked.get(h) ?? [];
  }
}

/**
 * @param {Measure} measure
 * @returns {string} which of GROUPS it is in
 */
export function groupOf({ name, kind }) {
  if (kind === "relation") return "relation";
  if (name.endsWith("_moved")) return "moved";
  return Object.keys(RUNGS).find((suffix) => name.endsWith(suffix)) ?? "attention";
}

/**
 * What a measure is called, in its group.
 * @param {Measure} measure
 */
export function shortName(measure) {
  const group = groupOf(measure), { name } = measure;
  const stem = group === "moved" ? name.slice(0, -"_moved".length) : group.startsWith("_") ? name.slice(0, -group.length) : name;
  return SHARES[stem]?.[0] ?? PLAIN[stem] ?? visible(group === "relation" ? stem : stem.replaceAll("_", " "));
}

/**
 * What a measure is called anywhere.
 * @param {Measure} measure
 */
export function longName(measure) {
  const group = groupOf(measure), short = shortName(measure);
  if (group === "moved") return `${short}, × size of the value`;
  if (RUNGS[group]) return `${short}: ${RUNGS[group]}`;
  return group === "relation" ? `relation ${short}` : short;
}

/** @param {Measure} measure */
export const unitOf = ({ name }) => UNITS[name.replace(/_moved$/, "")] ?? (name.endsWith("_jsd_bits") ? "bits" : "");

/**
 * The scale of a measure: shares and their like begin at 0; what may be negative has its 0 in the middle.
 * @param {Measure} measure
 * @param {number[]} values
 * @param {"value" | "beyond"} over
 * @returns {{low: number, high: number, kind: "amount" | "difference"}}
 */
export function scaleFor(measure, values, over) {
  const there = values.filter((value) => !Number.isNaN(value));
  const high = Math.max(...there, 0), low = Math.min(...there, high);
  if (over === "beyond" || low < 0) {
    const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return { low: -most, high: most, kind: "difference" };
  }
  return { low: 0, high: high || 1, kind: "amount" };
}

/** @param {string[]} labels */
export const namesOf = (labels) => labels.map((label) => SHARES[label][0]).join(" and ");

/** @param {[string, number, number]} place */
export const headName = ([site, layer, head]) => `${site === "self" ? "" : `${visible(site)} `}layer ${layer}, head ${head}`;

/** @param {[string, number, number]} place */
export function headTitle(place) {
  const name = headName(place);
  return name[0].toUpperCase() + name.slice(1);
}

/** @param {[string, number, number]} place as short as it gets */
export const headShort = ([site, layer, head]) => `${site === "self" ? "" : `${visible(site)} `}${layer}·${head}`;
