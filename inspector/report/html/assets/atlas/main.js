/**
 * Where the atlas starts: read the payload, choose what to show first, let the views draw it.
 */

import { followAddress, hashOf, stateOf } from "./address.js";
import { AtlasData } from "./data.js";
import { readPage } from "../shared/decode.js";
import { DamagedReport } from "../shared/numbers.js";
import { createStore } from "../report/state.js";
import { showAtlasGrid } from "./views/grid.js";
import { showAtlasHead } from "./views/head.js";
import { showAtlasLadder } from "./views/ladder.js";
import { showAtlasRelations } from "./views/relations.js";
import { showAtlasTable } from "./views/table.js";

const root = document.documentElement;
root.dataset.started = "";

/** @param {string} text */
function giveUp(text) {
  root.dataset.broken = "";
  /** @type {HTMLElement} */ (document.getElementById("notice")).textContent = text;
}

/**
 * The first thing to look at: the first claim of the page, if there is one.
 * @param {AtlasData} data
 * @returns {import("./address.js").AtlasState}
 */
function firstView(data) {
  const claim = /** @type {HTMLElement | null} */ (document.querySelector(".claim"))?.dataset;
  const measure = data.numbers.has(claim?.measure) ? claim?.measure : data.measures[0].name;
  return {
    head: data.places.get(claim?.head ?? "") ?? 0,
    measure: /** @type {string} */ (measure),
    over: "value",
    group: "attention",
    sort: "place",
    order: "ascending",
    layer: "",
    label: "",
    relations: "difference",
    relationOrder: "descending",
  };
}

async function start() {
  if ("broken" in root.dataset) return; // the guard has said why
  const { header, planes } = await readPage(document);
  const data = new AtlasData(header, planes);
  const first = firstView(data), hash = location.hash;
  const store = createStore(/** @type {any} */ (stateOf(hash, first, data)));
  root.dataset.loaded = "";
  showAtlasGrid(data, store);
  showAtlasHead(data, store);
  showAtlasRelations(data, store);
  showAtlasLadder(data, store);
  showAtlasTable(data, store);
  followAddress(store, first, data);
  for (const link of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".claim"))) {
    link.addEventListener("click", (event) => {
      if (/** @type {MouseEvent} */ (event).ctrlKey || /** @type {MouseEvent} */ (event).metaKey) return;
      event.preventDefault();
      store.set(stateOf(`head=${link.dataset.head}&measure=${encodeURIComponent(link.dataset.measure ?? "")}`,
        /** @type {any} */ (store.get()), data));
      document.getElementById("heads")?.scrollIntoView();
    });
  }
  Object.defineProperty(window, "inspector", { value: Object.freeze({
    version: header.inspector,
    get state() { return { ...store.get(), hash: hashOf(/** @type {any} */ (store.get()), first, data) }; },
    /** @param {string} measure @param {string} site @param {number} layer @param {number} head */
    entry(measure, site, layer, head) {
      const h = data.places.get(`${site}.${layer}.${head}`);
      if (h == null) throw new RangeError(`there is no head ${head} in ${site} layer ${layer}`);
      if (!data.numbers.has(measure)) throw new RangeError(`there is no measure ${measure}`);
      return data.entry(measure, h);
    },
  }) });
  requestAnimationFrame(() => requestAnimationFrame(() => {
    // The browser looked for the place in the address before the page was there.
    if (hash && !hash.includes("=")) document.getElementById(hash.slice(1))?.scrollIntoView({ behavior: "instant" });
    root.dataset.ready = "";
    performance.mark("ready");
  }));
}

start().catch((error) => {
  if (error instanceof DamagedReport) giveUp(`This atlas is damaged: ${error.message}.`);
  else {
    giveUp(`This atlas could not be shown: ${error.message}.`);
    throw error;
  }
});
