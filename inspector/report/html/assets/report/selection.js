/**
 * What is chosen between two texts: a word of one of them is no word of the other.
 */

/** @typedef {import("./data.js").ReportData} ReportData */
/** @typedef {import("./state.js").State} State */

/** @param {import("./data.js").Side} side place of its first word */
export const firstWord = ({ tokens }) => Math.max(0, tokens.findIndex((token) => !token.special));

/**
 * The text whose words are pointed at: the one that listens, or the one that is listened to.
 * @param {ReportData} data
 * @param {State} state
 */
function asking(data, { layer, direction }) {
  const { rows, cols } = data.sides(layer);
  return direction === "out" ? rows : cols;
}

/**
 * Changes that also let go what was chosen among the words of a text that is no longer there.
 * @param {ReportData} data
 * @param {Partial<State>} changes
 * @param {State} before
 * @returns {Partial<State>}
 */
export function settled(data, changes, before) {
  const after = { ...before, ...changes }, was = data.sides(before.layer), is = data.sides(after.layer);
  const asked = asking(data, after), more = {};
  if (asking(data, before) !== asked) Object.assign(more, { pinned: firstWord(asked), compared: null, hovered: null });
  if (was.rows !== is.rows || was.cols !== is.cols) Object.assign(more, { cell: [firstWord(is.rows), firstWord(is.cols)], zoom: null });
  return { ...more, ...changes };
}

/**
 * A pointed or pinned token as a row of the matrices; null where it is a column.
 * @param {ReportData} data
 * @param {State} state
 * @param {number | null} token
 * @returns {number | null}
 */
export const asRow = (data, state, token) => (asking(data, state) === data.sides(state.layer).rows ? token : null);

/**
 * What to change to keep the word of a row.
 * @param {ReportData} data
 * @param {State} state
 * @param {number} row
 * @returns {Partial<State>}
 */
export const keepRow = (data, state, row) => ({ pinned: row, hovered: null,
  ...(asRow(data, state, row) == null ? { direction: "out", compared: null } : {}) });
