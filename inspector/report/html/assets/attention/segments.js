/**
 * A pair of texts, A and B: which rows and columns of a matrix belong to which of them.
 */

/** @typedef {import("./maths.js").Matrix} Matrix */
/** @typedef {{rows: number[], cols: number[]}} Cut indices of the tokens that are kept */

const NAMES = "AB";
/** What part of a matrix may be looked at: everything, or from one text to one. */
export const PARTS = ["all", "AA", "AB", "BA", "BB"];

/** @param {string} part */
export const partName = (part) => (part === "all" ? "all" : `${part[0]} → ${part[1]}`);

/**
 * Each token's text, 0 or 1, where a layer's rows and columns are the tokens of a pair; else null.
 * @param {import("../report/data.js").ReportData} data
 * @param {number} n
 * @returns {number[] | null}
 */
export function segmentsOf(data, n) {
  const { pair, tokens } = data.sides(n).rows;
  return pair != null ? tokens.map((token) => token.segment) : null;
}

/**
 * @param {number[] | null} segments
 * @param {string} part one of PARTS
 * @returns {Cut | null} null for everything, and where one of the texts has no token
 */
export function cutOf(segments, part) {
  if (!segments || part === "all") return null;
  const of = (name) => segments.flatMap((segment, i) => (segment === NAMES.indexOf(name) ? [i] : []));
  const cut = { rows: of(part[0]), cols: of(part[1]) };
  return cut.rows.length && cut.cols.length ? cut : null;
}

/**
 * @param {Matrix} matrix
 * @param {Cut} cut
 * @returns {Matrix}
 */
export function restrict(matrix, { rows, cols }) {
  const data = new Float32Array(rows.length * cols.length);
  rows.forEach((i, r) => cols.forEach((j, c) => { data[r * cols.length + c] = matrix.data[i * matrix.cols + j]; }));
  return { rows: rows.length, cols: cols.length, data };
}

/**
 * Where one text ends and the other begins.
 * @param {number[] | null} segments
 * @returns {number[]}
 */
export const splitsOf = (segments) =>
  (segments ?? []).flatMap((segment, i, all) => (i && segment !== all[i - 1] ? [i] : []));

/**
 * Mean share of a query's attention that goes to each text, for the queries of each.
 * @param {Matrix} matrix
 * @param {number[]} segments
 * @returns {number[][]} rows: from A, from B; columns: to A, to B; NaN where nobody asks
 */
export function textShares({ cols, data }, segments) {
  const sums = [[0, 0], [0, 0]], counts = [0, 0];
  segments.forEach((from, i) => {
    counts[from]++;
    segments.forEach((to, j) => { sums[from][to] += data[i * cols + j]; });
  });
  return sums.map((row, from) => row.map((sum) => sum / counts[from]));
}
