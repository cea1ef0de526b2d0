/**
 * What can be chosen in the atlas, and what it shows first.
 */

/**
 * @typedef {object} AtlasState
 * @property {number} head index of the head that is looked at
 * @property {string} measure what the grid is coloured by
 * @property {"value" | "beyond"} over whether chance is taken off
 * @property {string} group which measures the table shows
 * @property {string} sort what the table is sorted by: `index`, `label` or a measure
 * @property {"ascending" | "descending"} order
 * @property {string} row which of the grid's rows the table shows, as `self.3`; empty for all
 * @property {string} label what heads of the table are named after; `none`, or empty for all
 * @property {string} relations column by which the relations are sorted
 * @property {"ascending" | "descending"} relationOrder
 */
/** @typedef {import("../shared/store.js").Store<AtlasState>} Store */

/**
 * The first thing to look at: the first claim of the page, if there is one.
 * @param {import("./data.js").AtlasData} data
 * @returns {AtlasState}
 */
export function firstView(data) {
  const claim = /** @type {HTMLElement | null} */ (document.querySelector(".claim"))?.dataset,
    measure = claim?.measure ?? "";
  return {
    head: data.indices.get(claim?.head ?? "") ?? 0,
    measure: data.numbers.has(measure) ? measure : data.measures[0].name,
    over: "value",
    group: "attention",
    sort: "index",
    order: "ascending",
    row: "",
    label: "",
    relations: "difference",
    relationOrder: "descending",
  };
}
