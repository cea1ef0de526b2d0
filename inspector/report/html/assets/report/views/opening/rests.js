/**
 * What the answer rests on: the words and the heads without which it moves most, each a click away.
 */

import { headEffects, tokenEffects } from "../../../attention/effects.js";
import { descending } from "../../../attention/ranking.js";
import { headsOf } from "../../../attention/run_heads.js";
import { headName } from "../../../attention/verdict_words.js";
import { unitsOf } from "../../../attention/words.js";
import { el, fillTo, word } from "../../../shared/dom.js";
import { View } from "../../../shared/view.js";
import { answerWords, leftOutWords, sizeWords, wordEffects } from "../../words/effects.js";

/** @typedef {import("../../../attention/effects.js").Effect} Effect */
/** @typedef {{effect: Effect, name: (Node | string)[], choose: () => void}} Row */

/** So many words, and so many heads, are named. */
const NAMED = 5;

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountRests(root, data, store) {
  const view = new View(root, store),
    { effects } = data.header;
  root.hidden = !effects;
  if (!effects) return view.dispose;
  view.find("rests-says").textContent = answerWords(effects);
  view.find("rests-left").textContent = leftOutWords(effects);
  const rows = { words: wordRows(data, store), heads: headRows(data, store) };
  const most = Math.max(...[...rows.words, ...rows.heads].map(({ effect }) => effect.size));
  for (const kind of /** @type {const} */ (["words", "heads"])) {
    const table = view.find(`rests-${kind}`),
      body = table.querySelector("tbody");
    table.hidden = !rows[kind].length;
    body?.append(
      ...rows[kind].map(({ effect, name, choose }) => {
        const fill = el("span", { class: "fill" });
        fillTo(fill, most > 0 ? effect.size / most : 0);
        return el(
          "tr",
          {},
          el("th", { scope: "row" }, el("button", { type: "button", class: "rest", onclick: choose }, ...name)),
          el("td", {}, el("span", { class: "bar", "aria-hidden": "true" }, fill)),
          el("td", { class: "value" }, sizeWords(effects, effect)),
        );
      }),
    );
  }
  return view.dispose;
}

/**
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 * @returns {Row[]} the words that matter most, of both texts where there are two
 */
function wordRows(data, store) {
  if (!tokenEffects(data, data.source)) return [];
  const units = [data.source, ...(data.target ? [data.target] : [])].flatMap((side) =>
    unitsOf(side.tokens, side.names, side, false)
      .filter(({ special }) => !special)
      .map((unit) => ({ ...unit, side })),
  );
  const all = wordEffects(units, (side) => tokenEffects(data, side));
  return descending(all.map(({ size }) => size))
    .slice(0, NAMED)
    .map((at) => {
      const { name, tokens, side } = units[at];
      return {
        effect: all[at],
        name: [word(name, "clip")],
        choose() {
          const { index, head } = store.get();
          // Where the word is asked about: the first layer whose queries are its text's.
          const there =
            data.sides(index).rows === side ? index : data.layers.findIndex((_, n) => data.sides(n).rows === side);
          store.set({ index: there, head: Math.min(head, data.layers[there].heads - 1) });
          store.set({ direction: "does", pinned: tokens[0], compared: null, hovered: null });
        },
      };
    });
}

/**
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 * @returns {Row[]}
 */
function headRows(data, store) {
  const all = headEffects(data),
    heads = headsOf(data);
  return descending((all ?? []).map(({ size }) => size))
    .slice(0, NAMED)
    .map((at) => {
      const [index, head] = heads[at];
      return {
        effect: /** @type {Effect[]} */ (all)[at],
        name: [headName(data.layers[index], head)],
        choose: () => store.set({ index, head }),
      };
    });
}
