/**
 * A pair of texts, A and B: which rows and columns of a matrix belong to which segment.
 */

/** @typedef {import("./maths.js").Matrix} Matrix */
/** @typedef {import("./window.js").Window} Window */
/** @typedef {{rows: number[], cols: number[]}} Cut indices of the tokens that are kept */

const NAMES = "AB";
/** Which weights may be looked at: all of them, or those from one segment to one. */
export const BETWEEN = ["all", "AA", "AB", "BA", "BB"];

/** @param {string} between */
export const betweenName = (between) => (between === "all" ? "all" : `${between[0]} → ${between[1]}`);

/**
 * Each token's text, 0 or 1, where a layer's rows and columns are the tokens of a pair; else null.
 * @param {Pick<import("../report/data.js").ReportData, "sides">} data
 * @param {number} index
 * @returns {number[] | null}
 */
export function segmentsOf(data, index) {
  const { pair, tokens } = data.sides(index).rows;
  return pair != null ? tokens.map((token) => token.segment) : null;
}

/**
 * @param {number[] | null} segments
 * @param {string} between one of BETWEEN
 * @returns {Cut | null} null for everything, and where one of the texts has no token
 */
export function cutOf(segments, between) {
  if (!segments || between === "all") return null;
  /** @param {string} name */
  const of = (name) => segments.flatMap((segment, i) => (segment === NAMES.indexOf(name) ? [i] : []));
  const cut = { rows: of(between[0]), cols: of(between[1]) };
  return cut.rows.length && cut.cols.length ? cut : null;
}

/**
 * @param {Matrix} matrix
 * @param {Cut} cut
 * @returns {Matrix}
 */
export function restrict(matrix, { rows, cols }) {
  const data = new Float32Array(rows.length * cols.length);
  rows.forEach((i, r) =>
    cols.forEach((j, c) => {
      data[r * cols.length + c] = matrix.data[i * matrix.cols + j];
    }),
  );
  return { rows: rows.length, cols: cols.length, data };
}

/**
 * A window in positions of tokens as one in what is left of a pair.
 * @param {Cut | null} cut
 * @param {Window | null} zoom
 * @returns {Window | null} null where nothing of it is left
 */
export function inCut(cut, zoom) {
  if (!cut || !zoom) return zoom;
  const [row, col, high, wide] = zoom;
  /** @type {(kept: number[], from: number, n: number) => [number, number]} */
  const span = (kept, from, n) => {
    const at = kept.flatMap((position, i) => (position >= from && position < from + n ? [i] : []));
    return [at[0], at.length];
  };
  const [[r, h], [c, w]] = [span(cut.rows, row, high), span(cut.cols, col, wide)];
  return h && w ? [r, c, h, w] : null;
}

/**
 * A window in what is left of a pair as one in positions of tokens, from its first to its last.
 * @param {Cut | null} cut
 * @param {Window} window
 * @returns {Window}
 */
export function outOfCut(cut, [row, col, high, wide]) {
  /** @type {(kind: "rows" | "cols", from: number, n: number) => [number, number]} */
  const span = (kind, from, n) => {
    const first = positionIn(cut, kind, from);
    return [first, positionIn(cut, kind, from + n - 1) - first + 1];
  };
  const [[r, h], [c, w]] = [span("rows", row, high), span("cols", col, wide)];
  return [r, c, h, w];
}

/**
 * The position of the token that a row or a column of what is left stands for.
 * @param {Cut | null} cut
 * @param {"rows" | "cols"} kind
 * @param {number} at
 */
export const positionIn = (cut, kind, at) => cut?.[kind][at] ?? at;

/**
 * And the row or column that a token has there; one that is cut off gives way to the first.
 * @param {Cut | null} cut
 * @param {"rows" | "cols"} kind
 * @param {number} position
 * @param {number} count of all rows or columns
 */
export const placeIn = (cut, kind, position, count) =>
  cut ? Math.max(0, cut[kind].indexOf(position)) : Math.min(position, count - 1);

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
  const sums = [
      [0, 0],
      [0, 0],
    ],
    counts = [0, 0];
  segments.forEach((from, i) => {
    counts[from]++;
    segments.forEach((to, j) => {
      sums[from][to] += data[i * cols + j];
    });
  });
  return sums.map((row, from) => row.map((sum) => sum / counts[from]));
}
