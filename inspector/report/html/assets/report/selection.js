/**
 * Which words are chosen, between two texts: a word of one of them is no word of the other.
 */

/** @typedef {import("./data.js").ReportData} ReportData */
/** @typedef {import("./state.js").State} State */

/** @param {import("./data.js").Side} side position of its first word */
export const firstWord = ({ tokens }) =>
  Math.max(
    0,
    tokens.findIndex((token) => !token.special),
  );

/**
 * The text whose words are pointed at: that of the queries, or that of the keys.
 * @param {ReportData} data
 * @param {State} state
 */
function asking(data, { index, direction }) {
  const { rows, cols } = data.sides(index);
  return direction === "out" ? rows : cols;
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
    Object.assign(more, { cell: [firstWord(is.rows), firstWord(is.cols)], zoom: null });
  }
  return { ...more, ...changes };
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
