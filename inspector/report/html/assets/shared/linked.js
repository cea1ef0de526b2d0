/**
 * How a page that keeps what is chosen in its address begins, once its numbers are read.
 */

import { followAddress } from "./address.js";
import { mountAll } from "./page.js";
import { createStore } from "./store.js";

/**
 * Choose what is shown first, put the views up, and keep address and choice together.
 * @template {object} S, D
 * @param {D} data
 * @param {Record<string, (root: HTMLElement, data: D, store: import("./store.js").Store<S>) => unknown>} views
 * @param {{firstView: (data: D) => S, stateOf: (hash: string, first: S, data: D) => S,
 *   hashOf: (state: S, first: S, data: D) => string,
 *   settled: (data: D, changes: Partial<S>, before: S) => Partial<S>}} known what the page knows of its states
 * @returns {{store: import("./store.js").Store<S>, opened: string, state: () => S & {hash: string}}} with the hash that
 *   it was opened at, and what is chosen now
 */
export function beginLinked(data, views, { firstView, stateOf, hashOf, settled }) {
  const first = firstView(data),
    opened = location.hash;
  const store = createStore(stateOf(opened, first, data), (changes, before) => settled(data, changes, before));
  document.documentElement.dataset.loaded = "";
  for (const part of document.querySelectorAll("section, footer")) part.toggleAttribute("data-drawn", true);
  mountAll(views, data, store);
  followAddress(
    store,
    first,
    (state) => hashOf(state, first, data),
    (hash) => stateOf(hash, first, data),
  );
  return { store, opened, state: () => ({ ...store.get(), hash: hashOf(store.get(), first, data) }) };
}
