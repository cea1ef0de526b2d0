/**
 * What is said of effects: how far the answer moved, what the answer is, and of one word or head what it does.
 */

import { effectOfWord } from "../../attention/effects.js";
import { placeOf } from "../../attention/ranking.js";
import { el, word } from "../../shared/dom.js";
import { fixed, shorten, visible } from "../../shared/format.js";
import { likely } from "../charts/guesses.js";

/** @typedef {import("../../payload.js").Effects} Effects */
/** @typedef {import("../../attention/effects.js").Effect} Effect */

/** @param {Effects} effects how many digits an effect is written with */
export const placesOf = ({ measure }) => (measure === "shift" ? 3 : 2);

/**
 * An effect as a number.
 * @param {Effects} effects
 * @param {Effect} effect
 */
export function sizeWords(effects, { size, drop, difference }) {
  const unit = effects.measure === "shift" ? "" : " bits";
  const points = Number.isNaN(drop) ? "" : ` (${drop < 0 ? "+" : ""}${fixed(-100 * drop, 1)} points)`;
  const beside = Number.isNaN(difference)
    ? ""
    : `, logit difference ${difference < 0 ? "+" : ""}${fixed(-difference, 2)}`;
  return fixed(size, placesOf(effects)) + unit + points + beside;
}

/** @param {import("../../payload.js").AnsweredPlace} place */
const placeWords = ({ token, probability }) => `“${shorten(visible(token.trim() || token))}” (${likely(probability)})`;

/** @type {Record<import("../../payload.js").Answer["kind"], string>} what the model answers with */
const ANSWERS = {
  next: "what comes next",
  masked: "what stands at the masks",
  words: "what stands at every word’s place",
  decoder: "what comes after the target",
  embedding: "the text’s embedding",
};
/** How many places of an answer are named. */
const NAMED = 3;

/**
 * What the answer is, and in what it is measured how far it moves.
 * @param {Effects} effects
 */
export function answerWords({ measure, knockout, answer: { kind, places } }) {
  const named = kind === "words" ? [] : places.slice(0, NAMED);
  const about = named.length ? `, here ${named.map(placeWords).join(", ")}${places.length > NAMED ? ", …" : ""}` : "";
  const how =
    measure === "shift"
      ? "An effect is how far it turns: 1 − cosine, 0 where nothing moved."
      : `An effect is how far its probabilities move, in bits (Kullback–Leibler); points are percentage points of ${named.length ? "that word’s" : "the likeliest words’"} probability.`;
  return (
    `The answer is ${ANSWERS[kind]}${about}. ${how} A silenced head gives ` +
    `${knockout === "zero" ? "nothing" : "its mean over the text"}, and no other place hears a blocked word. Effects do not add up.`
  );
}

/**
 * What was not measured, and how it would be.
 * @param {Effects} effects
 */
export const leftOutWords = ({ left_out }) => (left_out ? `${left_out} The option --effects measures them.` : "");

/**
 * What a head does.
 * @param {Effects} effects
 * @param {Effect[]} all of every head
 * @param {number} at
 */
export const headWords = (effects, all, at) =>
  `Silenced, the answer moves by ${sizeWords(effects, all[at])}, rank ${placeOf(
    all.map((one) => one.size),
    at,
  )} of ${all.length}.`;

/**
 * The effect of each word; of a word of several tokens that of the one that does most.
 * @param {import("../paragraphs.js").Chip[]} units
 * @param {(side: import("../shipped.js").Side) => Effect[] | null} effectsOf
 * @returns {Effect[]}
 */
export const wordEffects = (units, effectsOf) =>
  units.map(({ tokens, side }) => effectOfWord(/** @type {Effect[]} */ (effectsOf(side)), tokens));

/**
 * What a word does.
 * @param {Effects} effects
 * @param {import("../paragraphs.js").Chip[]} units
 * @param {Effect[]} all of every word
 * @param {number | null} at
 * @returns {(Node | string)[]}
 */
export function blockedWords(effects, units, all, at) {
  if (at == null) return ["No word is chosen."];
  const { name, special } = units[at],
    words = all.flatMap(({ size }, u) => (units[u].special ? [] : [size]));
  return [
    "If no other place hears ",
    el("b", {}, "“", word(name, "clip"), "”"),
    `, the answer moves by ${sizeWords(effects, all[at])}`,
    special
      ? ". The tokenizer added it; it is not counted among the words. "
      : `, rank ${1 + words.filter((size) => size > all[at].size).length} of ${words.length} words. `,
  ];
}

/**
 * How the sentence’s numbers came about.
 * @param {boolean} several whether words stand there that are several tokens
 */
export const effectOrigin = (several) =>
  "Measured by running our own forward pass again, each token blocked in turn. What a word does is not what attends to it." +
  (several ? " Of a word of several tokens the one that does most counts." : "");
