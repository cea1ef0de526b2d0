/**
 * How the page of a long text begins: read what it opens with, and let the views draw it; the rest is read when it is
 * looked at.
 */

import { isState } from "../shared/address.js";
import { beginLinked } from "../shared/linked.js";
import { openPage, whenReady } from "../shared/page.js";
import { LongData } from "./data.js";
import { VIEWS } from "./sections.js";
import { firstView, hashOf, settled, stateOf } from "./state.js";

/** @typedef {import("../payload.js").LongHeader} LongHeader */

/**
 * @param {(header: LongHeader) => import("./data.js").Supply | null} supplyOf who has the heads that are left out
 */
export async function begin(supplyOf) {
  document.documentElement.dataset.started = "";
  const page = await openPage("report");
  if (!page) return;
  const header = /** @type {LongHeader} */ (page.header),
    data = new LongData(header, page.planes, supplyOf(header));
  const { store, opened, state } = beginLinked(data, VIEWS, { firstView, hashOf, settled, stateOf });
  Object.defineProperty(window, "inspector", {
    value: Object.freeze({
      version: data.header.inspector,
      get state() {
        return state();
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
  whenReady(isState(opened) ? "" : opened.slice(1));
}
