/**
 * The logit of the answer as a sum: part by part, and what the heads bring from each token.
 */

import { fromTokens, headContributions, headEffects, largest, sumOf } from "../../../attention/effects.js";
import { spearman } from "../../../attention/ranking.js";
import { headsOf } from "../../../attention/run_heads.js";
import { headName } from "../../../attention/verdict_words.js";
import { el, word } from "../../../shared/dom.js";
import { counted, fixed, shorten, tiny, visible } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";
import { signedBars } from "../../charts/signed_bars.js";

/** @typedef {import("../../../payload.js").Contributions} Contributions */
/** @typedef {import("../../charts/signed_bars.js").SignedRow} SignedRow */

/** So many heads, and so many tokens, have a line of their own. */
const NAMED = 10;
const PLACES = 3;

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountSum(root, data, store) {
  const view = new View(root, store),
    { effects } = data.header;
  root.hidden = !effects;
  if (!effects) return view.dispose;
  const { contributions, no_contributions } = effects;
  view.find("sum-body").hidden = !contributions;
  if (!contributions) {
    view.find("sum-says").textContent =
      `A logit that is a sum of the model’s parts could be taken apart; here there is none: ${no_contributions}.`;
    return view.dispose;
  }
  const { answer, sum_error } = contributions;
  view.find("sum-says").textContent =
    `The logit of “${shorten(visible(answer.token.trim() || answer.token))}” is ${fixed(answer.logit, PLACES)}, and it is a sum: of ` +
    "what the embedding, every head, every feed-forward and every bias write towards that word. " +
    `All parts together come within ${tiny(sum_error)} of it${bent(contributions) ? ", behind the cap that the model puts on its logits" : ""}.`;
  const body = (/** @type {string} */ id) => /** @type {HTMLElement} */ (view.find(id).querySelector("tbody"));
  body("sum-parts").append(...signedBars(partRows(data, store, contributions), PLACES));
  const words = tokenRows(data, fromTokens(data), "all heads");
  body("sum-words").append(
    ...signedBars(
      [
        ...words,
        { name: ["all but the heads"], value: totalOf(contributions) - words[words.length - 1].value },
        ...logitRows(contributions),
      ],
      PLACES,
    ),
  );
  const silenced = headEffects(data),
    apart = silenced
      ? spearman(
          headContributions(data) ?? [],
          silenced.map(({ size }) => size),
        )
      : NaN;
  view.find("sum-apart").textContent = Number.isNaN(apart)
    ? ""
    : `: over the ${silenced?.length} heads of this text the rank correlation of the two is ${fixed(apart, 2)}`;
  view.watch(["index", "head"], ({ index, head }) => {
    const caption = view.find("sum-head").querySelector("caption");
    if (caption) caption.textContent = `The chosen head, ${headName(data.layers[index], head)}`;
    body("sum-head").replaceChildren(
      ...signedBars(tokenRows(data, fromTokens(data, [index, head]), "this head"), PLACES),
    );
  });
  return view.dispose;
}

/**
 * The largest heads, the others as one, the other kinds of parts, and what they sum to.
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 * @param {Contributions} contributions
 * @returns {SignedRow[]}
 */
function partRows(data, store, contributions) {
  const { parts } = contributions,
    values = headContributions(data) ?? [],
    heads = headsOf(data),
    { kept, others, rest } = largest(values, NAMED);
  /** @param {number} i */
  const button = (i) => {
    const [index, head] = heads[i];
    return el(
      "button",
      { type: "button", class: "rest", onclick: () => store.set({ index, head }) },
      headName(data.layers[index], head),
    );
  };
  const forwards = parts.filter(({ kind }) => kind === "feed_forward").length,
    biases = parts.filter(({ kind }) => kind === "bias").length;
  return [
    { name: ["embedding"], value: sumOf(parts, "embedding") },
    ...kept
      .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]))
      .map((i) => ({ name: [button(i)], value: values[i] })),
    ...(others ? [{ name: [counted(others, "other head")], value: rest }] : []),
    { name: [counted(forwards, "feed-forward")], value: sumOf(parts, "feed_forward") },
    ...(biases ? [{ name: [counted(biases, "bias", "biases")], value: sumOf(parts, "bias") }] : []),
    ...logitRows(contributions),
  ];
}

/**
 * What all parts sum to.
 * @param {Contributions} contributions
 */
const totalOf = ({ parts }) => parts.reduce((sum, { value }) => sum + value, 0);

/**
 * The logit; where the model bends logits to a limit, what the parts sum to before that.
 * @param {Contributions} contributions
 * @returns {SignedRow[]}
 */
function logitRows(contributions) {
  /** @type {SignedRow} */
  const logit = { name: ["the logit"], value: contributions.answer.logit, total: true };
  if (!bent(contributions)) return [logit];
  return [{ name: ["before the model’s cap"], value: totalOf(contributions), total: true }, logit];
}

/**
 * Whether the model bends its logits to a limit: then the parts do not sum to the logit itself.
 * @param {Contributions} contributions
 */
function bent(contributions) {
  const { logit } = contributions.answer;
  return Math.abs(totalOf(contributions) - logit) > 1e-3 * Math.max(1, Math.abs(logit));
}

/**
 * What is brought from each token: the largest in the order of the text, the others as one, and their sum.
 * @param {import("../../data.js").ReportData} data
 * @param {number[]} values
 * @param {string} whole what they sum to
 * @returns {SignedRow[]}
 */
function tokenRows({ source: { names } }, values, whole) {
  const { kept, others, rest } = largest(values, NAMED);
  return [
    ...kept.map((i) => ({ name: [word(names[i], "clip")], value: values[i] })),
    ...(others ? [{ name: [counted(others, "other token")], value: rest }] : []),
    { name: [whole], value: values.reduce((sum, value) => sum + value, 0), total: true },
  ];
}
