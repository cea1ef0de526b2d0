/**
 * How a page opens, and what it says when it cannot.
 */

import { marred, readPage } from "./decode.js";
import { DamagedReport } from "./numbers.js";

const root = document.documentElement;

/** True where the guard has said already why the page stays empty. */
export const isStopped = () => "broken" in root.dataset;

/** Resolves when the whole page was read. */
const loaded = () =>
  new Promise((go) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", go);
    else go(null);
  });

/**
 * Read the page that this runs in, once all of it is there.
 * @param {string} kind what the page is, for when parts of it were changed
 * @returns {Promise<Awaited<ReturnType<typeof readPage>> | null>} null where it stays empty
 */
export async function openPage(kind) {
  if (isStopped()) return null;
  await loaded();
  const why = marred(document),
    page = await readPage(document);
  if (isStopped()) return null;
  sayMarred(kind, why);
  return page;
}

/**
 * Put up the views that the page has a place for.
 * @template D, S
 * @param {Record<string, (root: HTMLElement, data: D, store: S) => unknown>} views by the selectors of their roots
 * @param {D} data
 * @param {S} store
 */
export function mountAll(views, data, store) {
  for (const [where, mount] of Object.entries(views)) {
    const found = document.querySelector(where);
    if (found instanceof HTMLElement) mount(found, data, store);
  }
}

/**
 * Say above a page that is shown that not all of it is as it was written. No more than that: its numbers were checked,
 * and a browser's extension may have changed the words.
 * @param {string} kind
 * @param {string} why empty where all is well
 */
function sayMarred(kind, why) {
  const notice = document.getElementById("notice");
  if (!why || !notice) return;
  root.dataset.marred = "";
  notice.textContent = `This ${kind} is damaged: ${why}. Its numbers match their checksums.`;
}

/**
 * Say in one sentence why the page cannot be shown; a fault of ours is thrown on.
 * @param {string} kind what the page is
 * @param {unknown} error
 */
export function giveUp(kind, error) {
  const marred = "marred" in root.dataset,
    damaged = marred || error instanceof DamagedReport,
    notice = document.getElementById("notice");
  const why = marred ? "parts of it are missing" : error instanceof Error ? error.message : error;
  root.dataset.broken = "";
  if (notice) {
    notice.textContent = damaged
      ? `This ${kind} is damaged: ${why}.`
      : `This ${kind} cannot be shown, or not all of it: its script failed (${why}).`;
  }
  if (!damaged) throw error;
}

/**
 * Once what is on screen was painted: go to the anchor in the address, and say that the page is ready.
 * @param {string} anchor empty for none
 * @param {() => void} [then]
 */
export function whenReady(anchor, then = () => {}) {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      // The browser looked for the anchor before the page was there.
      if (anchor) document.getElementById(anchor)?.scrollIntoView({ behavior: "instant" });
      if (isStopped()) return;
      root.dataset.ready = "";
      performance.mark("ready");
      then();
    }),
  );
}
