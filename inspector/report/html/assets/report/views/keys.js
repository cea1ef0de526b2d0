/**
 * Keys that work all over the page, and the list of all keys.
 */

import { byId } from "../../shared/dom.js";

/** Where letters are somebody's words. */
const TYPED = "input:not([type=checkbox]), textarea, select, [contenteditable]";

/**
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 * @param {(by: number) => void} stepHead
 * @param {() => void} copyLink
 */
export function showKeys(data, store, stepHead, copyLink) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("keys"));
  const letters = /** @type {HTMLInputElement} */ (byId("keys-letters"));
  const close = byId("keys-close");
  const open = () => {
    dialog.showModal();
    close.focus();
  };
  byId("keys-open").addEventListener("click", open);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  const sections = ["main", ...[...document.querySelectorAll("nav a")].map((a) => /** @type {string} */ (a.getAttribute("href")).slice(1))];
  byId("keys-sections").textContent = ["sentence", ...[...document.querySelectorAll("nav a")].map((a) => a.textContent)]
    .map((name, i) => `${i + 1} ${name}`).join(" · ");

  /** @param {number} by */
  const stepLayer = (by) => {
    const { layer, head } = store.get(), site = data.sites[layer + by];
    if (site) store.set({ layer: layer + by, head: Math.min(head, site.heads - 1) });
  };
  /** @param {string} id */
  const goTo = (id) => {
    const section = byId(id);
    section.tabIndex = -1;
    section.focus({ preventScroll: true });
    section.scrollIntoView();
  };
  const actions = { n: () => stepHead(1), p: () => stepHead(-1), N: () => stepLayer(1), P: () => stepLayer(-1),
    l: copyLink, "?": open };
  document.addEventListener("keydown", (event) => {
    const { key, ctrlKey, altKey, metaKey, target } = event;
    if (event.defaultPrevented || ctrlKey || altKey || metaKey || dialog.open || !letters.checked) return;
    if (/** @type {Element} */ (target).closest?.(TYPED)) return;
    const section = /^[1-9]$/.test(key) && sections[Number(key) - 1];
    const action = section ? () => goTo(section) : actions[key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
