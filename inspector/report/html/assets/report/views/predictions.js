/**
 * What the model says of the words: what it expects next or behind a mask, and how likely it holds
 * what stands there. Read off its own logits when the report was made.
 */

import { byId, el, word } from "../../shared/dom.js";
import { shorten, visible } from "../../shared/format.js";
import { whenNear } from "../../shared/charts.js";

const LEDES = {
  causal: "Attention is there for this: the model has mixed its words, and says which one comes next.",
  masked: "Attention is there for this: the model has mixed its words, and says which one belongs where.",
};
const NOTES = {
  causal: "Each number is the probability of the token above it, given the tokens before it; the first has none before it and so no number. The longer the line, the more it was expected. These are the model’s own words: they were not rebuilt.",
  masked: "Each number is the probability of the token above it at its place, with the token itself and everything around it in sight; a mask has none. The longer the line, the likelier. These are the model’s own words: they were not rebuilt.",
};

/** @param {number} share from 0 to 1 */
const likely = (share) => (share >= 0.0995 ? `${Math.round(share * 100)} %`
  : share >= 0.001 ? `${(share * 100).toFixed(1)} %` : share > 0 ? "< 0.1 %" : "0 %");

/** @param {string} text as the vocabulary has it, with the space before it */
const written = (text) => shorten(visible(text.trim() === "" ? text : text.trim()));

/**
 * @param {{kind: "causal" | "masked", probabilities: (number | null)[],
 *   guesses: {token: number, candidates: {id: number, text: string, probability: number}[]}[]}} predictions
 * @param {import("../data.js").Side} side
 */
export function showPredictions({ kind, probabilities, guesses }, { tokens, names }) {
  byId("words-lede").textContent = LEDES[kind];
  byId("guesses").append(...guesses.map(({ token, candidates }) => el("table", { class: "guess" },
    el("caption", {}, ...(kind === "causal" ? ["The next token, after “", word(names[token - 1], "clip"), "”"]
      : ["Behind ", word(names[token], "clip"), ` (token ${token})`])),
    el("tbody", {}, ...candidates.map(candidate)))));
  byId("expected-note").textContent = NOTES[kind];
  const draw = whenNear(byId("words"), () => byId("expected").replaceChildren(...tokens.flatMap((token, i) =>
    (token.special && probabilities[i] != null ? [] : [expected(names[i], probabilities[i]), " "]))));
  draw();
}

/** @param {{id: number, text: string, probability: number}} guess */
function candidate({ id, text, probability }) {
  const fill = el("span", { class: "fill" });
  fill.style.width = `${probability * 100}%`;
  return el("tr", {}, el("th", { scope: "row" }, word(text ? written(text) : `#${id}`)),
    el("td", {}, el("span", { class: "bar", "aria-hidden": "true" }, fill)),
    el("td", { class: "value" }, likely(probability)));
}

/** @param {string} name @param {number | null} probability */
function expected(name, probability) {
  const line = el("span", { class: "expected-line", "aria-hidden": "true" });
  line.style.backgroundSize = `${(probability ?? 0) * 100}% 100%, auto`;
  return el("span", { class: "expected-word" }, word(name, "clip"), line,
    el("small", {}, probability == null ? "–" : likely(probability)));
}
