/**
 * Rows of a table with a bar for each number, to the right of zero or to its left.
 */

import { el } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";

/** @typedef {{name: (Node | string)[], value: number, total?: boolean}} SignedRow */

/**
 * @param {SignedRow[]} rows all on one scale; a total stands below a line
 * @param {number} places digits behind the point
 */
export function signedBars(rows, places) {
  const low = Math.min(0, ...rows.map(({ value }) => value)),
    span = Math.max(0, ...rows.map(({ value }) => value)) - low || 1;
  return rows.map(({ name, value, total }) => {
    const number = fixed(value, places);
    const fill = el("span", { class: value < 0 ? "fill negative" : "fill" }),
      zero = el("span", { class: "origin" });
    fill.style.left = `${((Math.min(0, value) - low) / span) * 100}%`;
    fill.style.width = `${(Math.abs(value) / span) * 100}%`;
    zero.style.left = `${(-low / span) * 100}%`;
    return el(
      "tr",
      { class: total ? "total" : null },
      el("th", { scope: "row" }, ...name),
      el("td", {}, el("span", { class: "bar", "aria-hidden": "true" }, fill, zero)),
      el("td", { class: "value" }, (!total && /^\d.*[1-9]/.test(number) ? "+" : "") + number),
    );
  });
}
