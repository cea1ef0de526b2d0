/**
 * What one number says of every head, and the heads in the order of that number.
 */

/** @typedef {import("../report/data.js").ReportData} ReportData */

/**
 * @typedef {object} Amounts
 * @property {number[]} values one for each head of the run, NaN where there is none
 * @property {string} name
 * @property {string} unit
 * @property {string} order what sorting by it means, in words
 */

const READINGS = {
  entropy: { field: "entropy_bits", name: "entropy", unit: " bits", order: "from the sharpest head to the most spread out" },
  distance: { field: "distance", name: "mean distance", unit: " tokens", order: "from heads that listen nearby to heads that listen far away" },
};

/**
 * @param {ReportData} data
 * @param {import("../report/state.js").State} state
 * @param {string} kind "entropy", "distance" or "agreement"
 * @returns {Amounts | null} null for another kind, and where nothing was measured
 */
export function amounts(data, { rung, tokens }, kind) {
  const { heads, ladder } = data.header;
  const reading = READINGS[kind];
  if (reading) return { ...reading, values: heads.map((head) => head?.[reading.field] ?? NaN) };
  const at = ladder.findIndex((one) => one.name === rung);
  if (kind !== "agreement" || !ladder[at]?.measured) return null;
  // Raw scores are no shares and have no divergence; their order can still be compared.
  for (const [measure, name, unit, order] of [
    ["jsd_bits", "divergence", " bits", "from the head that it explains best to the one it explains least"],
    ["rank_correlation", "rank correlation", "", "from the head that it orders least like the model to the one most like it"],
  ]) {
    const all = data.measures(at, tokens, measure);
    const values = data.sites.flatMap((site, n) =>
      Array.from(all.subarray((n * all.length) / data.sites.length).subarray(0, site.heads)));
    if (values.some((value) => !Number.isNaN(value))) return { values, name: `${name} of the rung “${rung}”`, unit, order };
  }
  return null;
}

/**
 * Places of the heads from the lowest number to the highest, those without one last.
 * @param {number[]} values
 */
export const ascending = (values) => Array.from(values.keys()).sort((a, b) =>
  Number(Number.isNaN(values[a])) - Number(Number.isNaN(values[b])) || values[a] - values[b] || a - b);

/** Weights from which a small picture of lines draws one, each level darker and wider. */
export const LEVELS = [0.1, 0.25, 0.45, 0.7];

/**
 * The lines of a small picture: who listens to whom, by level.
 * @param {import("./maths.js").Matrix} matrix
 * @param {number} whole the number that stands for a weight of 1
 * @returns {[number, number][][]} rows and columns, for each level
 */
export function linesOf({ rows, cols, data }, whole) {
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
