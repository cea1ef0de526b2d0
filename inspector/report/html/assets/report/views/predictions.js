/**
 * How likely the model holds each token that stands there. Read off the logits when the report was made.
 */

import { answeredBy } from "../../attention/answer_words.js";
import { whenNear } from "../../shared/charts.js";
import { el, word } from "../../shared/dom.js";
import { directionOf } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { likely } from "../charts/guesses.js";

const NOTES = {
  causal:
    "Each number is the probability of the token above it, given the tokens before it; the first has none before it and so no number. The longer the line, the more it was expected.",
  masked:
    "Each number is the probability of the token above it at its position, with the token itself and everything around it in sight; a mask has none. The longer the line, the likelier.",
};

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
  const { kind, probabilities } = predictions,
    { tokens, names } = data.sides(0).rows;
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
