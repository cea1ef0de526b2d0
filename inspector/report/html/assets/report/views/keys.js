/**
 * Keys that work all over the page, and the list of all keys.
 */

import { headsOf, standing } from "../../attention/heads_order.js";
import { target } from "../../shared/controls.js";
import { View } from "../../shared/view.js";

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

  /** @param {number} by the head before or after the chosen one, as they now stand; faded ones are passed over */
  const stepHead = (by) => {
    const state = store.get(),
      { line, faded } = standing(data, state),
      heads = headsOf(data);
    const chosen = data.headIndex(state.index, state.head),
      there = line.filter((i) => !faded[i] || i === chosen);
    const next = heads[there[there.indexOf(chosen) + by]];
    if (next) store.set({ index: next[0], head: next[1] });
  };
  /** @param {number} by */
  const stepLayer = (by) => {
    const { index, head } = store.get(),
      layer = data.layers[index + by];
    if (layer) store.set({ index: index + by, head: Math.min(head, layer.heads - 1) });
  };
  /** @param {string} id */
  const goTo = (id) => {
    const section = document.getElementById(id);
    if (!section) return;
    section.tabIndex = -1;
    section.focus({ preventScroll: true });
    section.scrollIntoView();
  };
  const copyLink = () => document.documentElement.dispatchEvent(new Event("copylink"));
  view.listen(document, "keydown", (event) => {
    const { key, ctrlKey, altKey, metaKey } = event;
    if (event.defaultPrevented || ctrlKey || altKey || metaKey || dialog.open || !letters.checked) return;
    if (event.target instanceof Element && event.target.closest(TYPED)) return;
    const section = /^[1-9]$/.test(key) && sections[Number(key) - 1];
    const action = section
      ? () => goTo(section)
      : target(key, {
          n: () => stepHead(1),
          p: () => stepHead(-1),
          N: () => stepLayer(1),
          P: () => stepLayer(-1),
          l: copyLink,
          "?": open,
        });
    if (!action) return;
    event.preventDefault();
    action();
  });
  return view.dispose;
}
