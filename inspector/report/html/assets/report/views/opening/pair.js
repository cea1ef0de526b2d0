/**
 * The heads that link two words, the strongest first: the question that the two chosen words ask.
 */

import { headEffects } from "../../../attention/effects.js";
import { ascending } from "../../../attention/heads_order.js";
import { asksLink, linkOf, linkWeights } from "../../../attention/pair.js";
import { headsOf } from "../../../attention/run_heads.js";
import { headName } from "../../../attention/verdict_words.js";
import { el, fillTo, word } from "../../../shared/dom.js";
import { counted, fixed } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";
import { wordsOf } from "../../picture.js";
import { placesOf } from "../../words/effects.js";

/** So many heads are listed; the grid has all of them. */
const LISTED = 8;

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountPair(root, data, store) {
  const view = new View(root, store),
    title = view.find("pair-title"),
    list = view.find("pair-heads"),
    heads = headsOf(data);
  /** @type {HTMLElement[]} the button of each listed head */
  let buttons = [];
  /** @type {number[]} where each of them stands in the run */
  let listed = [];

  /** @param {import("../../state.js").State} state */
  const mark = ({ index, head }) => {
    const chosen = data.headIndex(index, head);
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(listed[at] === chosen)));
  };

  view.listen(view.find("pair-turn"), "click", () => {
    const { pinned, compared } = store.get();
    store.set({ pinned: compared, compared: pinned, own: true });
  });

  view.watch(["pinned", "compared", "together", "direction", "subwords", "index"], (state) => {
    root.hidden = !asksLink(state);
    if (root.hidden) return;
    const { index } = state,
      { rows, cols } = data.sides(index),
      { units, unitOf } = wordsOf(data, state),
      [from, to] = linkOf(state);
    /** @param {import("../../shipped.js").Side} side @param {number} token */
    const quoted = (side, token) => el("b", {}, "“", word(units[unitOf.get(side)?.[token] ?? 0].name, "clip"), "”");
    title.replaceChildren("Which heads link ", quoted(rows, from), " to ", quoted(cols, to), "?");
    const weights = linkWeights(data, state),
      there = weights.filter((weight) => !Number.isNaN(weight)),
      most = Math.max(...there),
      effects = headEffects(data);
    listed = most > 0 ? ascending(weights.map((weight) => -weight)).slice(0, Math.min(LISTED, there.length)) : [];
    buttons = listed.map((at) => {
      const [n, head] = heads[at],
        fill = el("span", { class: "fill" });
      fillTo(fill, weights[at] / most);
      return el(
        "button",
        {
          type: "button",
          class: "link",
          onclick: () => store.set({ index: n, head, peek: null }),
          onpointerenter: () => store.set({ peek: [n, head] }),
          onpointerleave: () => store.set({ peek: null }),
        },
        el("span", { class: "link-where" }, `${headName(data.layers[n], head)} `),
        el("span", { class: "bar", "aria-hidden": "true" }, fill),
        el("b", {}, ` ${fixed(weights[at], 2)}`),
        effects && data.header.effects
          ? el("span", { class: "link-where" }, ` effect ${fixed(effects[at].size, placesOf(data.header.effects))}`)
          : null,
      );
    });
    list.replaceChildren(...buttons.map((button) => el("li", {}, button)));
    const [first, second] = linkOf(state),
      visible = data.visible(index);
    view.find("pair-rest").textContent =
      most > 0
        ? `${there.length > listed.length ? `The strongest of ${counted(there.length, "head")}; “Every head” is coloured by this link. ` : ""}A number is the share of its attention that the one word gives to the other.`
        : visible && !visible(first, second)
          ? "The model does not let it: what comes later is masked."
          : "No head gives it any.";
    const turned = !visible || rows !== cols || visible(second, first);
    view.find("pair-turn").hidden = rows !== cols || !turned;
    mark(state);
  });
  view.watch(["index", "head"], mark);
  return view.dispose;
}
