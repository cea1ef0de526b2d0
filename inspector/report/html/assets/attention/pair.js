/**
 * Two words, and how strongly every head links them.
 */

import { headsOf } from "./run_heads.js";
import { unitsOf } from "./words.js";

/** @typedef {import("../report/data.js").ReportData} ReportData */
/** @typedef {import("../report/state.js").State} State */
/** @typedef {Pick<State, "index" | "pinned" | "compared" | "direction" | "subwords">} Asked */

/**
 * Whether two words are chosen of which is asked which heads link them.
 * @param {Pick<State, "pinned" | "compared" | "together" | "direction">} state
 */
export const asksLink = ({ pinned, compared, together, direction }) =>
  pinned != null && compared != null && together === "link" && direction !== "does";

/**
 * Their tokens as row and column.
 * @param {Pick<State, "pinned" | "compared" | "direction">} state
 */
export const linkOf = ({ pinned, compared, direction }) =>
  /** @type {[number, number]} */ (direction === "in" ? [compared, pinned] : [pinned, compared]);

/**
 * The attention that one word gives to another, head by head: into a word summed, out of a word averaged.
 * @param {ReportData} data
 * @param {Asked} state with two words
 * @returns {number[]} of every head of the run; NaN where it is not between these texts
 */
export function linkWeights(data, state) {
  const { index, subwords } = state,
    here = data.sides(index),
    [from, to] = linkOf(state);
  /** @param {import("../report/shipped.js").Side} side @param {number} token */
  const tokensOf = (side, token) =>
    unitsOf(side.tokens, side.names, side, subwords).find(({ tokens }) => tokens.includes(token))?.tokens ?? [];
  const rows = tokensOf(here.rows, from),
    cols = tokensOf(here.cols, to);
  return data.keep(`link ${here.rows.name} ${here.cols.name} ${rows} ${cols}`, () =>
    headsOf(data).map(([n, head]) => {
      const there = data.sides(n);
      if (there.rows !== here.rows || there.cols !== here.cols) return NaN;
      let sum = 0;
      for (const i of rows) {
        const weights = data.row(n, head, i);
        for (const j of cols) sum += weights[j];
      }
      return sum / rows.length;
    }),
  );
}
