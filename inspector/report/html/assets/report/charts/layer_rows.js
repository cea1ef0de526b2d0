/**
 * The rows of the grid of heads, one a layer. Of many heads they are folded: a row of small cells, which the layer's number
 * unfolds into pictures of its heads.
 */

import { el } from "../../shared/dom.js";
import { counted } from "../../shared/format.js";

/** @typedef {import("../data.js").ReportData} ReportData */

/** More heads than this are too many pictures at once: BERT and GPT-2 have so many. */
const MOST_UNFOLDED = 144;

/** @param {ReportData} data */
export const isFoldable = (data) => data.layers.reduce((sum, { heads }) => sum + heads, 0) > MOST_UNFOLDED;

/**
 * @param {ReportData} data
 * @param {number} widest heads of the widest layer
 * @param {(n: number, unfolded: boolean) => void} onFold called when a layer was folded or unfolded by its number
 */
export function createLayerRows(data, widest, onFold) {
  const foldable = isFoldable(data);
  const across = Array.from({ length: widest }, (_, h) => el("span", { class: "axis", role: "columnheader" }, `${h}`));
  /** @type {HTMLElement[]} the numbers of foldable layers as buttons */
  const folds = [];
  const down = data.layers.map(({ site, layer, heads }, n) => {
    const name = site === "self" ? `${layer}` : `${site} ${layer}`;
    const header = el("span", { class: "axis", role: "rowheader" });
    if (!foldable) header.append(name);
    else {
      const label = `${site === "self" ? "" : `${site} `}layer ${layer}, ${counted(heads, "head")}`;
      const fold = el(
        "button",
        { type: "button", class: "fold", tabindex: "-1", "aria-label": label, onclick: () => toggle(n) },
        name,
      );
      folds.push(fold);
      header.append(fold);
    }
    return header;
  });
  // Beside its number a foldable layer has a box of its own, in which unfolded heads find room on several lines.
  const boxes = down.map(() => (foldable ? el("div", { class: "grid-cells", role: "none" }) : null));
  const rows = down.map((axis, n) =>
    el("div", { class: foldable ? "grid-row foldable" : "grid-row", role: "row" }, axis, boxes[n]),
  );
  const corner = el("span", { class: "corner", role: "columnheader" }, "layer \\ head");
  const top = el(
    "div",
    { class: foldable ? "grid-row foldable axes" : "grid-row", role: "row" },
    corner,
    ...(foldable ? [el("div", { class: "grid-cells", role: "none" }, ...across)] : across),
  );
  /** @type {boolean[]} */
  const folded = down.map(() => foldable);
  /** @param {number} n @param {boolean} whether */
  const setFolded = (n, whether) => {
    folded[n] = whether;
    rows[n].classList.toggle("folded", whether);
    folds[n]?.setAttribute("aria-expanded", String(!whether));
  };
  /** @param {number} n */
  const toggle = (n) => {
    setFolded(n, !folded[n]);
    onFold(n, !folded[n]);
  };
  folded.forEach((whether, n) => {
    setFolded(n, whether);
  });
  return {
    foldable,
    across,
    down,
    folds,
    all: [top, ...rows],
    /** @param {number} n */
    isFolded: (n) => folded[n],
    setFolded,
    /** @param {number} n @param {HTMLElement} cell a head of layer n, behind those that are there */
    add: (n, cell) => (boxes[n] ?? rows[n]).append(cell),
  };
}
