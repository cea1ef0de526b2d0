/**
 * What the live page says, in sentences.
 */

import { headName as nameOf } from "../attention/verdict_words.js";
import { fixed, percent, shorten, visible } from "../shared/format.js";

/** @typedef {import("./unpack.js").Moved} Moved */

/** So many places of an answer are named. */
const NAMED = 2;

/** @param {string} word */
export const quoted = (word) => `“${shorten(visible(word.trim() || word), 20)}”`;

/** @param {import("../payload.js").HeadPath} head */
export const headName = ([site, layer, head]) => nameOf({ site, layer }, head);

/**
 * The answer before and after a change.
 * @param {Moved} moved
 */
export function movedWords({ measure, size, before, after }) {
  const far = size == null ? "" : fixed(size, measure === "shift" ? 3 : 2);
  if (measure === "shift" && !before.length) {
    return far
      ? `The text’s vector turns by ${far} (1 − cosine; 0 is not at all).`
      : "How far the text’s vector turns is not known.";
  }
  const bits = measure === "kl_bits" && far ? `The answer moves by ${far} bits.` : "";
  // Of many places, as of a text without a mask, the number says more.
  if (before.length > NAMED || after.length > NAMED || !before.length) return bits || "The answer is another one.";
  /** @param {import("./unpack.js").Place[]} places */
  const said = (places) =>
    places.map(({ token, probability }) => `${quoted(token)} ${percent(probability)}`).join(", ");
  return `Before: ${said(before)}. After: ${said(after)}. ${bits}`.trim();
}

/**
 * How long an answer took.
 * @param {number} milliseconds
 * @param {import("../payload.js").Header} header
 */
export function tookWords(milliseconds, { text, verification }) {
  const said = verification.verdict === "unproved" ? "not proved" : "asked the real model too";
  return `${text.tokens.length} tokens, read in ${Math.round(milliseconds)} ms; ${said}.`;
}
