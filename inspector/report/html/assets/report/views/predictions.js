/**
 * The model's predictions: what it expects next or behind a mask, and how likely it holds what stands there. Read off
 * the logits when the report was made.
 */

import { answeredBy } from "../../attention/answer_words.js";
import { whenNear } from "../../shared/charts.js";
import { el, fillTo, word } from "../../shared/dom.js";
import { directionOf, shorten, visible } from "../../shared/format.js";
import { View } from "../../shared/view.js";

const LEDES = {
  causal: "Attention is there for this: the model has mixed its words, and says which one comes next.",
  masked: "Attention is there for this: the model has mixed its words, and says which one belongs where.",
};
const NOTES = {
  causal:
    "Each number is the probability of the token above it, given the tokens before it; the first has none before it and so no number. The longer the line, the more it was expected.",
  masked:
    "Each number is the probability of the token above it at its position, with the token itself and everything around it in sight; a mask has none. The longer the line, the likelier.",
};

/** @param {number} share from 0 to 1 */
const likely = (share) =>
  share >= 0.0995
    ? `${Math.round(share * 100)} %`
    : share >= 0.001
      ? `${(share * 100).toFixed(1)} %`
      : share > 0
        ? "< 0.1 %"
        : "0 %";

/** @param {string} text as the vocabulary has it, with the space before it */
const written = (text) => shorten(visible(text.trim() === "" ? text : text.trim()));

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 */
export function mountPredictions(root, data, store) {
  const view = new View(root, store),
    { predictions, verification } = data.header;
  root.hidden = !predictions;
  if (!predictions) return view.dispose;
  const { kind, probabilities, guesses } = predictions,
    { tokens, names } = data.sides(0).rows;
  view.find("words-lede").textContent = LEDES[kind];
  view
    .find("guesses")
    .append(
      ...guesses.map(({ token, candidates }) =>
        el(
          "table",
          { class: "guess" },
          el(
            "caption",
            {},
            ...(kind === "causal"
              ? ["The next token, after “", word(names[token - 1], "clip"), "”"]
              : ["Behind ", word(names[token], "clip"), ` (token ${token})`]),
          ),
          el("tbody", {}, ...candidates.map(candidate)),
        ),
      ),
    );
  const whose = answeredBy(verification, "probability_max_abs_error");
  view.find("expected-note").textContent = `${NOTES[kind]} These numbers are ${whose}.`;
  view.find("expected").dir = directionOf(data.sides(0).rows.text);
  const draw = whenNear(view, root, () =>
    view
      .find("expected")
      .replaceChildren(
        ...tokens.flatMap((token, i) =>
          token.special && probabilities[i] != null ? [] : [expected(names[i], probabilities[i]), " "],
        ),
      ),
  );
  draw();
  return view.dispose;
}

/** @param {import("../../payload.js").Candidate} guess */
function candidate({ id, text, probability }) {
  const fill = el("span", { class: "fill" });
  fillTo(fill, probability);
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, word(text ? written(text) : `#${id}`)),
    el("td", {}, el("span", { class: "bar", "aria-hidden": "true" }, fill)),
    el("td", { class: "value" }, likely(probability)),
  );
}

/** @param {string} name @param {number | null} probability */
function expected(name, probability) {
  const line = el("span", { class: "expected-line", "aria-hidden": "true" });
  line.style.backgroundSize = `${(probability ?? 0) * 100}% 100%, auto`;
  return el(
    "span",
    { class: "expected-word" },
    word(name, "clip"),
    line,
    el("small", {}, probability == null ? "–" : likely(probability)),
  );
}
