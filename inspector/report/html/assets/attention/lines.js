/**
 * One head as lines from queries to keys: which of them are drawn, and where.
 */

import { counted, fixed, percent } from "../shared/format.js";

/** @typedef {import("./maths.js").Matrix} Matrix */
/** @typedef {[number, number, number]} Line row, column and weight */
/** @typedef {{rows: number[], cols: number[], lines: Line[], left: number, rest: number}} Lines */

/** Up to so many words on each side all of them are drawn; beyond, one word and its strongest keys. */
const MOST_WORDS = 48,
  MOST_KEYS = 24;
const MOST_LINES = 400;
/** Height of a word in CSS pixels; report.css has the same. */
export const WORD = 22;
/** So many other heads' lines are drawn with the chosen one's. */
export const MOST_BESIDE = 5;

/**
 * Those heads, as a list.
 * @param {number[] | number | null} beside
 * @returns {number[]}
 */
export const placesOf = (beside) => (beside == null ? [] : typeof beside === "number" ? [beside] : beside);

/** Step of the ramp that lines are drawn in. */
export const INK = 204;

/**
 * Which words and which lines there is room for.
 * @param {Matrix} matrix NaN where there is no number
 * @param {import("./window.js").Window} window
 * @param {number | null} focus the row to draw where there is no room for all
 * @returns {Lines} lines from the strongest on; how many are left out, and their share of the whole
 */
export function linesOf({ cols: width, data }, [row, col, high, wide], focus) {
  /** @type {(start: number, n: number) => number[]} */
  const from = (start, n) => Array.from({ length: n }, (_, i) => start + i);
  let rows = from(row, high),
    cols = from(col, wide);
  /** @type {(i: number, j: number) => number} */
  const at = (i, j) => data[i * width + j] || 0;
  /** @type {(is: number[], js: number[]) => number} */
  const total = (is, js) => is.reduce((sum, i) => js.reduce((all, j) => all + at(i, j), sum), 0);
  const alone = high > MOST_WORDS || wide > MOST_WORDS;
  if (alone) rows = [focus != null && focus >= row && focus < row + high ? focus : row];
  const pairs = rows.flatMap((i) =>
    cols.filter((j) => at(i, j) > 0).map((j) => /** @type {Line} */ ([i, j, at(i, j)])),
  );
  const lines = pairs.sort((a, b) => b[2] - a[2]).slice(0, alone ? MOST_KEYS : MOST_LINES);
  const all = total(rows, cols),
    drawn = lines.reduce((sum, line) => sum + line[2], 0);
  if (alone) cols = lines.map((line) => line[1]).sort((a, b) => a - b);
  return { rows, cols, lines, left: pairs.length - lines.length, rest: all > 0 ? Math.max(0, 1 - drawn / all) : 0 };
}

/**
 * The lines of several heads between the same words.
 * @param {Matrix[]} matrices
 * @param {import("./window.js").Window} window
 * @param {number | null} focus
 * @returns {Lines & {heads: number[]}} `heads` says whose each line is
 */
export function linesOfSeveral(matrices, window, focus) {
  const each = matrices.map((matrix) => linesOf(matrix, window, focus)),
    [first] = each;
  const all = each.flatMap(({ lines }, head) => lines.map((line) => ({ line, head })));
  all.sort((a, b) => b.line[2] - a.line[2]);
  return {
    rows: first.rows,
    cols: [...new Set(each.flatMap(({ cols }) => cols))].sort((a, b) => a - b),
    lines: all.map(({ line }) => line),
    heads: all.map(({ head }) => head),
    left: each.reduce((sum, { left }) => sum + left, 0),
    rest: each.reduce((sum, { rest }) => sum + rest, 0) / each.length,
  };
}

/**
 * Where a word's lines begin; the shorter side stands in the middle of the longer.
 * @param {number[][]} sides the queries, and the keys
 * @param {number} which
 * @param {number} position
 */
export function heightOf(sides, which, position) {
  const most = Math.max(...sides.map((side) => side.length));
  return ((most - sides[which].length) / 2 + sides[which].indexOf(position) + 0.5) * WORD;
}

/**
 * A line's path from one side to the other.
 * @param {number} left
 * @param {number} from
 * @param {number} right
 * @param {number} to
 */
export const lineEnds = (left, from, right, to) =>
  `M${left} ${from}C${(left + right) / 2} ${from} ${(left + right) / 2} ${to} ${right} ${to}`;

/**
 * What is said under the lines.
 * @param {Lines} lines
 * @param {{window: import("./window.js").Window, high: number, log: boolean, rowName: (i: number) => string}} drawing
 * @returns {string[]}
 */
export function toldOf({ rows, lines, left, rest }, { window: part, high, log, rowName }) {
  const out = left ? `; ${left} weaker ones left out, with ${percent(rest)} of the attention` : "";
  return [
    ...(part[2] === rows.length
      ? []
      : [`Too many words for all their lines: these are “${rowName(rows[0])}” and what it attends to most.`]),
    `${counted(lines.length, "line")} drawn${out}.`,
    `A full line is ${fixed(high)}${log ? ", on a logarithmic scale from 0.0001" : ", a line half as strong is half as clear"}.`,
  ];
}
