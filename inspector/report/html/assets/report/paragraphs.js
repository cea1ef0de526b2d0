/**
 * A text in paragraphs: its words where they stand in it, and what the tokenizer left out between them.
 */

import { lettersOf, segmentName } from "../attention/segments.js";
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
  [name, ...its.map((i) => `token ${i}: “${visible(tokens[i].text)}”, id ${tokens[i].id}${originOf(tokens[i])}`)].join(
    "\n",
  );

/** @param {import("../payload.js").Token} token @returns {string} who put it there, where it is not in the text as given */
const originOf = ({ role, special }) =>
  role ? `, ${role}${special ? ", special" : ""}` : special ? ", added by the tokenizer" : "";

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
 * A paragraph for a text, for each of a pair, or for each part of a chat, its words where they stand in it.
 * @param {import("./shipped.js").Side} side
 * @param {Chip[]} units
 * @param {HTMLElement[]} chips
 */
export function paragraphs(side, units, chips) {
  const { name, text, pair } = side,
    letters = lettersOf(side);
  const mine = units.flatMap((unit, u) => (unit.side === side ? [{ unit, chip: chips[u] }] : []));
  // In a bdi, a letter of ours has no say in the direction of the line.
  /** @param {string} label */
  const paragraph = (label) => el("p", {}, label && word(label, "text-name"));
  if (letters && pair == null) return chatLines(text, letters, mine, paragraph);
  const segments = [text, ...(pair == null ? [] : [pair])];
  const lines = segments.map((whole, at) => createLine(whole, paragraph(pair == null ? name : "AB"[at])));
  for (const { unit, chip } of mine) lines[Math.min(unit.segment, lines.length - 1)].add(unit, chip);
  return lines.map(({ element }) => element);
}

/**
 * A paragraph for each part of a chat, one role after another.
 * @param {string} text
 * @param {string[]} letters of each token's segment
 * @param {{unit: Chip, chip: HTMLElement}[]} units
 * @param {(label: string) => HTMLElement} paragraph
 */
function chatLines(text, letters, units, paragraph) {
  const characters = Array.from(text);
  /** @type {{letter: string, start: number, end: number, line: ReturnType<typeof createLine>}[]} */
  const parts = [];
  for (const { unit, chip } of units) {
    const letter = letters[unit.tokens[0]],
      before = parts.at(-1);
    const [start, end] = unit.span ?? [before?.end ?? 0, before?.end ?? 0];
    if (before?.letter !== letter)
      parts.push({ letter, start, end, line: createLine(text, paragraph(segmentName(letter)), start) });
    const part = parts[parts.length - 1];
    part.line.add(unit, chip);
    part.end = end;
  }
  for (const { letter, start, end, line } of parts) {
    line.element.classList.toggle("of-template", letter === "T");
    line.element.dir = directionOf(characters.slice(start, end).join(""));
  }
  return parts.map(({ line }) => line.element);
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
