/**
 * The segments of a text: both texts of a pair, A and B, or whose each token of a chat is. Which rows and columns of a
 * matrix belong to which.
 */

/** @typedef {import("./maths.js").Matrix} Matrix */
/** @typedef {import("./window.js").Window} Window */
/** @typedef {{rows: number[], cols: number[]}} Cut indices of the tokens that are kept */

/** @typedef {{pair: string | null, tokens: import("../payload.js").Token[]}} Side */

/** What the letters of segments stand for, in their order. */
const NAMES = { A: "A", B: "B", T: "template", S: "system", U: "user", W: "assistant" };
/** @type {Record<import("../payload.js").Role, string>} */
const LETTERS = { template: "T", system: "S", user: "U", assistant: "W" };

/** @param {string} letter */
export const segmentName = (letter) => NAMES[/** @type {keyof typeof NAMES} */ (letter)];

/** @param {string} between */
export const betweenName = (between) =>
  between === "all" ? "all" : `${segmentName(between[0])} → ${segmentName(between[1])}`;

/**
 * The letter of each token's segment in a pair or a chat; null for any other text.
 * @param {Side} side
 * @returns {string[] | null}
 */
export function lettersOf({ pair, tokens }) {
  if (pair != null) return tokens.map((token) => "AB"[token.segment]);
  return tokens.some((token) => token.role) ? tokens.map((token) => LETTERS[token.role ?? "template"]) : null;
}

/**
 * The segments that are there, each once.
 * @param {string[] | null} segments
 */
export const kindsOf = (segments) => Object.keys(NAMES).filter((letter) => segments?.includes(letter));

/**
 * Which weights may be looked at: all of them, or those from one segment to one.
 * @param {Side} side
 */
export function betweenOf(side) {
  const kinds = kindsOf(lettersOf(side));
  return ["all", ...kinds.flatMap((from) => kinds.map((to) => from + to))];
}

/**
 * Each token's segment, where a layer's rows and columns are the tokens of a pair or of a chat; else null.
 * @param {{sides: (index: number) => {rows: Side}}} data
 * @param {number} index
 * @returns {string[] | null}
 */
export const segmentsOf = (data, index) => lettersOf(data.sides(index).rows);

/**
 * @param {string[] | null} segments
 * @param {string} between one of what ``betweenOf`` gives
 * @returns {Cut | null} null for everything, and where one of the segments has no token
 */
export function cutOf(segments, between) {
  if (!segments || between === "all") return null;
  /** @param {string} name */
  const of = (name) => segments.flatMap((segment, i) => (segment === name ? [i] : []));
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
 * Where one segment ends and another begins.
 * @param {string[] | null} segments
 * @returns {number[]}
 */
export const splitsOf = (segments) =>
  (segments ?? []).flatMap((segment, i, all) => (i && segment !== all[i - 1] ? [i] : []));

/**
 * Mean share of a query's attention that goes to each segment, for the queries of each.
 * @param {Matrix} matrix
 * @param {string[]} segments
 * @param {string[]} kinds the segments to tell of
 * @returns {number[][]} from each of the kinds, to each; NaN where nobody asks
 */
export function textShares({ cols, data }, segments, kinds) {
  const sums = kinds.map(() => kinds.map(() => 0)),
    counts = kinds.map(() => 0);
  const at = segments.map((segment) => kinds.indexOf(segment));
  at.forEach((from, i) => {
    counts[from]++;
    at.forEach((to, j) => {
      sums[from][to] += data[i * cols + j];
    });
  });
  return sums.map((row, from) => row.map((sum) => sum / counts[from]));
}
