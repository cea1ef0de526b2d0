/**
 * How a page opens, and what it says when it cannot.
 */

import { DamagedReport } from "./numbers.js";

const root = document.documentElement;

/** True where the guard has said already why the page stays empty. */
export const isStopped = () => "broken" in root.dataset;

/** Resolves when the whole page was read. */
export const loaded = () =>
  new Promise((go) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", go);
    else go(null);
  });

/**
 * Say in one sentence why the page cannot be shown; a fault of ours is thrown on.
 * @param {string} kind what the page is
 * @param {unknown} error
 */
export function giveUp(kind, error) {
  const damaged = error instanceof DamagedReport,
    notice = document.getElementById("notice");
  const why = error instanceof Error ? error.message : error;
  root.dataset.broken = "";
  if (notice) notice.textContent = `This ${kind} ${damaged ? "is damaged" : "could not be shown"}: ${why}.`;
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
      root.dataset.ready = "";
      performance.mark("ready");
      then();
    }),
  );
}
