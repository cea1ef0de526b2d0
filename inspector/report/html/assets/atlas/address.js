/**
 * What is chosen in the atlas, in its address: only what differs from the first view.
 */

import { GROUPS } from "./data.js";

/**
 * @typedef {object} AtlasState
 * @property {number} head which of the heads is looked at
 * @property {string} measure what the grid is coloured by
 * @property {"value" | "beyond"} over whether chance is taken off
 * @property {string} group which measures the table shows
 * @property {string} sort what the table is sorted by: `place`, `label` or a measure
 * @property {"ascending" | "descending"} order
 * @property {string} layer rows of the grid that the table shows, as `self.3`; empty for all
 * @property {string} label what heads of the table are named after; `none`, or empty for all
 * @property {string} relations column by which the relations are sorted
 * @property {"ascending" | "descending"} relationOrder
 */

/** Browsers refuse an address that changes too often. */
const PAUSE = 300;
const ORDERS = ["ascending", "descending"];
export const RELATION_COLUMNS = ["relation", "head", "accuracy", "baseline", "difference", "n"];

/**
 * @param {string} key
 * @param {AtlasState} state
 * @param {import("./data.js").AtlasData} data
 */
const written = (key, state, data) => (key === "head" ? data.heads[state.head].join(".") : state[key]);

/**
 * @param {AtlasState} state
 * @param {AtlasState} first
 * @param {import("./data.js").AtlasData} data
 * @returns {string} without the #; empty for the first view
 */
export const hashOf = (state, first, data) => Object.keys(first)
  .filter((key) => state[key] !== first[key])
  .map((key) => `${key}=${encodeURIComponent(written(key, state, data))}`).join("&");

/** @param {string} hash true where it is a state and not a place on the page */
const isState = (hash) => hash.includes("=");

/**
 * The state that an address names; whatever does not fit stays as it was at first.
 * @param {string} hash
 * @param {AtlasState} first
 * @param {import("./data.js").AtlasData} data
 * @returns {AtlasState}
 */
export function stateOf(hash, first, data) {
  const known = (name) => data.numbers.has(name);
  const fits = {
    measure: known, over: (value) => ["value", "beyond"].includes(value), group: (value) => Object.hasOwn(GROUPS, value),
    sort: (value) => known(value) || ["place", "label"].includes(value), order: (value) => ORDERS.includes(value),
    layer: (value) => value === "" || data.rows.some((row) => `${row.site}.${row.layer}` === value),
    label: (value) => value === "" || value === "none" || data.header.labels.some((its) => its.includes(value)),
    relations: (value) => RELATION_COLUMNS.includes(value), relationOrder: (value) => ORDERS.includes(value),
  };
  const state = { ...first };
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (key === "head") state.head = data.places.get(text) ?? first.head;
    else if (Object.hasOwn(fits, key) && fits[key](text)) state[key] = text;
  }
  return state;
}

/**
 * @param {import("../report/state.js").Store} store
 * @param {AtlasState} first
 * @param {import("./data.js").AtlasData} data
 */
export function followAddress(store, first, data) {
  let timer = 0, opening = true;
  const write = () => {
    const hash = hashOf(/** @type {any} */ (store.get()), first, data);
    if (`#${hash}` === location.hash || (!hash && !isState(location.hash))) return;
    // A frame without an address of its own refuses; the state then lasts as long as the page.
    try { history.replaceState(history.state, "", hash ? `#${hash}` : location.href.split("#")[0]); } catch { /* see above */ }
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(write, PAUSE);
  };
  store.watch(Object.keys(first), () => { if (!opening) later(); });
  opening = false;
  window.addEventListener("hashchange", () => {
    // A place on the page was gone to: the state stands in the address again a moment later.
    if (location.hash && !isState(location.hash)) later();
    else store.set(stateOf(location.hash, first, data));
  });
}
