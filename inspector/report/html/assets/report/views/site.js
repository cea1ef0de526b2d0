/**
 * Which attention is looked at, where a model has several: its encoder's, its decoder's, or between them.
 */

import { byId, el } from "../../shared/dom.js";

const SAYS = {
  encoder: "The encoder: the words of the source listen to each other.",
  decoder: "The decoder: the words of the target listen to each other, none to what comes after it.",
  cross: "Cross-attention: the words of the target listen to the words of the source.",
};

/**
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 */
export function showSites(data, store) {
  const names = [...new Set(data.sites.map((site) => site.site))];
  byId("site").hidden = names.length < 2;
  if (names.length < 2) return;
  const go = (name) => {
    const { layer, head } = store.get(), places = [...data.sites.keys()].filter((n) => data.sites[n].site === name);
    // The same layer of the other site, where it has as many.
    const place = places[Math.min(data.sites[layer].layer, places.length - 1)];
    store.set({ layer: place, head: Math.min(head, data.sites[place].heads - 1) });
  };
  const buttons = names.map((name) => el("button", { type: "button", "data-value": name, onclick: () => go(name) }, name));
  byId("site-choice").append(...buttons);
  store.watch(["layer"], ({ layer }) => {
    const { site } = data.sites[layer];
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === site));
    byId("site-says").textContent = SAYS[site] ?? "";
  });
}
