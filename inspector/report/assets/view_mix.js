/**
 * The mix: whose traits a word comes away with, in the classroom and in the real head.
 */

import { byId, el, word } from "inspector/dom";
import { percent } from "inspector/format";
import { shares } from "inspector/maths";

/** @typedef {import("inspector/state").Store} Store */
/** @typedef {import("inspector/report_data").ReportData} ReportData */

const MOST_SHOWN = 10;

/**
 * @param {ReportData} data
 * @param {Store} store
 * @param {string[]} names
 */
export function showMix(data, store, names) {
  const body = byId("mix-rows"), says = byId("mix-says");
  const table = /** @type {HTMLElement} */ (body.parentElement);
  store.watch(["layer", "head", "pinned"], ({ layer, head, pinned }) => {
    const { cols, site, layer: number } = data.sites[layer];
    byId("mix-head").textContent = `Layer ${number}, head ${head}`;
    if (pinned == null || site === "cross") {
      says.textContent = "Click a word in the sentence to see what it is mixed from.";
      body.replaceChildren();
      return;
    }
    const { classroom, signs, real } = mixOf(data, layer, head, pinned);
    table.hidden = !classroom && !real;
    if (table.hidden) {
      says.textContent = "It cannot be shown here: without a rebuild it is not known how much each word moves.";
      return;
    }
    const size = (j) => Math.max(classroom?.[j] ?? 0, real?.[j] ?? 0);
    const order = Array.from({ length: cols }, (_, j) => j).sort((a, b) => size(b) - size(a));
    const shown = order.slice(0, MOST_SHOWN).sort((a, b) => (real ?? classroom)[b] - (real ?? classroom)[a]);
    const rest = order.slice(MOST_SHOWN);
    const sum = (values) => rest.reduce((total, j) => total + values[j], 0);
    says.replaceChildren("After listening, “", word(names[pinned], "clip"), "” is made of:",
      ...(classroom ? [] : [" (The classroom’s side is not shown: for a text this long the page does not carry every interaction.)"]),
      ...(real ? [] : [" (The head’s side is not shown: without a rebuild it is not known how much each token moves.)"]));
    body.replaceChildren(...shown.map((j) => mixRow(
      [word(names[j], "clip"), j === pinned ? el("span", { class: "hint" }, " (itself)")
        : names.indexOf(names[j]) !== names.lastIndexOf(names[j]) ? el("span", { class: "hint" }, ` (token ${j})`) : ""],
      classroom?.[j], signs?.[j] < 0, real?.[j])),
    ...(rest.length ? [mixRow([el("em", {}, `${rest.length} others`)], classroom && sum(classroom), false, real && sum(real), "rest")] : []));
  });
}

/**
 * @param {ReportData} data
 * @param {number} n
 * @param {number} head
 * @param {number} i
 */
function mixOf(data, n, head, i) {
  const R = data.interactions(n), moved = data.moved(n, head), norms = data.norms(n);
  const signs = R && R.data.subarray(i * R.cols, (i + 1) * R.cols);
  const A = data.shown(n, head);
  return {
    signs,
    classroom: signs && shares(signs.map((r, j) => Math.abs(r) * norms[j])),
    real: moved && shares(A.data.subarray(i * A.cols, (i + 1) * A.cols).map((a, j) => a * moved[j])),
  };
}

/**
 * @param {(Node | string)[]} name
 * @param {number | null | undefined} classroom
 * @param {boolean} negative
 * @param {number | null | undefined} real
 * @param {string} [className]
 */
function mixRow(name, classroom, negative, real, className) {
  const bar = (value, kind, sign) => {
    if (value == null) return el("td", { class: `mix-${kind}` }, "–");
    const fill = el("span", { class: sign ? "fill negative" : "fill" });
    fill.style.width = `${value * 100}%`;
    return el("td", { class: `mix-${kind}` }, el("span", { class: "bar", "aria-hidden": "true" }, fill),
      el("span", { class: "value" }, `${sign ? "against: " : ""}${percent(value)}`));
  };
  return el("tr", { class: className }, bar(classroom, "classroom", negative), el("th", { scope: "row" }, ...name), bar(real, "real", false));
}
