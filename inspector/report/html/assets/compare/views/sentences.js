/**
 * Sentence beside sentence: what stands against each other in one column, tinted by what a word hears in the head.
 */

import { headName } from "../../attention/verdict_words.js";
import { bringIntoBox } from "../../report/paragraphs.js";
import { currentRamp, step, tintsOf } from "../../shared/colour.js";
import { along, rovingTabStop } from "../../shared/controls.js";
import { el, word } from "../../shared/dom.js";
import { counted, fixed } from "../../shared/format.js";
import { View } from "../../shared/view.js";

/** @typedef {import("../data.js").CompareData} CompareData */
/** @typedef {{which: number, at: number, button: HTMLElement, halves: (HTMLElement | null)[]}} Column */

/** Up to so many columns have their numbers written under them. */
const NUMBERED = 40;

/**
 * @param {HTMLElement} root
 * @param {CompareData} data
 * @param {import("../state.js").Store} store
 */
export function mountSentences(root, data, store) {
  const view = new View(root, store),
    box = view.find("sentences");
  /** @type {Column[]} */
  const columns = [];
  const some = data.header.alignments.reduce((sum, { places }) => sum + places.length, 0);
  box.dataset.length = some <= 24 ? "short" : some <= 96 ? "middle" : "long";
  data.header.alignments.forEach(({ places }, which) => {
    const line = el("p", { class: "columns-line" }, corner(which ? "target" : ""));
    places.forEach((place, at) => {
      const names = data.namesOf(which, at),
        special = data.sides.some(({ source, target }, side) => {
          const token = side ? place.second : place.first;
          return token != null && (which && target ? target : source).tokens[token].special;
        });
      const halves = names.map((name, side) =>
        name == null ? null : el("span", { class: `half ${side ? "of-b" : "of-a"}` }, word(name), el("small")),
      );
      // Where no head can be asked there is nothing to choose.
      const asks = data.heads.length > 0;
      const button = el(
        asks ? "button" : "span",
        {
          type: asks ? "button" : null,
          class: `column${place.equal ? "" : " differs"}${special ? " special" : ""}`,
          tabindex: asks ? "-1" : null,
        },
        halves[0] ?? el("span", { class: "half none", "aria-hidden": "true" }, "–"),
        halves[1] ?? el("span", { class: "half none", "aria-hidden": "true" }, "–"),
      );
      columns.push({ which, at, button, halves });
      line.append(button);
    });
    box.append(line);
  });
  const differ = data.header.alignments.flatMap(({ places }) => places.filter(({ equal }) => !equal)).length;
  view.find("sentences-count").textContent = differ
    ? `${counted(differ, "place differs", "places differ")}, underlined.`
    : "Both read the same tokens.";
  view.find("sentences-says").hidden = !data.heads.length;
  if (!data.heads.length) return view.dispose;
  if (columns[0]) columns[0].button.tabIndex = 0;
  for (const { which, at, button } of columns) {
    view.listen(button, "click", () => {
      const { rows } = data.alignmentsOf(store.get().index);
      store.set(which === rows ? { row: at } : { col: at });
    });
  }
  rovingTabStop(
    view,
    box,
    () => columns.map(({ button }) => button),
    (at, key) => along(key, at, columns.length - 1),
  );
  view.watch(["index", "head", "row", "col"], draw);
  view.hear("themechange", () => draw(store.get()));

  /** @param {Readonly<import("../state.js").CompareState>} state */
  function draw({ index, head, row, col }) {
    const of = data.alignmentsOf(index),
      { first, second } = data.matrices(index, head),
      resting = restsOn(data, index);
    /** @param {import("../data.js").Matrix} matrix @param {number} at */
    const weight = (matrix, at) => matrix.data[row * matrix.cols + at];
    let high = 1e-9;
    for (let at = 0; at < first.cols; at++) {
      if (!resting.has(at)) high = Math.max(high, weight(first, at) || 0, weight(second, at) || 0);
    }
    const tints = tintsOf(currentRamp("amount"));
    for (const { which, at, button, halves } of columns) {
      const weights = which === of.cols ? [weight(first, at), weight(second, at)] : [NaN, NaN];
      halves.forEach((half, side) => {
        if (!half) return;
        const value = weights[side],
          tint = Number.isNaN(value) ? null : tints[step(Math.min(value, high), 0, high)];
        half.style.background = tint?.paper ?? "";
        half.style.color = tint?.ink ?? "";
        if (columns.length <= NUMBERED) {
          /** @type {HTMLElement} */ (half.lastChild).textContent = Number.isNaN(value) ? " " : fixed(value, 2);
        }
      });
      const asked = which === of.rows && at === row;
      button.setAttribute("aria-pressed", String(asked));
      if (asked && box.dataset.length === "long") bringIntoBox(box, button);
      button.classList.toggle("heard", which === of.cols && at === col);
      const heard = weights.map((value, side) =>
        halves[side] && !Number.isNaN(value) ? `${"AB"[side]} ${fixed(value, 2)}` : "",
      );
      button.setAttribute("aria-label", [data.nameOf(which, at), ...heard].filter(Boolean).join(", "));
    }
    const layer = data.layers[index],
      a = weight(first, col),
      b = weight(second, col);
    view
      .find("sentences-says")
      .replaceChildren(
        `In ${headName(layer, head)}, `,
        el("b", {}, "“", word(data.nameOf(of.rows, row)), "”"),
        " hears ",
        of.rows === of.cols && row === col
          ? el("b", {}, "itself")
          : el("b", {}, "“", word(data.nameOf(of.cols, col)), "”"),
        Number.isNaN(a) && Number.isNaN(b) ? " on neither side." : `: ${fixed(a, 2)} in A, ${fixed(b, 2)} in B.`,
      );
  }
  return view.dispose;
}

/** @param {string} name */
const corner = (name) =>
  el(
    "span",
    { class: "column corner", "aria-hidden": "true" },
    el("span", { class: "half of-a" }, "A", el("small", {}, name || " ")),
    el("span", { class: "half of-b" }, "B", el("small", {}, " ")),
  );

/**
 * Places that much attention rests on, on either side: beside them all else would look like nothing.
 * @param {CompareData} data
 * @param {number} index
 */
function restsOn(data, index) {
  const { site } = data.layers[index],
    { cols } = data.alignmentsOf(index);
  const found = new Set();
  data.placesOf(cols).forEach((place, at) => {
    data.sides.forEach(({ header }, side) => {
      const token = side ? place.second : place.first;
      if (header.sinks.some((sink) => sink.site === site && sink.index === token)) found.add(at);
    });
  });
  return found;
}
