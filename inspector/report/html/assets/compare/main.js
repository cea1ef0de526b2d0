/**
 * Where a comparison starts: read both sides, choose what to show first, let the views draw it.
 */

import { isState } from "../shared/address.js";
import { beginLinked } from "../shared/linked.js";
import { giveUp, openPage, whenReady } from "../shared/page.js";
import { CompareData } from "./data.js";
import { VIEWS } from "./sections.js";
import { firstView, hashOf, settled, stateOf } from "./state.js";

const root = document.documentElement;
root.dataset.started = "";

async function start() {
  const page = await openPage("comparison");
  if (!page) return;
  const { header, planes } = page;
  const data = new CompareData(/** @type {import("../payload.js").CompareHeader} */ (header), planes);
  const { opened, state } = beginLinked(data, VIEWS, { firstView, hashOf, settled, stateOf });
  Object.defineProperty(window, "inspector", {
    value: Object.freeze({
      version: data.header.inspector,
      get state() {
        return state();
      },
      /** @param {string} site @param {number} layer @param {number} head */
      change(site, layer, head) {
        const found = data.headAt(data.sides[0].indexOf(site, layer), head);
        if (!found) throw new RangeError(`there is no head ${head}`);
        return { bits: found.bits, share: found.share };
      },
      /** @param {string} site @param {number} layer @param {number} head over the places of both texts */
      matrices(site, layer, head) {
        const index = data.sides[0].indexOf(site, layer);
        if (!data.headAt(index, head)) throw new RangeError(`there is no head ${head}`);
        return data.matrices(index, head);
      },
    }),
  });
  whenReady(isState(opened) ? "" : opened.slice(1));
}

start().catch((error) => giveUp("comparison", error));
