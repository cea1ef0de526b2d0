/**
 * Which other heads' lines are drawn with the chosen one's: the buttons that keep and let go of them.
 */

import { MOST_BESIDE, placesOf } from "../../attention/lines.js";
import { headsOf } from "../../attention/run_heads.js";
import { headName } from "../../attention/verdict_words.js";
import { el } from "../../shared/dom.js";
import { OF_HEADS } from "./lines.js";

/**
 * The kept heads between the same texts as the chosen one, without that one.
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").State} state
 * @returns {[number, number][]} index of the layer, and head
 */
export function keptHeads(data, { index, head, beside }) {
  const here = data.sides(index),
    heads = headsOf(data);
  return placesOf(beside)
    .map((at) => heads[at])
    .filter(([n, h]) => {
      const there = data.sides(n);
      return there.rows === here.rows && there.cols === here.cols && (n !== index || h !== head);
    });
}

/**
 * The buttons that keep and let go of them.
 * @param {import("../../shared/view.js").View<import("../state.js").State>} view
 * @param {import("../data.js").ReportData} data
 * @param {HTMLElement} box
 */
export function createBeside(view, data, box) {
  const heads = headsOf(data);
  /** @param {number} at */
  const nameOf = (at) => headName(data.layers[heads[at][0]], heads[at][1]);
  /** @param {number} at @param {string} colour */
  const legend = (at, colour) => {
    const key = el("span", { class: "head-colour", "aria-hidden": "true" });
    key.style.background = colour;
    return [key, nameOf(at)];
  };
  /** @param {number[]} places */
  const keep = (places) => view.store.set({ beside: places.length ? places : null });

  view.watch(["index", "head", "beside", "shape"], (state) => {
    box.hidden = state.shape !== "lines";
    if (box.hidden) return;
    const chosen = data.headIndex(state.index, state.head),
      all = placesOf(state.beside),
      there = keptHeads(data, state).map(([n, h]) => data.headIndex(n, h));
    const inside = box.contains(document.activeElement);
    const add = el(
      "button",
      {
        type: "button",
        class: "pill",
        disabled: all.includes(chosen) || all.length >= MOST_BESIDE,
        onclick: () => keep([...all, chosen]),
      },
      "keep these lines",
    );
    box.replaceChildren(
      add,
      ...(there.length ? [el("span", { class: "head-key" }, ...legend(chosen, OF_HEADS[0]))] : []),
      ...there.map((at, i) =>
        el(
          "button",
          {
            type: "button",
            class: "pill head-key",
            "aria-label": `let go of ${nameOf(at)}`,
            onclick: () => keep(all.filter((one) => one !== at)),
          },
          ...legend(at, OF_HEADS[i + 1]),
          " ×",
        ),
      ),
      el(
        "span",
        { class: "hint" },
        all.length >= MOST_BESIDE
          ? "No more fit."
          : there.length
            ? ""
            : "Then choose another head: both are drawn, each in a colour, up to six.",
      ),
    );
    if (inside) /** @type {HTMLElement | null} */ (box.querySelector("button:not(:disabled)"))?.focus();
  });
}
