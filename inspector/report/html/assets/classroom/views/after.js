/**
 * What changes: T, and everybody's traits before and after on one scale.
 */

import { el, word } from "../../shared/dom.js";
import { View } from "../../shared/view.js";
import { createHeat, rangeOf, ratio } from "../heat.js";
import { profiles } from "../study.js";
import { alikeWords, written } from "../write.js";

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} kind */
function createBar(kind) {
  const svg = document.createElementNS(SVG, "svg"),
    rect = document.createElementNS(SVG, "rect"),
    said = el("span");
  const attributes = { class: kind, viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  rect.setAttribute("height", "8");
  svg.append(rect);
  const cell = el("td", {}, svg, said);
  return {
    cell,
    /** @param {number} value @param {number} most */
    show(value, most) {
      const known = !Number.isNaN(value),
        width = String(known ? 100 * ratio(Math.abs(value), 0, most) : 0),
        text = known ? `${written(100 * value, 0)}\u00a0%` : "–";
      svg.toggleAttribute("hidden", !known);
      // What stays as it is lays out nothing.
      if (rect.getAttribute("width") !== width) rect.setAttribute("width", width);
      if (said.textContent !== text) said.textContent = text;
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ClassroomData} _data
 * @param {import("../state.js").Store} store
 */
export function mountAfter(root, _data, store) {
  const view = new View(root, store),
    heat = createHeat(view.find("table-t", HTMLTableElement)),
    box = view.find("profiles");
  /** @type {{before: ReturnType<typeof createBar>, after: ReturnType<typeof createBar>}[][]} */
  let bars = [];
  view.watch(["students", "traits"], ({ students, traits }) => {
    bars = students.map(() => traits.map(() => ({ before: createBar("before"), after: createBar("after") })));
    const head = () =>
      el(
        "thead",
        {},
        el("tr", {}, el("td"), el("th", { scope: "col" }, "before"), el("th", { scope: "col" }, "after: T")),
      );
    box.replaceChildren(
      ...students.map((name, i) =>
        el(
          "table",
          { class: "profile" },
          el("caption", {}, word(name)),
          head(),
          el(
            "tbody",
            {},
            ...traits.map((trait, k) =>
              el("tr", {}, el("th", { scope: "row" }, word(trait)), bars[i][k].before.cell, bars[i][k].after.cell),
            ),
          ),
        ),
      ),
    );
  });
  view.watch(["students", "traits", "table"], ({ students, traits, studied: { Q, T } }) => {
    heat.show({ rows: students, cols: traits, values: T, range: rangeOf(T), whole: true });
    const before = profiles(Q),
      after = profiles(T);
    const sizes = [before, after].flat(2).map(Math.abs),
      most = Math.max(0, ...sizes.filter((size) => !Number.isNaN(size)));
    for (const [i, row] of bars.entries()) {
      for (const [k, bar] of row.entries()) {
        bar.before.show(before[i][k], most);
        bar.after.show(after[i][k], most);
      }
    }
    view.find("alike").textContent = alikeWords(Q, T);
  });
  return view.dispose;
}
