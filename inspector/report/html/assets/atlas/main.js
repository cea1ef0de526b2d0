/**
 * Where the atlas starts: read the payload, choose what to show first, let the views draw it.
 */

import { isState } from "../shared/address.js";
import { giveUp, mountAll, openPage, whenReady } from "../shared/page.js";
import { createStore } from "../shared/store.js";
import { followAddress, hashOf, stateOf } from "./address.js";
import { AtlasData } from "./data.js";
import { VIEWS } from "./sections.js";
import { firstView } from "./state.js";

const root = document.documentElement;
root.dataset.started = "";

async function start() {
  const page = await openPage("atlas");
  if (!page) return;
  const { header, planes } = page;
  const data = new AtlasData(/** @type {import("../payload.js").AtlasHeader} */ (header), planes);
  const first = firstView(data),
    hash = location.hash;
  const store = createStore(stateOf(hash, first, data));
  root.dataset.loaded = "";
  mountAll(VIEWS, data, store);
  followAddress(store, first, data);
  Object.defineProperty(window, "inspector", {
    value: Object.freeze({
      version: data.header.inspector,
      get state() {
        return { ...store.get(), hash: hashOf(store.get(), first, data) };
      },
      /** @param {string} measure @param {string} site @param {number} layer @param {number} head */
      entry(measure, site, layer, head) {
        const h = data.indices.get(`${site}.${layer}.${head}`);
        if (h == null) throw new RangeError(`there is no head ${head} in ${site} layer ${layer}`);
        if (!data.numbers.has(measure)) throw new RangeError(`there is no measure ${measure}`);
        return data.entry(measure, h);
      },
    }),
  });
  whenReady(isState(hash) ? "" : hash.slice(1));
}

start().catch((error) => giveUp("atlas", error));
