/**
 * What one head does with this text, in words and in a few bars.
 */

import { byId, el } from "../../shared/dom.js";
import { fixed, percent } from "../../shared/format.js";
import { segmentsOf, textShares } from "../../attention/segments.js";
import { LABELS } from "./grid.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */

/**
 * @param {ReportData} data
 * @param {Store} store
 */
export function showReading(data, store) {
  const rows = Object.values(LABELS).map((name) => {
    const fill = el("span", { class: "fill" }), value = el("td", { class: "value" });
    const element = el("tr", {}, el("th", { scope: "row" }, name),
      el("td", {}, el("span", { class: "bar", "aria-hidden": "true" }, fill)), value);
    return { fill, value, element };
  });
  byId("masses").append(...rows.map((row) => row.element));
  const texts = byId("text-shares"), cells = /** @type {HTMLElement[]} */ ([...texts.querySelectorAll("tbody td")]);

  store.watch(["layer", "head"], ({ layer, head }) => {
    const { masses, distance, ...rest } = data.header.heads[data.headIndex(layer, head)] ?? {};
    const { rows: asking, cols: heard } = data.sides(layer), between = asking !== heard;
    byId("head-reading").replaceChildren(...words(rest, between));
    byId("masses-box").hidden = !masses;
    rows.forEach(({ fill, value, element }, i) => {
      const mass = masses?.[i];
      // Between two texts there are no neighbours and there is no self.
      element.hidden = between && mass == null;
      fill.style.width = `${Math.min(1, mass ?? 0) * 100}%`;
      value.textContent = mass == null ? "–" : share(mass);
    });
    byId("distance").textContent = distance == null ? ""
      : `A word listens ${fixed(distance, 1)} tokens away on average.`;
    const segments = segmentsOf(data, layer);
    texts.hidden = !segments;
    if (!segments) return;
    textShares(data.shown(layer, head), segments).flat().forEach((value, i) => {
      cells[i].textContent = share(value);
      cells[i].style.setProperty("--share", `${(value || 0) * 100}%`);
    });
  });
}

/** @param {number} value from 0 to 1 */
const share = (value) => (Number.isNaN(value) ? "–" : `${fixed(value * 100, 1)} %`);

/**
 * @param {{entropy_bits?: number | null, label?: string | null, score?: number}} reading
 * @param {boolean} between true between two texts
 */
function words({ entropy_bits: entropy, label, score }, between) {
  const said = [];
  if (label) said.push(`On average ${percent(score)} of a word’s attention goes ${LABELS[label]}. `);
  else if (between) said.push("Neither the other text’s first token nor its separators take 40 % of a word’s attention. ");
  else said.push("Neither its neighbours nor itself, the first token or the separators take 40 % of its attention. ");
  if (entropy != null) {
    said.push(`A row’s entropy is ${fixed(entropy, 2)} bits: as spread out as listening to `
      + `${fixed(2 ** entropy, 1)} tokens evenly.`);
  }
  return said;
}
