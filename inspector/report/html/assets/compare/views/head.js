/**
 * One head: its attention in A, in B, and what is between them, over the places of both texts.
 */

import { largestMagnitude } from "../../attention/maths.js";
import { headName } from "../../attention/verdict_words.js";
import { createMatrix } from "../../report/charts/matrix.js";
import { el, word } from "../../shared/dom.js";
import { fixed, signed } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { byChange } from "../state.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").CompareData} data
 * @param {import("../state.js").Store} store
 */
export function mountHead(root, data, store) {
  const view = new View(root, store),
    order = byChange(data);
  /** @param {number} row @param {number} col */
  const onCursor = (row, col) => store.set({ row, col });
  const panels = Array.from({ length: 3 }, () => createMatrix(view, { onCursor }));
  view.find("panels").append(...panels.map(({ element }) => element));
  /** @param {number} by */
  const go = (by) => {
    const { index, head } = store.get(),
      here = order.findIndex((one) => one.index === index && one.head === head),
      next = order[(here + by + order.length) % order.length];
    if (next) store.set({ index: next.index, head: next.head, row: next.cell[0], col: next.cell[1] });
  };
  view.listen(view.find("head-back"), "click", () => go(-1));
  view.listen(view.find("head-on"), "click", () => go(1));
  /** @type {ReturnType<import("../data.js").CompareData["matrices"]>} */
  let now;
  view.watch(["index", "head"], ({ index, head }) => {
    const of = data.alignmentsOf(index),
      found = data.headAt(index, head),
      at = found ? order.indexOf(found) : -1;
    now = data.matrices(index, head);
    view.find("head-title").textContent = `Layer ${headName(data.layers[index], head).replace(/^(\w+ )?layer /, "$1")}`;
    view.find("head-says").textContent =
      found && at >= 0
        ? `It changed by ${fixed(found.bits, 4)} bits, ${at ? `number ${at + 1} of ${order.length} heads` : `more than any other of ${order.length} heads`}.` +
          (Number.isNaN(found.share)
            ? ""
            : ` Patched from B into A, it takes the answer ${fixed(100 * found.share, 1)} % of the way.`)
        : "";
    const high = Math.max(largestMagnitude(now.first.data), largestMagnitude(now.second.data)),
      most = largestMagnitude(now.difference.data);
    const gaps = now.difference.data.some((value) => Number.isNaN(value));
    /** @param {number} which */
    const labels = (which) => data.placesOf(which).map((_, place) => data.nameOf(which, place));
    const rowLabels = labels(of.rows),
      common = { rowLabels, colLabels: of.rows === of.cols ? rowLabels : labels(of.cols), gaps };
    const gap = !gaps ? "" : data.sides[0].visible(index) ? "not there, or masked" : "not there";
    const where = `${headName(data.layers[index], head)}, ${now.first.rows} by ${now.first.cols}; use the arrow keys`;
    for (const [panel, matrix, name] of /** @type {const} */ ([
      [panels[0], now.first, "A"],
      [panels[1], now.second, "B"],
    ])) {
      panel.caption(name, "Who hears whom: queries down, keys across.", ["0", fixed(high, 3)], gap);
      panel.draw({
        ...common,
        matrix,
        scale: "amount",
        low: 0,
        high,
        totals: null,
        label: `attention in ${name}, ${where}`,
      });
    }
    panels[2].caption(
      "difference",
      most ? "B − A, on a scale of its own: orange where B hears more." : "B − A: none at all.",
      [most ? fixed(-most, 3) : "0", most ? `+${fixed(most, 3)}` : "0"],
      gap,
    );
    panels[2].draw({
      ...common,
      matrix: now.difference,
      scale: "difference",
      low: -most || -1,
      high: most || 1,
      totals: null,
      label: `difference B − A, ${where}`,
    });
  });
  view.watch(["index", "head", "row", "col"], ({ index, row, col }) => {
    for (const panel of panels) panel.moveCursor(row, col);
    const of = data.alignmentsOf(index),
      at = row * now.first.cols + col,
      numbers = [now.first, now.second, now.difference].map(({ data: weights }) => weights[at]);
    view
      .find("readout")
      .replaceChildren(
        el("p", {}, "“", word(data.nameOf(of.rows, row)), "” to “", word(data.nameOf(of.cols, col)), "”"),
        el(
          "dl",
          {},
          ...["A", "B", "B − A"].map((name, i) =>
            el(
              "div",
              {},
              el("dt", {}, name),
              el("dd", {}, i === 2 && !Number.isNaN(numbers[i]) ? signed(numbers[i]) : fixed(numbers[i], 7)),
            ),
          ),
        ),
      );
  });
  return view.dispose;
}
