/**
 * A cell of R unfolded: its products one by one, and their sum.
 */

import { el, fillTo, word } from "../shared/dom.js";
import { written } from "./write.js";

/** @typedef {{name: string, a: number, b: number, product: number}} Line */

/** @param {number} share @param {boolean} below zero or not */
function bar(share, below) {
  const fill = el("span", { class: below ? "fill below" : "fill" });
  fillTo(fill, share);
  return el("span", { class: "product-bar", "aria-hidden": "true" }, fill);
}

/**
 * @param {object} given
 * @param {[string, string]} given.names whose
 * @param {Line[]} given.lines trait by trait
 * @param {{name: string, value: number} | null} [given.rest] what the traits not shown add up to
 * @param {number} given.sum
 * @param {{name: string, value: number} | null} [given.scaled] the sum divided
 * @returns {HTMLTableElement}
 */
export function unfoldTable({ names: [one, other], lines, rest = null, sum, scaled = null }) {
  const most = Math.max(...lines.map(({ product }) => Math.abs(product)), Math.abs(rest?.value ?? 0)) || 1;
  /** @type {(name: string, value: number, kind: string) => HTMLElement} */
  const total = (name, value, kind) =>
    el("tr", { class: kind }, el("th", { scope: "row", colspan: 2 }, name), el("td", {}, written(value)), el("td"));
  return el(
    "table",
    { class: "unfolded" },
    el("caption", {}, word(one), " × ", word(other), " = ", el("b", {}, written(scaled?.value ?? sum))),
    el(
      "tbody",
      {},
      ...lines.map(({ name, a, b, product }) =>
        el(
          "tr",
          { class: product ? "" : "nothing" },
          el("th", { scope: "row" }, word(name)),
          el("td", {}, `${written(a)} × ${written(b)}`),
          el("td", {}, `${written(product)}`),
          el("td", {}, bar(Math.abs(product) / most, product < 0)),
        ),
      ),
      rest &&
        el(
          "tr",
          { class: "rest" },
          el("th", { scope: "row", colspan: 2 }, rest.name),
          el("td", {}, written(rest.value)),
          el("td", {}, bar(Math.abs(rest.value) / most, rest.value < 0)),
        ),
      total("sum", sum, "sum"),
      scaled && total(scaled.name, scaled.value, "scaled"),
    ),
  );
}
