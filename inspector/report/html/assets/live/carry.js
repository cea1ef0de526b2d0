/**
 * What was chosen, carried over to another text: the head stays, and a word stays where it now stands.
 */

/** @typedef {import("../payload.js").Token} Token */
/** @typedef {(index: number) => number | null} Moves where a token now stands; null where it is gone */

/**
 * Where the tokens of a text stand after it was changed in one place.
 * @param {Pick<Token, "id">[]} before
 * @param {Pick<Token, "id">[]} after
 * @returns {Moves}
 */
export function moves(before, after) {
  const most = Math.min(before.length, after.length);
  let start = 0,
    end = 0;
  while (start < most && before[start].id === after[start].id) start++;
  while (end < most - start && before[before.length - 1 - end].id === after[after.length - 1 - end].id) end++;
  return (index) => {
    if (index < start) return index;
    if (index >= before.length - end) return index + after.length - before.length;
    // One of those that were exchanged stands for the other of the same rank, if there is one.
    return index < after.length - end ? index : null;
  };
}

/**
 * The state that another text begins with.
 * @param {import("../report/state.js").State} state
 * @param {Moves} rows where the tokens of the queries now stand
 * @param {Moves} cols and those of the keys
 * @param {boolean} same whether both are where they were
 * @returns {Partial<import("../report/state.js").State>} what is left out is as at first
 */
export function carried(state, rows, cols, same) {
  const { hovered: _, pinned, compared, cell, zoom, ...rest } = state,
    asked = state.direction === "in" ? cols : rows;
  /** @param {number | null} token */
  const moved = (token) => (token == null ? null : asked(token));
  /** @type {Partial<import("../report/state.js").State>} */
  const next = { ...rest, compared: moved(compared) };
  const pin = moved(pinned);
  // A word that is gone leaves it to the new text which one is shown.
  if (pinned == null || pin != null) next.pinned = pin;
  if (same) next.zoom = zoom;
  const at = cell && [rows(cell[0]), cols(cell[1])];
  if (at && at[0] != null && at[1] != null) next.cell = /** @type {[number, number]} */ (at);
  return next;
}
