/**
 * The second ladder: readings of attention one by one, each set beside what blocking the words does.
 */

import { descending } from "../../../attention/ranking.js";
import { COLUMNS } from "../../../attention/rungs.js";
import { nearestWords, readingOf } from "../../../attention/second_ladder.js";
import { el, fillTo, word } from "../../../shared/dom.js";
import { fixed } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";
import { createLadderChart } from "../../charts/ladder.js";
import { placesOf } from "../../words/effects.js";

/** So many words have a line. */
const NAMED = 24;
const MEASURE = COLUMNS[1];

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountTelling(root, data, store) {
  const view = new View(root, store),
    { effects } = data.header;
  root.hidden = !effects;
  if (!effects) return view.dispose;
  const { explanations } = effects,
    says = view.find("telling-says");
  view.find("telling-body").hidden = !explanations.length;
  if (!explanations.length) {
    says.textContent = data.target
      ? "Between two texts the readings of attention are not defined, and nothing is compared."
      : `There is nothing to compare. ${effects.left_out ?? ""}`.trim();
    return view.dispose;
  }
  const { tokens, names } = data.source,
    words = [...tokens.keys()].filter((i) => !tokens[i].special);
  says.textContent = nearestWords(explanations, words.length, (value) => fixed(value, 2));
  const measured = /** @type {import("../../../payload.js").Explanation} */ (
    explanations.find(({ rung }) => rung === "effect")
  ).scores.map(Number);
  const named = descending(words.map((i) => measured[i]))
    .slice(0, NAMED)
    .map((at) => words[at])
    .sort((a, b) => a - b);
  view.find("telling-note").textContent =
    (named.length < words.length
      ? `The ${named.length} of ${words.length} words that do most, in the order of the text. `
      : "") + "Each column has its own scale, from 0 to its largest number here.";
  const rungs = explanations.map(({ rung }, i) => ({ name: rung, step: String(i), title: readingOf(rung).title }));
  /** @param {number} at */
  const choose = (at) => store.set({ telling: rungs[Math.max(0, Math.min(rungs.length - 1, at))].name });
  const chart = createLadderChart(view, view.find("telling-chart"), rungs, (name) => store.set({ telling: name }));
  const back = view.find("telling-back"),
    on = view.find("telling-on");
  const here = () => rungs.findIndex(({ name }) => name === store.get().telling);
  view.listen(back, "click", () => choose(here() - 1));
  view.listen(on, "click", () => choose(here() + 1));

  view.watch(["telling"], ({ telling }) => {
    const at = Math.max(0, here()),
      { rank_correlation, top1, scores } = explanations[at],
      { title, stage, says: what } = readingOf(explanations[at].rung);
    chart.choose(telling);
    chart.show({
      lines: [
        {
          name: "correlation",
          key: "head bold",
          values: explanations.map((one) => one.rank_correlation ?? NaN),
        },
      ],
      baselines: [],
      column: MEASURE,
      chosen: telling,
      aim: "the effect",
    });
    back.setAttribute("aria-disabled", String(at === 0));
    on.setAttribute("aria-disabled", String(at === rungs.length - 1));
    const favourite =
      top1 == null
        ? ""
        : top1 === 1
          ? "; the same favourite"
          : top1
            ? "; it shares its favourite with others"
            : "; another favourite";
    view
      .find("telling-text")
      .replaceChildren(
        el("h3", {}, `${at} · ${title}`, stage && el("small", {}, ` ${stage}`)),
        el("p", {}, what),
        el(
          "p",
          { class: "note" },
          rank_correlation == null
            ? `Rank correlation with the effect: not defined here, since one of them is the same for all${favourite}.`
            : `Rank correlation with the effect over ${words.length} words: ${fixed(rank_correlation, 2)}${favourite}.`,
        ),
      );
    view.find("telling-name").textContent = title;
    const values = scores.map((score) => score ?? NaN);
    view
      .find("telling-rows")
      .replaceChildren(
        ...named.map((i) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, word(names[i], "clip")),
            bar(values, named, i, 3),
            bar(measured, named, i, placesOf(effects)),
          ),
        ),
      );
  });
  return view.dispose;
}

/**
 * @param {number[]} values
 * @param {number[]} named those on the scale
 * @param {number} i
 * @param {number} places
 */
function bar(values, named, i, places) {
  const most = Math.max(...named.map((one) => values[one])),
    fill = el("span", { class: "fill" });
  fillTo(fill, most > 0 ? values[i] / most : 0);
  return el(
    "td",
    {},
    el("span", { class: "bar", "aria-hidden": "true" }, fill),
    el("span", { class: "value" }, fixed(values[i], places)),
  );
}
