/**
 * What one number says of every head, and the heads in the order of that number.
 */

import { headContributions, headEffects } from "./effects.js";
import { asksLink, linkWeights } from "./pair.js";
import { headsOf } from "./run_heads.js";
import { MEASURES } from "./rungs.js";

/** @typedef {import("../report/data.js").ReportData} ReportData */
/** @typedef {import("../report/state.js").State} State */

/** @type {Record<import("../payload.js").Label, string>} what a head's label means, as the end of “mostly …” */
export const LABELS = {
  previous: "to the previous token",
  next: "to the next token",
  self: "to the token itself",
  first: "to the first token",
  separator: "to the separators",
};
/** @typedef {"words" | "entropy" | "distance" | "effect" | "contribution" | "agreement"} Statistic */

/** @type {Statistic[]} what there may be of every head */
export const STATISTICS = ["words", "entropy", "distance", "effect", "contribution", "agreement"];

/** Heads that have none of them. */
export const NO_LABEL = "none";

/**
 * @typedef {object} Amounts
 * @property {number[]} values one for each head of the run, NaN where there is none
 * @property {string} name
 * @property {string} unit
 * @property {string} order what sorting by it means, in words
 * @property {string} [meaning] what the name leaves open
 * @property {boolean} [descending] whether the largest stands first
 * @property {number} places digits behind the point
 */

/** @type {Record<Exclude<Statistic, "agreement">, Omit<Amounts, "values" | "places">>} */
const READINGS = {
  words: {
    name: "attention to words",
    unit: "",
    meaning: " (to all but the first token and separators)",
    order: "from the head that gives them most to the one that gives them least",
    descending: true,
  },
  entropy: { name: "entropy", unit: " bits", order: "from the sharpest head to the most spread out" },
  distance: {
    name: "mean distance",
    unit: " tokens",
    order: "from heads that attend nearby to heads that attend far away",
  },
  effect: {
    name: "effect",
    unit: "",
    meaning: " (how far the answer moves when the head is silenced)",
    order: "from the head that the answer rests on most to the one it rests on least",
    descending: true,
  },
  contribution: {
    name: "contribution",
    unit: "",
    meaning: " (what the head adds to the answer’s logit)",
    order: "from the head that adds most to the logit to the one that takes most from it",
    descending: true,
  },
};

/** @type {Omit<Amounts, "values">} */
const LINK = {
  name: "the chosen link",
  unit: "",
  meaning: " (attention that the one word gives to the other)",
  order: "from the head that links the two words most to the one that links them least",
  descending: true,
  places: 2,
};

/** @type {[string, string, string, string][]} measures of a rung, the first that there is counts */
const AGREEMENT = [
  [MEASURES[0], "divergence", " bits", "from the head that it explains best to the one it explains least"],
  [MEASURES[1], "rank correlation", "", "from the head that it orders least like the model to the one most like it"],
];

/**
 * @param {ReportData} data
 * @param {State} state
 * @param {string} kind a statistic, or "link" for the two words that are chosen
 * @returns {Amounts | null} null for another kind, and where nothing was measured
 */
export function amounts(data, state, kind) {
  const { rung, tokens } = state;
  const {
      heads,
      header: { ladder },
      layers,
    } = data,
    all = headsOf(data);
  if (kind === "words") return { ...READINGS.words, places: 2, values: all.map((_, i) => toWords(heads[i])) };
  if (kind === "entropy")
    return { ...READINGS.entropy, places: 2, values: all.map((_, i) => heads[i]?.entropy_bits ?? NaN) };
  if (kind === "distance")
    return { ...READINGS.distance, places: 2, values: all.map((_, i) => heads[i]?.distance ?? NaN) };
  if (kind === "effect") return effectAmounts(data);
  if (kind === "contribution") {
    const values = headContributions(data);
    return values && { ...READINGS.contribution, places: 2, values };
  }
  if (kind === "link") return asksLink(state) ? { ...LINK, values: linkWeights(data, state) } : null;
  const at = ladder.findIndex((one) => one.name === rung);
  if (kind !== "agreement" || !ladder[at]?.measured) return null;
  // Raw scores are not probabilities and have no divergence; their order can still be compared.
  for (const [measure, name, unit, order] of AGREEMENT) {
    const measured = data.measures(at, tokens, measure),
      widest = measured.length / layers.length;
    const values = all.map(([index, head]) => measured[index * widest + head]);
    if (values.some((value) => !Number.isNaN(value)))
      return { values, name: `${name} of the rung “${rung}”`, unit, order, places: 2 };
  }
  return null;
}

/** @param {ReportData} data @returns {Amounts | null} */
function effectAmounts(data) {
  const found = headEffects(data),
    bits = data.header.effects?.measure === "kl_bits";
  return (
    found && {
      ...READINGS.effect,
      unit: bits ? " bits" : "",
      places: bits ? 2 : 3,
      values: found.map(({ size }) => size),
    }
  );
}

/**
 * The statistics to choose from.
 * @param {ReportData} data
 * @returns {{value: Statistic, text: string, disabled: boolean}[]} those that the report has none of disabled
 */
export const statisticsOf = ({ heads, header: { ladder, effects, blobs } }) => [
  { value: "words", text: "attention to words", disabled: !heads.length },
  { value: "entropy", text: "entropy", disabled: false },
  { value: "distance", text: "distance", disabled: false },
  { value: "effect", text: "effect on the answer", disabled: !blobs["effects.heads"] },
  ...(effects?.contributions
    ? [{ value: /** @type {const} */ ("contribution"), text: "contribution to the logit", disabled: false }]
    : []),
  { value: "agreement", text: "agreement with a rung", disabled: !ladder.some((rung) => rung.measured) },
];

/** Where the masses of a reading have what rests on a position, whatever stands there. */
const RESTING = /** @type {const} */ (["first", "separator"]).map((name) => Object.keys(LABELS).indexOf(name));

/** @param {import("../report/shipped.js").Reading | undefined} reading NaN where nothing was read */
const toWords = (reading) => (reading ? RESTING.reduce((left, at) => left - (reading.masses[at] ?? 0), 1) : NaN);

/**
 * Each head's label, or NO_LABEL.
 * @param {ReportData} data
 * @returns {string[]}
 */
export const labelsOf = (data) => headsOf(data).map((_, i) => data.heads[i]?.label ?? NO_LABEL);

/**
 * The heads as they stand, and which of them are faded.
 * @param {ReportData} data
 * @param {State} state
 * @returns {{line: number[], faded: boolean[], by: Amounts | null, sorted: boolean}}
 */
export function standing(data, state) {
  const labels = labelsOf(data),
    names = Object.keys(LABELS),
    byLabel = state.order === "label";
  const by = byLabel ? null : amounts(data, state, state.order);
  // Of one label the clearest first; heads without one last.
  const ranks = labels.map(
    (label, i) => (label === NO_LABEL ? names.length : names.indexOf(label)) - (data.heads[i]?.score ?? 0),
  );
  const line = byLabel
    ? ascending(ranks)
    : by
      ? ascending(by.descending ? by.values.map((value) => -value) : by.values)
      : [...labels.keys()];
  return {
    line,
    faded: labels.map((label) => state.label !== "" && label !== state.label),
    by,
    sorted: byLabel || by != null,
  };
}

/**
 * Indices of the heads from the lowest number to the highest, those without one last.
 * @param {number[]} values
 */
export const ascending = (values) =>
  Array.from(values.keys()).sort(
    (a, b) => Number(Number.isNaN(values[a])) - Number(Number.isNaN(values[b])) || values[a] - values[b] || a - b,
  );

/** Weights from which a small picture of lines draws one, each level darker and wider. */
export const LEVELS = [0.1, 0.25, 0.45, 0.7];

/**
 * The lines of a small picture, by level.
 * @param {import("./maths.js").Matrix} matrix
 * @param {number} whole the number that stands for a weight of 1
 * @returns {[number, number][][]} rows and columns, for each level
 */
export function linesByLevel({ rows, cols, data }, whole) {
  /** @type {[number, number][][]} */
  const levels = LEVELS.map(() => []);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const level = LEVELS.findLastIndex((low) => data[i * cols + j] >= low * whole);
      if (level >= 0) levels[level].push([i, j]);
    }
  }
  return levels;
}
