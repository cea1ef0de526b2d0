/**
 * What one head does with this text, in words and in a few bars.
 */

import { headEffects } from "../../attention/effects.js";
import { LABELS } from "../../attention/heads_order.js";
import { kindsOf, lettersOf, segmentName, segmentsOf, textShares } from "../../attention/segments.js";
import { el, fillTo } from "../../shared/dom.js";
import { fixed, percent } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { headSteps } from "../charts/head_steps.js";
import { headWords } from "../words/effects.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 */
export function mountReading(root, data, store) {
  const view = new View(root, store),
    { effects } = data.header,
    silenced = headEffects(data);
  const rows = Object.values(LABELS).map((name) => {
    const fill = el("span", { class: "fill" }),
      value = el("td", { class: "value" });
    const element = el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      el("td", {}, el("span", { class: "bar", "aria-hidden": "true" }, fill)),
      value,
    );
    return { fill, value, element };
  });
  view.find("masses").append(...rows.map((row) => row.element));
  headSteps(view, data, "head-back", "head-on");
  const texts = view.find("text-shares"),
    kinds = kindsOf(lettersOf(data.source));
  fillTable(texts, kinds, data.source.pair != null);
  const cells = /** @type {HTMLElement[]} */ ([...texts.querySelectorAll("tbody td")]);

  view.watch(["index", "head"], ({ index, head }) => {
    const { site, layer } = data.layers[index],
      reading = data.heads[data.headIndex(index, head)];
    view.find("head-title").textContent =
      `${site === "self" ? "L" : `${site[0].toUpperCase()}${site.slice(1)}, l`}ayer ${layer}, head ${head}`;
    const { rows: queries, cols: keys } = data.sides(index),
      between = queries !== keys;
    view.find("head-reading").replaceChildren(...words(reading, between));
    view.find("head-effect").hidden = !silenced;
    if (effects && silenced)
      view.find("head-effect").textContent = headWords(effects, silenced, data.headIndex(index, head));
    view.find("masses-box").hidden = !reading;
    rows.forEach(({ fill, value, element }, i) => {
      const mass = reading?.masses[i];
      // Between two texts there are no neighbours and there is no self.
      element.hidden = between && mass == null;
      fillTo(fill, Math.min(1, mass ?? 0));
      value.textContent = mass == null ? "–" : share(mass);
    });
    view.find("distance").textContent =
      reading?.distance == null ? "" : `A token attends ${fixed(reading.distance, 1)} tokens away on average.`;
    const segments = segmentsOf(data, index);
    texts.hidden = !segments;
    if (!segments) return;
    textShares(data.shown(index, head), segments, kinds)
      .flat()
      .forEach((value, i) => {
        cells[i].textContent = share(value);
        cells[i].style.setProperty("--share", `${(value || 0) * 100}%`);
      });
  });
  return view.dispose;
}

/**
 * The table of what goes from each segment to each, its cells empty.
 * @param {HTMLElement} root
 * @param {string[]} kinds
 * @param {boolean} pair
 */
function fillTable(root, kinds, pair) {
  /** @type {(kind: "caption" | "thead" | "tbody") => Element} */
  const part = (kind) => /** @type {Element} */ (root.querySelector(kind));
  part("caption").textContent =
    `Between the ${pair ? "two texts" : "parts of the chat"}: mean share of a token’s attention`;
  const to = kinds.map((kind) => el("th", { scope: "col" }, `to ${segmentName(kind)}`));
  part("thead").replaceChildren(el("tr", {}, el("td", {}), ...to));
  part("tbody").replaceChildren(
    ...kinds.map((kind) =>
      el("tr", {}, el("th", { scope: "row" }, `from ${segmentName(kind)}`), ...kinds.map(() => el("td", {}))),
    ),
  );
}

/** @param {number} value from 0 to 1 */
const share = (value) => (Number.isNaN(value) ? "–" : `${fixed(value * 100, 1)} %`);

/**
 * @param {import("../shipped.js").Reading | undefined} reading
 * @param {boolean} between true between two texts
 */
function words(reading, between) {
  const label = reading?.label,
    entropy = reading?.entropy_bits;
  const said = [];
  if (label) said.push(`On average ${percent(reading.score ?? NaN)} of a token’s attention goes ${LABELS[label]}. `);
  else if (between)
    said.push("Neither the other text’s first token nor its separators get 40 % of a token’s attention. ");
  else
    said.push("Neither its neighbours nor itself, the first token or the separators get 40 % of a token’s attention. ");
  if (entropy != null) {
    said.push(
      `A row’s entropy is ${fixed(entropy, 2)} bits: as spread out as even attention to ` +
        `${fixed(2 ** entropy, 1)} tokens.`,
    );
  }
  return said;
}
