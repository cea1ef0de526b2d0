/**
 * What each idea contributes: its Shapley value of the way from the classroom's softmax to the model.
 */

import { meanOfNumbers } from "../../../attention/maths.js";
import { el } from "../../../shared/dom.js";
import { fixed } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";

/** How many patterns the style sheet knows. */
const PATTERNS = 6;
/** Part of the bar that a number needs to stand in it. */
const LEGIBLE = 0.16;

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountShares(root, data, store) {
  const view = new View(root, store),
    { shares } = data.header;
  root.hidden = !shares.length;
  if (!shares.length) return view.dispose;
  const [, layers, heads] = data.header.blobs.shares.shape;
  const numbers = data.numbers("shares");
  const parts = shares.map(({ ingredient, adds }, i) => {
    const pattern = `pattern-${i % PATTERNS}`;
    const value = el("td", { class: "value" });
    const label = el("span", { class: "piece-value" });
    return {
      value,
      label,
      piece: el("span", { class: `piece ${pattern}` }, label),
      element: el(
        "tr",
        { "data-share": ingredient },
        el("td", {}, el("span", { class: `key ${pattern}`, "aria-hidden": "true" })),
        el("th", { scope: "row" }, ingredient),
        el("td", { class: "adds" }, adds),
        value,
      ),
    };
  });
  const zero = el("span", { class: "zero" }),
    total = el("td", { class: "value" });
  view.find("shares-bar").append(...parts.map((part) => part.piece), zero);
  view
    .find("shares-rows")
    .append(
      ...parts.map((part) => part.element),
      el(
        "tr",
        { class: "total" },
        el("td"),
        el("th", { scope: "row" }, "the whole gap"),
        el("td", { class: "adds" }),
        total,
      ),
    );

  view.watch(["index", "head", "scope"], ({ index, head, scope }) => {
    const bits = shares.map((_, i) => {
      const all = numbers.subarray(i * layers * heads, (i + 1) * layers * heads);
      return scope === "all" ? meanOfNumbers(data.ofSite(all, index)) : all[index * heads + head];
    });
    const below = -sum(bits.filter((b) => b < 0)),
      span = below + sum(bits.filter((b) => b > 0)) || 1;
    let left = 0,
      right = below;
    parts.forEach(({ piece, label, value }, i) => {
      const size = Math.abs(bits[i]);
      piece.hidden = !(size > 0);
      // What made things worse lies to the left of zero, in the order of the legend.
      piece.style.left = `${((bits[i] < 0 ? left : right) / span) * 100}%`;
      piece.style.width = `${((size || 0) / span) * 100}%`;
      if (bits[i] < 0) left += size;
      else right += size || 0;
      label.textContent = size / span > LEGIBLE ? fixed(bits[i]) : "";
      value.textContent = `${bits[i] > 0 ? "+" : ""}${fixed(bits[i])} bits`;
      value.classList.toggle("worse", bits[i] < 0);
    });
    zero.style.left = `${(below / span) * 100}%`;
    total.textContent = `${fixed(sum(bits))} bits`;
    view.find("shares-says").textContent = words(shares, bits, scope);
  });
  return view.dispose;
}

/** @param {number[]} values */
const sum = (values) => values.reduce((a, b) => a + b, 0);

/**
 * @param {{ingredient: string}[]} shares
 * @param {number[]} bits
 * @param {string} scope
 */
function words(shares, bits, scope) {
  const whose = scope === "all" ? "Over all heads" : "For this head",
    gap = sum(bits);
  if (Number.isNaN(gap)) return `${whose} nothing could be measured.`;
  const best = bits.indexOf(Math.max(...bits));
  const worse = shares.filter((_, i) => bits[i] < 0).map((share) => share.ingredient);
  const most = `${whose} the gap is ${fixed(gap)} bits; most of it is closed by ${shares[best].ingredient}`;
  const against = worse.length ? ` Made worse on average by ${worse.join(" and ")}: left of zero.` : "";
  return `${most} (${fixed(bits[best])} bits).${against}`;
}
