/**
 * Keys that work all over the page, and the list of all keys.
 */

import { target } from "../../shared/controls.js";
import { View } from "../../shared/view.js";
import { goTo } from "../places.js";
import { headBeside } from "../selection.js";

/** Where letters are somebody's words. */
const TYPED = "input:not([type=checkbox]), textarea, select, [contenteditable]";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 */
export function mountKeys(root, data, store) {
  const view = new View(root, store);
  const dialog = view.find("keys", HTMLDialogElement),
    letters = view.find("keys-letters", HTMLInputElement);
  const close = view.find("keys-close");
  const open = () => {
    dialog.showModal();
    close.focus();
  };
  view.listen(view.find("keys-open"), "click", open);
  view.listen(close, "click", () => dialog.close());
  view.listen(dialog, "click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  /** @type {HTMLAnchorElement[]} */
  const anchors = [...document.querySelectorAll("nav a")].filter((a) => a instanceof HTMLAnchorElement);
  const sections = ["main", ...anchors.map((a) => a.hash.slice(1))];
  view.find("keys-sections").textContent = ["sentence", ...anchors.map((a) => a.textContent)]
    .map((name, i) => `${i + 1} ${name}`)
    .join(" · ");

  /** @param {number} by */
  const stepHead = (by) => store.set(headBeside(data, store.get(), by) ?? {});
  /** @param {number} by */
  const stepLayer = (by) => {
    const { index, head } = store.get(),
      layer = data.layers[index + by];
    if (layer) store.set({ index: index + by, head: Math.min(head, layer.heads - 1) });
  };
  /** @param {string} what */
  const ask = (what) => document.documentElement.dispatchEvent(new Event(what));
  view.listen(document, "keydown", (event) => {
    const { key, ctrlKey, altKey, metaKey } = event;
    if (event.defaultPrevented || ctrlKey || altKey || metaKey || dialog.open) return;
    if (event.target instanceof Element && event.target.closest(TYPED)) return;
    if (key === "Escape") store.set({ pinned: null, compared: null, hovered: null });
    if (!letters.checked) return;
    const section = /^[1-9]$/.test(key) && sections[Number(key) - 1];
    const action = section
      ? () => goTo(section)
      : target(key, {
          n: () => stepHead(1),
          p: () => stepHead(-1),
          N: () => stepLayer(1),
          P: () => stepLayer(-1),
          l: () => ask("copylink"),
          t: () => ask("tour"),
          "?": open,
        });
    if (!action) return;
    event.preventDefault();
    action();
  });
  return view.dispose;
}
