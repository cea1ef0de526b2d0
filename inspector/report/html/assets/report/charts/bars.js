/**
 * The numbers of a vector as bars, up and down from a middle line.
 */

import { largestMagnitude } from "../../attention/maths.js";
import { barPath } from "../../attention/why.js";
import { svgEl } from "../../shared/charts.js";
import { el } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";

/**
 * One row of bars, drawn as two paths.
 * @param {string} kind
 * @param {HTMLElement} parent
 */
export function barRow(kind, parent) {
  const up = svgEl("path", { class: "up" }),
    down = svgEl("path", { class: "down" });
  const cursor = svgEl("rect", { y: -1, width: 1, height: 2, class: "bar-cursor" });
  const line = svgEl("path", { class: "bar-line", "vector-effect": "non-scaling-stroke" });
  const field = svgEl("svg", { preserveAspectRatio: "none" }, cursor, up, down, line);
  const title = el("span"),
    end = el("span", { class: "bar-end" });
  parent.append(
    el("div", { class: "bar-row", "data-kind": kind, "aria-hidden": "true" }, el("p", {}, title, end), field),
  );
  return {
    field,
    /** @param {number} at */
    mark: (at) => cursor.setAttribute("x", String(at)),
    /** @param {number[]} values @param {...(Node | string)} words */
    show(values, ...words) {
      const most = largestMagnitude(values);
      const heights = values.map((v) => (most ? v / most : 0));
      title.replaceChildren(...words);
      end.textContent = `up to ±${fixed(most, 2)}`;
      field.setAttribute("viewBox", `0 -1 ${values.length} 2`);
      up.setAttribute("d", barPath(heights, 1));
      down.setAttribute("d", barPath(heights, -1));
      line.setAttribute("d", `M0 0H${values.length}`);
    },
  };
}
