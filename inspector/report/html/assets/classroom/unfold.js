/**
 * A cell of R unfolded: its products one by one, and their sum.
 */

import { el, fillTo, word } from "../shared/dom.js";
import { written } from "./write.js";

/** @typedef {{name: string, a: number, b: number, product: number}} Line */

/** How close two are, the closest first. */
export const LEVELS = ["close friend", "acquaintance", "hardly any"];

/**
 * A cell with a bar in it.
 * @param {number} share from −1 to 1; striped below zero
 */
export function barCell(share) {
  const fill = el("span", { class: share < 0 ? "fill below" : "fill" });
  fillTo(fill, Math.abs(share));
  return el("td", {}, el("span", { class: "product-bar", "aria-hidden": "true" }, fill));
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
          barCell(product / most),
        ),
      ),
      rest &&
        el(
          "tr",
          { class: "rest" },
          el("th", { scope: "row", colspan: 2 }, rest.name),
          el("td", {}, written(rest.value)),
          barCell(rest.value / most),
        ),
      total("sum", sum, "sum"),
      scaled && total(scaled.name, scaled.value, "scaled"),
    ),
  );
}
