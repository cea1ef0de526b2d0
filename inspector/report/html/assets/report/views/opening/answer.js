/**
 * What was asked of a model with a head for words, and what it answers: the text with the likeliest word in its place,
 * and the likeliest ones with a bar for each. Read off the logits when the report was made.
 */

import { el, nodes, word } from "../../../shared/dom.js";
import { directionOf, visible } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";
import { entryName, guessTable, likely } from "../../charts/guesses.js";
import { beginning, lengthOf } from "../../paragraphs.js";

/** @typedef {import("../../../payload.js").Guess} Guess */

/** How many of the tokens are named that a masked model holds least likely. */
const LEAST = 5;

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountAnswer(root, data, store) {
  const view = new View(root, store),
    { predictions, generation } = data.header,
    side = data.source;
  root.hidden = !predictions;
  if (!predictions) return view.dispose;
  const { kind, guesses } = predictions,
    { names } = side,
    box = view.find("answer-text");
  // What was written on stands with all that comes before it, one view above.
  box.hidden = generation != null;
  box.dataset.length = lengthOf(side);
  box.append(...(kind === "causal" ? [next(side, guesses[0])] : filled(side, guesses)));
  /** @param {Guess} guess */
  const table = ({ token, candidates }) =>
    guessTable(
      kind === "causal"
        ? ["The next token, after “", word(names[token - 1], "clip"), "”"]
        : ["Behind ", word(names[token], "clip"), ` (token ${token})`],
      candidates.map((entry) => ({ name: entryName(entry), probability: entry.probability })),
    );
  view.find("guesses").append(...nodes(guesses.length ? guesses.map(table) : [leastLikely(side, predictions)]));
  return view.dispose;
}

/** @typedef {import("../../shipped.js").Side} Side */

/**
 * The likeliest entry, where it belongs.
 * @param {Guess | undefined} guess
 */
const blank = (guess) =>
  guess?.candidates.length
    ? el(
        "span",
        { class: "blank" },
        word(entryName(guess.candidates[0]), "clip"),
        el("small", {}, likely(guess.candidates[0].probability)),
      )
    : "";

/**
 * A text and what comes next.
 * @param {Side} side
 * @param {Guess | undefined} guess
 */
function next(side, guess) {
  const text = side.text;
  return el(
    "p",
    { dir: directionOf(text) },
    beginning(text),
    /^\s/.test(guess?.candidates[0]?.text ?? "") ? " " : "",
    blank(guess),
  );
}

/**
 * A text with its masks filled.
 * @param {Side} side
 * @param {Guess[]} guesses
 */
const filled = ({ text, pair, tokens }, guesses) =>
  [text, ...(pair == null ? [] : [pair])].map((whole, segment) => {
    const characters = Array.from(whole),
      line = el("p", { dir: directionOf(whole) });
    let end = 0;
    for (const guess of guesses) {
      const { span, segment: its } = tokens[guess.token];
      if (!span || its !== segment) continue;
      line.append(visibleLines(characters.slice(end, span[0]).join("")), blank(guess));
      end = span[1];
    }
    line.append(visibleLines(characters.slice(end).join("")));
    return line;
  });

/** @param {string} text with its ends of lines, and all else that is not seen spelt out */
const visibleLines = (text) =>
  text
    ? text
        .split("\n")
        .map((line) => (line.trim() ? visible(line) : line))
        .join("\n")
    : "";

/**
 * Without a mask nothing was to be filled in: what stands there that the model would least have expected there.
 * @param {Side} side
 * @param {import("../../../payload.js").Predictions} predictions
 */
function leastLikely({ tokens, names }, { probabilities }) {
  const judged = tokens.flatMap(({ special }, i) => {
    const probability = probabilities[i];
    return special || probability == null ? [] : [{ name: names[i], probability }];
  });
  judged.sort((a, b) => a.probability - b.probability);
  return judged.length ? guessTable(["Least expected where they stand"], judged.slice(0, LEAST)) : null;
}
