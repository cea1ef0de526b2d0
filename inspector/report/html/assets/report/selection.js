/**
 * Which words are chosen, between two texts: a word of one of them is no word of the other; and which cell of the
 * matrices goes with them, so that all that explains a number explains the word that is pinned.
 */

import { standing } from "../attention/heads_order.js";
import { asksLink, linkOf } from "../attention/pair.js";
import { headsOf } from "../attention/run_heads.js";
import { sinkKeys } from "./aside.js";
import { isFoldable } from "./charts/layer_rows.js";

/** @typedef {import("./data.js").ReportData} ReportData */
/** @typedef {import("./state.js").State} State */

/** @param {import("./shipped.js").Side} side position of its first word */
export const firstWord = ({ tokens }) =>
  Math.max(
    0,
    tokens.findIndex((token) => !token.special),
  );

/**
 * The text whose words are pointed at, that of the queries or that of the keys, and the other.
 * @param {ReportData} data
 * @param {Pick<State, "index" | "direction">} state
 */
export function ends(data, { index, direction }) {
  const { rows, cols } = data.sides(index);
  return direction === "in" ? [cols, rows] : [rows, cols];
}

/** @param {ReportData} data @param {Pick<State, "index" | "direction">} state */
const asking = (data, state) => ends(data, state)[0];

/**
 * What the heads are coloured by where nobody asked: cells without a picture have a colour instead.
 * @param {ReportData} data
 */
export const usualTone = (data) => (isFoldable(data) && data.heads.length ? "words" : "none");

/**
 * The state with the head that is pointed at instead of the chosen one, where both are between the same texts.
 * @param {ReportData} data
 * @param {State} state
 * @returns {State}
 */
export function seenState(data, state) {
  if (!state.peek) return state;
  const [index, head] = state.peek,
    here = data.sides(state.index),
    there = data.sides(index);
  return here.rows === there.rows && here.cols === there.cols ? { ...state, index, head } : state;
}

/**
 * Changes that also unpin what was chosen among the words of a text that is no longer there.
 * @param {ReportData} data
 * @param {Partial<State>} changes
 * @param {State} before
 * @returns {Partial<State>}
 */
export function settled(data, changes, before) {
  const after = { ...before, ...changes },
    was = data.sides(before.index),
    is = data.sides(after.index);
  /** @type {Partial<State>} */
  const more = {};
  const asked = asking(data, after);
  if (asking(data, before) !== asked) Object.assign(more, { pinned: firstWord(asked), compared: null, hovered: null });
  if (was.rows !== is.rows || was.cols !== is.cols) {
    Object.assign(more, { cell: [firstWord(is.rows), firstWord(is.cols)], zoom: null, compared: null });
  }
  if ("pinned" in changes) more.own = false;
  const next = { ...after, ...more, ...changes };
  if (asksLink(next) && !asksLink(before)) more.tone = "link";
  if (!asksLink(next) && next.tone === "link") more.tone = usualTone(data);
  if (!asksLink(next) && next.order === "link") more.order = "index";
  if (!changes.cell && MOVES.some((key) => next[key] !== before[key])) more.cell = cellOfPinned(data, next);
  return { ...more, ...changes };
}

/** What the chosen cell follows. @type {(keyof State)[]} */
const MOVES = ["pinned", "compared", "together", "index", "head", "direction"];

/**
 * The cell that a pinned word stands for: its strongest key that is no sink, or, where the question is who attends to
 * it, the query that gives it most.
 * @param {ReportData} data
 * @param {State} state
 * @returns {[number, number] | null} as it was, where nothing is pinned
 */
export function cellOfPinned(data, state) {
  const { index, head, pinned, cell, direction } = state;
  if (pinned == null) return cell;
  if (asksLink(state)) return linkOf(state);
  const { rows, cols, data: weights } = data.shown(index, head),
    visible = data.visible(index),
    { tokens } = data.sides(index).rows,
    sinks = new Set(sinkKeys(data, index));
  /** @type {(length: number, cell: (at: number) => [number, number], aside: (at: number) => boolean) => [number, number]} */
  const strongest = (length, cell, aside) => {
    const seen = Array.from({ length }, (_, at) => at).filter((at) => !visible || visible(...cell(at))),
      there = seen.filter((at) => !aside(at));
    const weight = (/** @type {number} */ at) => weights[cell(at)[0] * cols + cell(at)[1]] || 0;
    return cell((there.length ? there : seen).reduce((most, at) => (weight(at) > weight(most) ? at : most)));
  };
  return direction === "in"
    ? strongest(
        rows,
        (i) => [i, pinned],
        (i) => tokens[i].special,
      )
    : strongest(
        cols,
        (j) => [pinned, j],
        (j) => sinks.has(j),
      );
}

/**
 * The cell that an address need not name.
 * @param {ReportData} data
 * @param {State} state
 * @param {State} first
 */
export const usualCell = (data, state, first) =>
  MOVES.every((key) => state[key] === first[key]) ? first.cell : cellOfPinned(data, state);

/**
 * The head before or after the chosen one, as they now stand; faded ones are passed over.
 * @param {ReportData} data
 * @param {State} state
 * @param {number} by
 * @returns {{index: number, head: number} | null}
 */
export function headBeside(data, state, by) {
  const { line, faded } = standing(data, state),
    chosen = data.headIndex(state.index, state.head),
    there = line.filter((i) => !faded[i] || i === chosen);
  const next = headsOf(data)[there[there.indexOf(chosen) + by]];
  return next ? { index: next[0], head: next[1] } : null;
}

/**
 * A pointed or pinned token as a row of the matrices; null where it is a column.
 * @param {ReportData} data
 * @param {State} state
 * @param {number | null} token
 * @returns {number | null}
 */
export const asRow = (data, state, token) => (asking(data, state) === data.sides(state.index).rows ? token : null);

/**
 * What to change to pin the word of a row.
 * @param {ReportData} data
 * @param {State} state
 * @param {number} row
 * @returns {Partial<State>}
 */
export const pinRow = (data, state, row) => ({
  pinned: row,
  hovered: null,
  ...(asRow(data, state, row) == null ? { direction: "out", compared: null } : {}),
});

/**
 * The token whose lines are drawn, or the row at the cursor where columns are pointed at.
 * @param {ReportData} data
 * @param {State} state
 * @returns {number | null}
 */
export function lineRow(data, state) {
  const { hovered, pinned, cell } = state;
  return asRow(data, state, hovered ?? pinned) ?? cell?.[0] ?? null;
}
