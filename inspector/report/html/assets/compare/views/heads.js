/**
 * Every head: a grid tinted by how much it changed or carries, and both lists, the strongest first.
 */

import { largestMagnitude } from "../../attention/maths.js";
import { headName } from "../../attention/verdict_words.js";
import { currentRamp, step, tintsOf } from "../../shared/colour.js";
import { rovingTabStop, target, toggles } from "../../shared/controls.js";
import { el, fillTo, word } from "../../shared/dom.js";
import { fixed, percent } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { byChange, byShare } from "../state.js";
import { WAYS } from "../words.js";

/** @typedef {import("../data.js").Head} Head */

/** So many heads of a list. */
const LISTED = 10;

/** @param {number} share a part of the way, of either sign */
const part = (share) => (share < 0 ? `−${percent(-share)}` : percent(share));

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").CompareData} data
 * @param {import("../state.js").Store} store
 */
export function mountHeads(root, data, store) {
  const view = new View(root, store),
    { heads, layers, header } = data,
    grid = view.find("grid");
  const most = { change: byChange(data)[0]?.bits ?? 0, patch: largestMagnitude(heads.map(({ share }) => share || 0)) };
  const widest = Math.max(...layers.map((layer) => layer.heads));
  grid.style.setProperty("--heads", String(widest));
  /** @type {HTMLElement[]} in the order of the heads */
  const cells = [];
  layers.forEach(({ site, layer }, index) => {
    const row = el(
      "div",
      { role: "row", class: "change-row" },
      el("span", { role: "rowheader", class: "axis" }, `${site === "self" ? "" : `${site} `}${layer}`),
    );
    for (const one of heads.filter((each) => each.index === index)) {
      const said = [
        headName(layers[index], one.head),
        Number.isNaN(one.bits) ? "" : `change ${fixed(one.bits, 4)} bits`,
      ];
      if (!Number.isNaN(one.share)) said.push(`carries ${part(one.share)}`);
      const name = said.filter(Boolean).join("; ");
      const cell = el("button", {
        type: "button",
        class: "change-cell",
        tabindex: "-1",
        title: name,
        "aria-label": name,
      });
      view.listen(cell, "click", () => choose(one));
      cells.push(cell);
      row.append(el("span", { role: "gridcell" }, cell));
    }
    grid.append(row);
  });
  rovingTabStop(
    view,
    grid,
    () => cells,
    (at, key) => {
      const { index, head } = heads[at];
      /** @param {number} layer */
      const there = (layer) => heads.findIndex((one) => one.index === layer && one.head === head);
      return target(key, {
        ArrowRight: at + 1,
        ArrowLeft: at - 1,
        ArrowDown: there(index + 1),
        ArrowUp: there(index - 1),
        Home: heads.findIndex((one) => one.index === index),
        End: heads.findLastIndex((one) => one.index === index),
      });
    },
  );
  /** @param {Head} one */
  const choose = ({ index, head, cell: [row, col] }) => store.set({ index, head, row, col });

  /**
   * @param {string} id
   * @param {Head[]} listed
   * @param {(one: Head) => number} size
   * @param {(one: Head) => string} words
   */
  function list(id, listed, size, words) {
    const longest = Math.max(1e-12, ...listed.map((one) => Math.abs(size(one))));
    const rows = listed.map((one) => {
      const fill = el("span", { class: size(one) < 0 ? "fill negative" : "fill" });
      fillTo(fill, Math.abs(size(one)) / longest);
      const { rows: queries, cols: keys } = data.alignmentsOf(one.index),
        [row, col] = one.cell;
      const pair = id === "changed" ? [word(data.nameOf(queries, row)), " → ", word(data.nameOf(keys, col))] : [];
      const button = el(
        "button",
        { type: "button", class: "change-head", onclick: () => choose(one) },
        el("span", { class: "change-name" }, one.name, pair.length > 0 && el("small", {}, ...pair)),
        el("span", { class: "bar", "aria-hidden": "true" }, fill),
        el("span", { class: "value" }, words(one)),
      );
      return { one, button };
    });
    view.find(`${id}-list`).append(...rows.map(({ button }) => el("li", {}, button)));
    view.watch(["index", "head"], ({ index, head }) => {
      for (const { one, button } of rows)
        button.setAttribute("aria-pressed", String(one.index === index && one.head === head));
    });
  }
  list(
    "changed",
    byChange(data).slice(0, LISTED),
    ({ bits }) => bits,
    ({ bits }) => fixed(bits, 4),
  );
  const own = header.patches;
  if (own) {
    list(
      "carries",
      byShare(data).slice(0, LISTED),
      ({ share }) => share,
      ({ share }) => part(share),
    );
    view.find("carries-says").textContent =
      `A is run again with one head giving what it gave in B: ${WAYS[own.measure]}, from ${fixed(own.first)} (0 %) to ` +
      `${fixed(own.second)} (100 %). The shares of several heads do not add up.`;
    toggles(view, "tone", "tone");
  } else {
    const says = view.find("carries-says");
    says.textContent = `No head was patched: ${header.no_patches}.`;
  }
  view.find("tone").hidden = !own;
  const draw = () => {
    const { tone, index, head } = store.get(),
      patched = tone === "patch",
      high = most[tone] || 1;
    const tints = tintsOf(currentRamp(patched ? "difference" : "amount"));
    heads.forEach((one, at) => {
      const value = patched ? one.share : one.bits,
        chosen = one.index === index && one.head === head;
      cells[at].style.background = Number.isNaN(value) ? "" : tints[step(value, patched ? -high : 0, high)].paper;
      cells[at].setAttribute("aria-pressed", String(chosen));
      if (!grid.contains(document.activeElement)) cells[at].tabIndex = chosen ? 0 : -1;
    });
    const ends = patched ? [part(-high), part(high)] : ["0", `${fixed(high, 4)} bits`];
    view.find("grid-low").textContent = ends[0];
    view.find("grid-high").textContent = ends[1];
    const bar = view.find("grid-bar");
    bar.style.background = `linear-gradient(to right, ${[0, 51, 102, 153, 204, 255].map((at) => tints[at].paper).join(", ")})`;
  };
  view.watch(["index", "head", "tone"], draw);
  view.hear("themechange", draw);
  return view.dispose;
}
