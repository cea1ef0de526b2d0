/**
 * What the model says, whether it was proved, and how long the text is.
 */

import { ICONS, verdictWords } from "../../attention/verdict_words.js";
import { entryName, guessTable } from "../../report/charts/guesses.js";
import { el } from "../../shared/dom.js";
import { View } from "../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").LongData} data
 * @param {import("../state.js").Store} store
 */
export function mountOpening(root, data, store) {
  const view = new View(root, store),
    { header } = data,
    { model, verification, predictions } = header;
  view.find("counts").textContent =
    `${header.tokens.toLocaleString("en")} tokens` +
    (header.truncated_from ? ` of ${header.truncated_from.toLocaleString("en")}` : "") +
    ` in ${header.spans.length} stretches, ${model.layers} layers × ${model.heads} heads.`;
  for (const guess of predictions?.guesses ?? []) {
    view.find("guesses").append(
      guessTable(
        [predictions?.kind === "causal" ? "What comes next" : `What stands at token ${guess.token}`],
        guess.candidates.map((one) => ({ name: entryName(one), probability: one.probability })),
      ),
    );
  }
  const { embedding } = header;
  if (embedding) {
    view
      .find("counts")
      .after(
        el(
          "p",
          { class: "note" },
          `What it answers is the text as one vector of ${embedding.size} numbers, pooled as its files say (${embedding.pooling}); they are in --json.`,
        ),
      );
  }
  const { title, text } = verdictWords(verification),
    compared = verification.layers.length
      ? ` Compared: ${header.rows.length} of ${header.tokens.toLocaleString("en")} query rows of every head, and the last state of every token.`
      : "";
  view
    .find("verdict")
    .append(
      el(
        "div",
        { class: "verdict", "data-verdict": verification.verdict },
        el("span", { class: "icon", "aria-hidden": "true" }, ICONS[verification.verdict]),
        el("p", {}, el("strong", {}, title), ": ", text.endsWith(".") ? text : `${text}.`, compared),
      ),
    );
  return view.dispose;
}
