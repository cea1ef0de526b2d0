/**
 * What is chosen in the atlas, in its address: only what differs from the first view.
 */

import { addressWriter, isState } from "../shared/address.js";
import { GROUPS } from "./data.js";

/** @typedef {import("./state.js").AtlasState} AtlasState */
/** @typedef {import("./data.js").AtlasData} AtlasData */

const ORDERS = ["ascending", "descending"];
export const RELATION_COLUMNS = ["relation", "head", "accuracy", "baseline", "difference", "n"];

/**
 * @param {keyof AtlasState} key
 * @param {AtlasState} state
 * @param {AtlasData} data
 */
const written = (key, state, data) => (key === "head" ? data.heads[state.head].join(".") : state[key]);

/** @param {AtlasState} state @returns {(keyof AtlasState)[]} */
const keysOf = (state) => /** @type {(keyof AtlasState)[]} */ (Object.keys(state));

/**
 * @param {AtlasState} state
 * @param {AtlasState} first
 * @param {AtlasData} data
 * @returns {string} without the #; empty for the first view
 */
export const hashOf = (state, first, data) =>
  keysOf(first)
    .filter((key) => state[key] !== first[key])
    .map((key) => `${key}=${encodeURIComponent(written(key, state, data))}`)
    .join("&");

/**
 * The state that an address names; whatever does not fit stays as it was at first.
 * @param {string} hash
 * @param {AtlasState} first
 * @param {AtlasData} data
 * @returns {AtlasState}
 */
export function stateOf(hash, first, data) {
  /** @param {string} name */
  const known = (name) => data.numbers.has(name);
  /** @type {Record<string, (value: string) => boolean>} */
  const fits = {
    measure: known,
    over: (value) => ["value", "beyond"].includes(value),
    group: (value) => Object.hasOwn(GROUPS, value),
    sort: (value) => known(value) || ["index", "label"].includes(value),
    order: (value) => ORDERS.includes(value),
    row: (value) => value === "" || data.rows.some((row) => `${row.site}.${row.layer}` === value),
    label: (value) => value === "" || value === "none" || data.header.labels.some((its) => its.includes(value)),
    relations: (value) => RELATION_COLUMNS.includes(value),
    relationOrder: (value) => ORDERS.includes(value),
  };
  const state = { ...first };
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (key === "head") state.head = data.indices.get(text) ?? first.head;
    else if (Object.hasOwn(fits, key) && fits[key](text)) Object.assign(state, { [key]: text });
  }
  return state;
}

/**
 * @param {import("./state.js").Store} store
 * @param {AtlasState} first
 * @param {AtlasData} data
 */
export function followAddress(store, first, data) {
  let opening = true;
  const later = addressWriter(() => hashOf(store.get(), first, data));
  store.watch(keysOf(first), () => {
    if (!opening) later();
  });
  opening = false;
  window.addEventListener("hashchange", () => {
    // An anchor on the page was gone to: the state stands in the address again a moment later.
    if (location.hash && !isState(location.hash)) later();
    else store.set(stateOf(location.hash, first, data));
  });
}
