/**
 * Which attention is looked at, where a model has several: its encoder's, its decoder's, or between them.
 */

import { el } from "../../../shared/dom.js";
import { View } from "../../../shared/view.js";

/** @type {Record<string, string>} */
const SAYS = {
  encoder: "Encoder self-attention: the words of the source attend to each other.",
  decoder: "Decoder self-attention: each word of the target attends to those before it and to itself.",
  cross: "Cross-attention: the words of the target attend to the words of the source.",
};

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountSite(root, data, store) {
  const view = new View(root, store),
    names = [...new Set(data.layers.map(({ site }) => site))];
  root.hidden = names.length < 2;
  if (root.hidden) return view.dispose;
  /** @param {string} name */
  const go = (name) => {
    const { index, head } = store.get(),
      its = data.indicesOf(name);
    // The same layer of the other site, where it has as many.
    const next = its[Math.min(data.layers[index].layer, its.length - 1)];
    store.set({ index: next, head: Math.min(head, data.layers[next].heads - 1) });
  };
  const buttons = names.map((name) =>
    el("button", { type: "button", "data-value": name, onclick: () => go(name) }, name),
  );
  view.find("site-choice").append(...buttons);
  view.watch(["index"], ({ index }) => {
    const { site } = data.layers[index];
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === site));
    view.find("site-says").textContent = SAYS[site] ?? "";
  });
  return view.dispose;
}
