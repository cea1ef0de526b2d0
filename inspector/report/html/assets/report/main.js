/**
 * Where the report starts: read the payload, choose what to show first, let the views draw it. What
 * is on screen comes first; the sections below follow one at a time, or all at once as soon as
 * somebody does something.
 */

import { isState } from "../shared/address.js";
import { giveUp, isStopped, mountAll, openPage, whenReady } from "../shared/page.js";
import { createStore } from "../shared/store.js";
import { ReportData } from "./data.js";
import { followAddress, stateOf } from "./permalink.js";
import { keepFrame } from "./places.js";
import { offer } from "./program.js";
import { SECTIONS } from "./sections.js";
import { settled } from "./selection.js";
import { firstView } from "./state.js";

const root = document.documentElement;
root.dataset.started = "";

/** Soon, when the browser has nothing better to do. @param {() => void} task */
const whenIdle = (task) => {
  if ("requestIdleCallback" in window) requestIdleCallback(task, { timeout: 200 });
  else setTimeout(task);
};

/** What may need a section that is not drawn yet. */
const ACTIONS = ["keydown", "pointerdown", "click", "focusin", "input", "change", "hashchange", "beforeprint"];

/**
 * Draw sections from the top, as many as there is room for on the screen.
 * @param {{where: HTMLElement, draw: () => void}[]} sections
 * @param {boolean} all true to draw them all in one go
 * @returns {() => void} draws the others, each in a task of its own
 */
function drawInTurn(sections, all) {
  let at = 0;
  /** @returns {DOMRect} where the section lies: asking lays it out, and so not all of them at once */
  const next = () => {
    const { where, draw } = sections[at++];
    where.dataset.drawn = "";
    draw();
    return where.getBoundingClientRect();
  };
  const rest = () => {
    try {
      while (at < sections.length) next();
      root.dataset.complete = "";
    } catch (error) {
      at = sections.length;
      giveUp("report", error);
    }
    for (const action of ACTIONS) window.removeEventListener(action, rest, true);
  };
  for (const action of ACTIONS) window.addEventListener(action, rest, true);
  while (at < sections.length && (next().bottom < innerHeight || all));
  return function later() {
    try {
      if (at < sections.length) next();
    } catch (error) {
      at = sections.length;
      giveUp("report", error);
    }
    if (at < sections.length) whenIdle(later);
    else if (!isStopped()) rest();
  };
}

async function start() {
  keepFrame();
  const page = await openPage("report");
  if (!page) return;
  const { header, planes } = page;
  const worker = document.getElementById("script")?.textContent ?? "";
  const data = new ReportData(/** @type {import("../payload.js").Header} */ (header), planes, worker);
  const first = firstView(data),
    hash = location.hash,
    anchor = hash && !isState(hash) ? hash.slice(1) : "";
  const store = createStore(stateOf(hash, first, data), (changes, before) => settled(data, changes, before));
  root.dataset.loaded = "";
  const drawRest = drawInTurn(
    SECTIONS.flatMap(({ section, views }) => {
      const where = /** @type {HTMLElement | null} */ (document.querySelector(section));
      return where ? [{ where, draw: () => mountAll(views, data, store) }] : [];
    }),
    anchor !== "",
  );
  followAddress(store, first, data);
  offer(() => ({ data, store }));
  whenReady(anchor, () => whenIdle(drawRest));
}

start().catch((error) => giveUp("report", error));
