/**
 * A text in paragraphs: its words where they stand in it, and what the tokenizer left out between them.
 */

import { el, word } from "../shared/dom.js";
import { continues, directionOf, visible } from "../shared/format.js";

/** @typedef {import("../attention/words.js").Unit & {side: import("./shipped.js").Side}} Chip a word, and whose it is */

/** Characters of a gap that are shown. */
const GAP_LENGTH = 24;

/**
 * What a word says of itself: the tokens that it is made of.
 * @param {Chip} chip
 */
export const titleOf = ({ name, tokens: its, side: { tokens } }) =>
  [
    name,
    ...its.map(
      (i) =>
        `token ${i}: “${visible(tokens[i].text)}”, id ${tokens[i].id}${tokens[i].special ? ", added by the tokenizer" : ""}`,
    ),
  ].join("\n");

/**
 * A paragraph for a text, or for each of a pair, its words where they stand in it.
 * @param {import("./shipped.js").Side} side
 * @param {Chip[]} units
 * @param {HTMLElement[]} chips
 */
export function paragraphs(side, units, chips) {
  const { name, text, pair, tokens } = side;
  const segments = [Array.from(text), Array.from(pair ?? "")];
  const lines = segments.slice(0, pair == null ? 1 : 2).map((_, at) =>
    // In a bdi, a letter of ours has no say in the direction of the line.
    el("p", {}, pair == null ? name && word(name, "text-name") : word("AB"[at], "text-name")),
  );
  const ends = [0, 0];
  units.forEach(({ segment, span, side: of, tokens: [first] }, u) => {
    if (of !== side) return;
    const at = Math.min(segment, lines.length - 1);
    if (span && span[0] >= ends[at]) {
      lines[at].append(...between(segments[at].slice(ends[at], span[0]).join("")));
      ends[at] = span[1];
    } else if (!continues(tokens, first)) {
      lines[at].append(" ");
    }
    lines[at].append(chips[u]);
    // A token that is a line's end is a word to point at, and ends the line.
    if (tokens.slice(first, first + 1).some((token) => /^\s*\n\s*$/.test(pieceOf(token, segments[at]))))
      lines[at].append(el("br"));
  });
  lines.forEach((line, at) => {
    line.dir = directionOf(at ? (pair ?? "") : text);
  });
  return lines;
}

/**
 * The text that a token stands for.
 * @param {import("../payload.js").Token} token
 * @param {string[]} characters of its text
 */
const pieceOf = ({ span, text, special }, characters) => (span && !special ? characters.slice(...span).join("") : text);

/**
 * What the tokenizer left out between two tokens: a space, a line's end, or something that ought to be seen.
 * @param {string} gap
 * @returns {Node[]}
 */
function between(gap) {
  if (gap === "") return [];
  if (gap.trim() === "" && gap.includes("\n")) return [el("br")];
  if (gap.trim() === "") return [document.createTextNode(" ")];
  const seen = Array.from(gap.trim()).slice(0, GAP_LENGTH).join("");
  return [
    document.createTextNode(" "),
    el("bdi", { class: "dropped", title: "not a token" }, visible(seen)),
    document.createTextNode(" "),
  ];
}
