/**
 * Where the page starts: read the payload, choose what to show first, let the views draw it. What
 * is on screen comes first; the sections below follow one at a time, or all at once as soon as
 * somebody does something.
 */

import { firstWord, settled } from "./selection.js";
import { readPage } from "../shared/decode.js";
import { DamagedReport } from "../shared/numbers.js";
import { followAddress, hashOf, isState, stateOf } from "./permalink.js";
import { ReportData } from "./data.js";
import { createStore } from "./state.js";
import { showGrid } from "./views/grid.js";
import { showHead } from "./views/head.js";
import { showKeys } from "./views/keys.js";
import { showLadder } from "./views/ladder.js";
import { showLinks } from "./views/links.js";
import { showMix } from "./views/mix.js";
import { showPredictions } from "./views/predictions.js";
import { showReading } from "./views/reading.js";
import { showSentence } from "./views/sentence.js";
import { showSites } from "./views/site.js";
import { showSources } from "./views/sources.js";
import { showTake } from "./views/export.js";
import { showVerdict } from "./views/verdict.js";
import { showWhy } from "./views/why.js";

const root = document.documentElement;
root.dataset.started = "";

/** @param {string} text */
function giveUp(text) {
  root.dataset.broken = "";
  /** @type {HTMLElement} */ (document.getElementById("notice")).textContent = text;
}

/**
 * The first thing to look at: the strongest link between two words, if there is one, and between two texts if
 * there are two.
 * @param {ReportData} data
 * @returns {import("./state.js").State}
 */
function firstView(data) {
  const { links } = data.header, link = links.find(({ site }) => site === "cross") ?? links[0];
  const { rows, cols } = data.sides(0);
  return {
    layer: link ? data.place(link.site, link.layer) : 0,
    head: link ? link.head : 0,
    pinned: link ? link.source_token : firstWord(rows),
    hovered: null,
    cell: link ? [link.source_token, link.target_token] : [firstWord(rows), firstWord(cols)],
    rung: "classroom",
    part: "all",
    zoom: null,
    shape: "matrix",
    sink: false,
    log: false,
    scope: "head",
    tokens: "all",
    direction: "out",
    whose: "head",
    pieces: data.header.pieces,
    compared: null,
    measure: "jsd_bits",
    dimensions: "place",
    dimension: null,
    order: "place",
    tone: "none",
    label: null,
    glance: "matrices",
  };
}

/** Soon, when the browser has nothing better to do. */
const whenIdle = (task) => (window.requestIdleCallback ? requestIdleCallback(task, { timeout: 200 }) : setTimeout(task));

/** What may need a section that is not drawn yet. */
const ACTIONS = ["keydown", "pointerdown", "click", "focusin", "input", "change", "hashchange", "beforeprint"];

/**
 * Draw sections from the top, as many as there is room for on the screen.
 * @param {[string, () => void][]} sections selectors, and what draws each
 * @param {boolean} all true to draw them all in one go
 * @returns {() => void} draws the others, each in a task of its own
 */
function drawInTurn(sections, all) {
  let at = 0;
  /** @returns {DOMRect} where the section lies: asking lays it out, and so not all of them at once */
  const next = () => {
    const [where, draw] = sections[at++], section = /** @type {HTMLElement} */ (document.querySelector(where));
    draw();
    section.dataset.drawn = "";
    return section.getBoundingClientRect();
  };
  const rest = () => {
    while (at < sections.length) next();
    root.dataset.complete = "";
    for (const action of ACTIONS) window.removeEventListener(action, rest, true);
  };
  for (const action of ACTIONS) window.addEventListener(action, rest, true);
  while (at < sections.length && (next().bottom < innerHeight || all));
  return function later() {
    if (at < sections.length) next();
    if (at < sections.length) whenIdle(later);
    else rest();
  };
}

async function start() {
  if ("broken" in root.dataset) return; // the guard has said why
  if (document.readyState === "loading") await new Promise((go) => document.addEventListener("DOMContentLoaded", go));
  const { header, planes } = await readPage(document);
  const data = new ReportData(header, planes, document.getElementById("script")?.textContent ?? "");
  const first = firstView(data), hash = location.hash;
  const store = createStore(stateOf(hash, first, data), (changes, before) => settled(data, changes, before));
  /** @type {(by: number) => void} */
  let stepHead = () => {};
  let copyLink = () => {};
  const place = hash && !isState(hash) ? hash.slice(1) : "";
  /** @type {[string, () => void]} */
  const predictions = ["#words", () => showPredictions(header.predictions, data.sides(0).rows)];
  const drawRest = drawInTurn([
    [".opening", () => {
      root.dataset.loaded = "";
      showVerdict(header);
      showSites(data, store);
      showSentence(data, store);
      showLinks(data, store);
      showKeys(data, store, (by) => stepHead(by), () => copyLink());
    }],
    ["#heads", () => { stepHead = showGrid(data, store); }],
    ["#head", () => {
      showReading(data, store);
      showHead(data, store);
      copyLink = showTake(data, store, () => `${location.href.split("#")[0]}#${hashOf(store.get(), first)}`);
    }],
    ["#why", () => showWhy(data, store)],
    ["#ladder", () => showLadder(data, store)],
    ["#mix", () => showMix(data, store)],
    ...(header.predictions ? [predictions] : []),
    ["#classroom", () => {}],
    ["footer", () => showSources(header)],
  ], place !== "");
  followAddress(store, first, data);
  Object.defineProperty(window, "inspector", { value: Object.freeze({
    version: header.inspector,
    get state() { return store.get(); },
    /** @param {string} site @param {number} layer @param {number} head */
    attention(site, layer, head) {
      const n = data.place(site, layer);
      if (!(head >= 0 && head < data.sites[n].heads)) throw new RangeError(`there is no head ${head}`);
      const { rows, cols, data: weights } = data.shown(n, head);
      return { rows, cols, data: weights.slice() };
    },
    /** @param {string} site @param {number | null} layer null for all layers of the site */
    async mean(site, layer = null) {
      const n = layer == null ? data.sites.findIndex((s) => s.site === site) : data.place(site, layer);
      if (n < 0) throw new RangeError(`there is no site ${site}`);
      const { rows, cols, data: weights } = await data.mean(n, layer == null ? "all" : "layer");
      return { rows, cols, data: weights.slice() };
    },
  }) });
  requestAnimationFrame(() => requestAnimationFrame(() => {
    // The browser looked for the place in the address before the page was there.
    document.getElementById(place)?.scrollIntoView({ behavior: "instant" });
    root.dataset.ready = "";
    performance.mark("ready");
    whenIdle(drawRest);
  }));
}

start().catch((error) => {
  if (error instanceof DamagedReport) giveUp(`This report is damaged: ${error.message}.`);
  else {
    giveUp(`This report could not be shown: ${error.message}.`);
    throw error;
  }
});
