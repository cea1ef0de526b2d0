/**
 * Answers beside answers: what both sides say, or how alike their embeddings are.
 */

import { entryName, likely } from "../../report/charts/guesses.js";
import { el, fillTo, word } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";
import { View } from "../../shared/view.js";

/** @typedef {import("../../payload.js").AnswerBeside} AnswerBeside */

/** So many words of a text, those that changed most. */
const MOST = 12;

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").CompareData} data
 * @param {import("../state.js").Store} store
 */
export function mountAnswers(root, data, store) {
  const view = new View(root, store),
    { answers, cosine } = data.header,
    box = view.find("answers-tables");
  if (cosine != null) {
    const fill = el("span", { class: "fill" });
    fillTo(fill, Math.max(0, cosine));
    box.append(
      el(
        "p",
        { class: "cosine" },
        "The cosine of both embeddings is ",
        el("b", {}, fixed(cosine, 3)),
        " (1: the same answer, 0: nothing in common).",
        el("span", { class: "bar", "aria-hidden": "true" }, fill),
      ),
    );
  }
  box.append(...answers.map((answer) => tableOf(answer)));
  if (cosine == null && !answers.length) {
    box.append(
      el("p", { class: "note" }, "Their answers are not numbers of one kind, and cannot be set beside each other."),
    );
  }
  return view.dispose;
}

/** @param {AnswerBeside} answer */
function captionOf({ kind, first, second }) {
  if (kind === "words") return "How likely each word is held where it stands, where it changed most";
  if (kind !== "masked") return "What comes next";
  return `What stands at the mask, token ${[...new Set([first, second])].filter((at) => at != null).join(" in A, ")}`;
}

/** @param {AnswerBeside} answer */
function tableOf(answer) {
  const { kind, entries } = answer;
  /** @param {import("../../payload.js").AnswerEntry} one */
  const moved = (one) => Math.abs((one.first ?? 0) - (one.second ?? 0));
  const shown = kind === "words" ? [...entries].sort((a, b) => moved(b) - moved(a)).slice(0, MOST) : entries;
  return el(
    "table",
    { class: "guess beside-answers" },
    el("caption", {}, captionOf(answer)),
    el("thead", {}, el("tr", {}, el("td"), ...["A", "B"].map((name) => el("th", { scope: "col" }, name)))),
    el(
      "tbody",
      {},
      ...shown.map(({ id, token, first, second }) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, word(entryName({ id: id ?? 0, text: token }))),
          cellOf(first, "of-a"),
          cellOf(second, "of-b"),
        ),
      ),
    ),
  );
}

/** @param {number | null} share @param {string} side */
function cellOf(share, side) {
  if (share == null) return el("td", { class: "value" }, "–");
  const fill = el("span", { class: "fill" });
  fillTo(fill, share);
  return el(
    "td",
    { class: side },
    el("span", { class: "bar", "aria-hidden": "true" }, fill),
    el("span", { class: "value" }, likely(share)),
  );
}
