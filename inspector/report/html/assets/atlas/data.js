/**
 * The atlas' numbers: a measure is a statistic, or a relation in one direction; each has a number
 * for every head.
 */

import { visible } from "../shared/format.js";
import { joinPlanes } from "../shared/numbers.js";

/** @typedef {import("../payload.js").Measure} Measure */
/** @typedef {import("../payload.js").HeadPath} HeadPath */
/** @typedef {{value: number, low: number, high: number, null: number, n: number}} Entry */
/** @typedef {Omit<import("../payload.js").AtlasExample, "sentence"> & {sentence: import("../payload.js").AtlasSentence}} Example */

/** @type {Record<string, [string, string]>} the shares of attention: to what, and the mark of a head that they name */
export const SHARES = {
  previous: ["previous token", "←"],
  next: ["next token", "→"],
  self: ["the token itself", "●"],
  first: ["first token", "⇤"],
  separator: ["last separator", "¶"],
  same_word: ["same word", "="],
};
/** @type {Record<string, string>} */
const PLAIN = { entropy_bits: "entropy", distance: "distance", induction: "induction", effect: "effect of silencing" };
/** @type {Record<string, string>} how the measures of a rung end, and what they are called */
const RUNGS = { _jsd_bits: "divergence in bits", _rank_correlation: "rank correlation", _top1: "same top-1 key" };
/** @type {Record<string, string>} */
const UNITS = { entropy_bits: "bits", distance: "tokens" };

/** @type {Record<string, string>} groups of measures, in the order of the page */
export const GROUPS = {
  attention: "attention",
  moved: "value-weighted attention",
  _jsd_bits: "ladder: divergence in bits",
  _rank_correlation: "ladder: rank correlation",
  _top1: "ladder: same top-1 key",
  relation: "relations (all sentences)",
};

export class AtlasData {
  /**
   * @param {import("../payload.js").AtlasHeader} header
   * @param {Map<string, Uint8Array<ArrayBuffer>>} planes
   */
  constructor(header, planes) {
    this.header = header;
    this.heads = header.heads;
    this.measures = header.measures;
    /** @param {string} name */
    const planesOf = (name) => /** @type {Uint8Array<ArrayBuffer>} */ (planes.get(name));
    this.columns = Object.fromEntries(
      ["value", "low", "high", "null", "n"].map((name) => [name, joinPlanes(planesOf(name), header.blobs[name])]),
    );
    this.packed = planesOf("examples");
    this.numbers = new Map(this.measures.map(({ name }, m) => [name, m]));
    /** The index of each head, by its path. */
    this.indices = new Map(this.heads.map((path, h) => [path.join("."), h]));
    /** @type {Map<number, Example[]> | null} */
    this.unpacked = null;
  }

  /**
   * @param {string} name of a measure
   * @param {number} h
   * @returns {Entry}
   */
  entry(name, h) {
    const at = /** @type {number} */ (this.numbers.get(name)) * this.heads.length + h,
      { columns } = this;
    return {
      value: columns.value[at],
      low: columns.low[at],
      high: columns.high[at],
      null: columns.null[at],
      n: columns.n[at],
    };
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
    /** @type {Map<string, {site: string, layer: number, heads: number[]}>} */
    const rows = new Map();
    this.heads.forEach(([site, layer], h) => {
      const key = `${site}.${layer}`,
        row = rows.get(key) ?? { site, layer, heads: [] };
      row.heads.push(h);
      rows.set(key, row);
    });
    return [...rows.values()];
  }

  /**
   * @param {number} h
   * @param {string | null} relation name of a relation; null for the head's largest share
   * @returns {Example[]} unpacked when first asked for
   */
  examples(h, relation) {
    this.unpacked ??= this.unpack();
    return (this.unpacked.get(h) ?? []).filter((example) => example.measure === relation);
  }

  /** @returns {Map<number, Example[]>} by head */
  unpack() {
    const { sentences, examples } = /** @type {import("../payload.js").AtlasExamples} */ (
      JSON.parse(new TextDecoder().decode(this.packed))
    );
    /** @type {Map<number, Example[]>} */
    const unpacked = new Map();
    for (const example of examples) {
      const its = unpacked.get(example.head) ?? [];
      its.push({ ...example, sentence: sentences[example.sentence] });
      unpacked.set(example.head, its);
    }
    return unpacked;
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
  const group = groupOf(measure),
    { name } = measure;
  const stem =
    group === "moved" ? name.slice(0, -"_moved".length) : group.startsWith("_") ? name.slice(0, -group.length) : name;
  return SHARES[stem]?.[0] ?? PLAIN[stem] ?? visible(group === "relation" ? stem : stem.replaceAll("_", " "));
}

/**
 * What a measure is called anywhere.
 * @param {Measure} measure
 */
export function longName(measure) {
  const group = groupOf(measure),
    short = shortName(measure);
  if (group === "moved") return `${short}, value-weighted`;
  if (RUNGS[group]) return `${short}: ${RUNGS[group]}`;
  return group === "relation" ? `relation ${short}` : short;
}

/** @param {Measure} measure */
export const unitOf = ({ name }) => UNITS[name.replace(/_moved$/, "")] ?? (name.endsWith("_jsd_bits") ? "bits" : "");

/**
 * The scale of a measure: shares and their like begin at 0; what may be negative has its 0 in the middle.
 * @param {number[]} values
 * @param {"value" | "beyond"} over
 * @returns {{low: number, high: number, kind: "amount" | "difference"}}
 */
export function scaleFor(values, over) {
  const there = values.filter((value) => !Number.isNaN(value));
  const high = Math.max(...there, 0),
    low = Math.min(...there, high);
  if (over === "beyond" || low < 0) {
    const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return { low: -most, high: most, kind: "difference" };
  }
  return { low: 0, high: high || 1, kind: "amount" };
}

/** @param {string[]} labels */
export const namesOf = (labels) => labels.map((label) => SHARES[label][0]).join(" and ");

/** @param {HeadPath} path */
export const headName = ([site, layer, head]) =>
  `${site === "self" ? "" : `${visible(site)} `}layer ${layer}, head ${head}`;

/** @param {HeadPath} path */
export function headTitle(path) {
  const name = headName(path);
  return name[0].toUpperCase() + name.slice(1);
}

/** @param {HeadPath} path as short as it gets */
export const headShort = ([site, layer, head]) => `${site === "self" ? "" : `${visible(site)} `}${layer}·${head}`;
