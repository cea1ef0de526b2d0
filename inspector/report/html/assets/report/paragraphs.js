/**
 * A text in paragraphs: its words where they stand in it, and what the tokenizer left out between them.
 */

import { el, word } from "../shared/dom.js";
import { continues, directionOf, visible } from "../shared/format.js";

/** @typedef {import("../attention/words.js").Unit & {side: import("./shipped.js").Side}} Chip a word, and whose it is */

/** Characters of a gap that are shown. */
const GAP_LENGTH = 24;
/** Characters of white space at the beginning of a line. */
const INDENT = 48;
/** Characters of a text that are shown before what goes on behind them. */
const BEFORE = 400;

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

/** @param {{tokens: {length: number}}} side how large its text can be written */
export const lengthOf = ({ tokens: { length } }) => (length <= 24 ? "short" : length <= 96 ? "middle" : "long");

/**
 * A text up to where something else goes on, its end if it is long.
 * @param {string} text
 */
export function beginning(text) {
  const characters = Array.from(text);
  const kept = characters.slice(-BEFORE).join("");
  const shown = characters.length > BEFORE ? `… ${kept.slice(kept.search(/\s/) + 1)}` : kept;
  return word(
    shown
      .split("\n")
      .map((line) => (line.trim() ? visible(line) : line))
      .join("\n"),
  );
}

/**
 * A paragraph for a text, or for each of a pair, its words where they stand in it.
 * @param {import("./shipped.js").Side} side
 * @param {Chip[]} units
 * @param {HTMLElement[]} chips
 */
export function paragraphs(side, units, chips) {
  const { name, text, pair } = side;
  const segments = [text, ...(pair == null ? [] : [pair])];
  const lines = segments.map((whole, at) => {
    // In a bdi, a letter of ours has no say in the direction of the line.
    const label = pair == null ? name : "AB"[at];
    return createLine(whole, el("p", {}, label && word(label, "text-name")));
  });
  units.forEach((unit, u) => {
    if (unit.side === side) lines[Math.min(unit.segment, lines.length - 1)].add(unit, chips[u]);
  });
  return lines.map(({ element }) => element);
}

/**
 * A text that is written word by word: with what stands between them, its lines, and how far these are indented.
 * @param {string} text
 * @param {HTMLElement} element where it is written
 * @param {number} [from] the character it begins with; what comes before is there already
 */
export function createLine(text, element, from = 0) {
  const characters = Array.from(text);
  let end = from;
  /** @type {string | null} the white space that this line began with, while there is nothing else on it */
  let indent = from ? null : "";
  /** @param {string} room white space with the end of a line */
  const endLine = (room) => {
    for (const _ of room.matchAll(/\n/g)) element.append(el("br"));
    indent = room.slice(room.lastIndexOf("\n") + 1);
  };
  element.dir = directionOf(text);
  return {
    element,
    /** @param {Chip} unit @param {HTMLElement} chip */
    add({ span, side: { tokens }, tokens: [first] }, chip) {
      const inside = span && span[0] >= end ? span : null,
        gap = inside ? characters.slice(end, inside[0]).join("") : "";
      // A special token has no part in the text, or stands in it and is written as such.
      const piece = inside && !tokens[first].special ? characters.slice(...inside).join("") : "";
      if (inside) end = inside[1];
      if (gap.trim() === "" && gap.includes("\n")) endLine(gap);
      else if (indent != null && gap.trim() === "") indent += gap;
      else element.append(...between(gap));
      const blank = piece.trim() === "",
        lead = blank ? "" : (/^\s+/.exec(piece)?.[0] ?? "");
      if (lead.includes("\n")) endLine(lead);
      else if (indent != null) indent += lead;
      else if (lead || (!inside && !continues(tokens, first))) element.append(" ");
      if (indent) element.append(el("span", { class: "indent" }, indent.slice(0, INDENT)));
      indent = null;
      element.append(chip);
      // A token that is a line's end is a word to point at, and ends the line.
      if (blank && piece.includes("\n")) endLine(piece);
    },
  };
}

/**
 * What the tokenizer left out between two tokens: a space, or something that ought to be seen.
 * @param {string} gap
 * @returns {Node[]}
 */
function between(gap) {
  if (gap === "") return [];
  if (gap.trim() === "") return [document.createTextNode(" ")];
  const seen = Array.from(gap.trim()).slice(0, GAP_LENGTH).join("");
  return [
    document.createTextNode(" "),
    el("bdi", { class: "dropped", title: "not a token" }, visible(seen)),
    document.createTextNode(" "),
  ];
}

/**
 * Scroll a long text, but never the page, to one of its words.
 * @param {HTMLElement} box
 * @param {HTMLElement} chip
 */
export function bringIntoBox(box, chip) {
  const inside = chip.getBoundingClientRect(),
    around = box.getBoundingClientRect();
  if (inside.top < around.top || inside.bottom > around.bottom) {
    box.scrollTop += inside.top - around.top - box.clientHeight / 2;
  }
}
