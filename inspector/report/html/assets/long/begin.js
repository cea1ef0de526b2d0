/**
 * How the page of a long text begins: read what it opens with, and let the views draw it; the rest is read when it is
 * looked at.
 */

import { followAddress, isState } from "../shared/address.js";
import { mountAll, openPage, whenReady } from "../shared/page.js";
import { createStore } from "../shared/store.js";
import { LongData } from "./data.js";
import { VIEWS } from "./sections.js";
import { firstView, hashOf, settled, stateOf } from "./state.js";

/** @typedef {import("../payload.js").LongHeader} LongHeader */

/**
 * @param {(header: LongHeader) => import("./data.js").Supply | null} supplyOf who has the heads that are left out
 */
export async function begin(supplyOf) {
  const root = document.documentElement;
  root.dataset.started = "";
  const page = await openPage("report");
  if (!page) return;
  const header = /** @type {LongHeader} */ (page.header),
    data = new LongData(header, page.planes, supplyOf(header));
  const first = firstView(data),
    hash = location.hash;
  const store = createStore(stateOf(hash, first, data), (changes, before) => settled(data, changes, before));
  root.dataset.loaded = "";
  for (const part of document.querySelectorAll("section, footer")) part.toggleAttribute("data-drawn", true);
  mountAll(VIEWS, data, store);
  followAddress(
    store,
    first,
    (state) => hashOf(state, first),
    (hash) => stateOf(hash, first, data),
  );
  Object.defineProperty(window, "inspector", {
    value: Object.freeze({
      version: data.header.inspector,
      get state() {
        return { ...store.get(), hash: hashOf(store.get(), first) };
      },
      /** @param {number} layer @param {number} head @param {number} query */
      async row(layer, head, query) {
        return (await data.rowsOf(layer, head, query, query + 1))?.data ?? null;
      },
      /** @param {number} layer @param {number} head */
      flow: (layer, head) => data.flow(layer, head),
      /** @param {Partial<import("./state.js").LongState>} changes */
      show: (changes) => store.set(changes),
    }),
  });
  whenReady(isState(hash) ? "" : hash.slice(1));
}
