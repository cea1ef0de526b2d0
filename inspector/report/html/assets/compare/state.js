/**
 * What can be chosen in a comparison, what it shows first, and all of it in the address.
 */

/** @typedef {import("./data.js").CompareData} CompareData */
/**
 * @typedef {object} CompareState
 * @property {number} index which of the layers
 * @property {number} head
 * @property {number} row place of the query that is asked about
 * @property {number} col place of the key
 * @property {"change" | "patch"} tone what the grid is coloured by
 */
/** @typedef {import("../shared/store.js").Store<CompareState>} Store */

/** @param {CompareData} data the heads that changed most first */
export const byChange = (data) => data.heads.filter(({ bits }) => !Number.isNaN(bits)).sort((a, b) => b.bits - a.bits);

/** @param {CompareData} data those that carry most of the change first */
export const byShare = (data) =>
  data.heads.filter(({ share }) => !Number.isNaN(share)).sort((a, b) => b.share - a.share);

/**
 * The head that changed most, where it changed most.
 * @param {CompareData} data
 * @returns {CompareState}
 */
export function firstView(data) {
  const [most] = byChange(data);
  return {
    index: most?.index ?? 0,
    head: most?.head ?? 0,
    row: most?.cell[0] ?? 0,
    col: most?.cell[1] ?? 0,
    tone: "change",
  };
}

/**
 * What has to change with what was chosen: another head is shown where it changed most, and of a layer at another site
 * the places are others.
 * @param {CompareData} data
 * @param {Partial<CompareState>} changes
 * @param {Readonly<CompareState>} before
 * @returns {Partial<CompareState>}
 */
export function settled(data, changes, before) {
  const index = changes.index ?? before.index;
  if (index === before.index || "row" in changes) return changes;
  const now = data.alignmentsOf(index),
    then = data.alignmentsOf(before.index);
  if (now.rows === then.rows && now.cols === then.cols) return changes;
  const cell = data.headAt(index, changes.head ?? before.head)?.cell ?? [0, 0];
  return { ...changes, row: cell[0], col: cell[1] };
}

/** @param {CompareState} state @param {CompareState} first @param {CompareData} data @returns {string} */
export function hashOf(state, first, data) {
  const { site, layer } = data.layers[state.index] ?? {};
  const said = [];
  if (state.index !== first.index || state.head !== first.head) said.push(`head=${site}.${layer}.${state.head}`);
  if (said.length || state.row !== first.row || state.col !== first.col) said.push(`at=${state.row}.${state.col}`);
  if (state.tone !== first.tone) said.push(`tone=${state.tone}`);
  return said.join("&");
}

/**
 * The state that an address names; whatever does not fit stays as it was at first.
 * @param {string} hash
 * @param {CompareState} first
 * @param {CompareData} data
 * @returns {CompareState}
 */
export function stateOf(hash, first, data) {
  const given = new URLSearchParams(hash.replace(/^#/, "")),
    state = { ...first };
  const named = /^(\w+)\.(\d+)\.(\d+)$/.exec(given.get("head") ?? "");
  if (named) {
    const [, site, layer, head] = named,
      index = data.layers.findIndex((one) => one.site === site && one.layer === Number(layer)),
      found = data.headAt(index, Number(head));
    if (found) [state.index, state.head, state.row, state.col] = [index, found.head, ...found.cell];
  }
  const at = /^(\d+)\.(\d+)$/.exec(given.get("at") ?? "");
  if (at && data.heads.length) {
    const { rows, cols } = data.alignmentsOf(state.index),
      [row, col] = at.slice(1).map(Number);
    if (row < data.placesOf(rows).length && col < data.placesOf(cols).length) [state.row, state.col] = [row, col];
  }
  if (given.get("tone") === "patch" && data.header.patches) state.tone = "patch";
  return state;
}
