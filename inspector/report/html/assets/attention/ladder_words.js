/**
 * What the ladder's numbers say about this text, and no more than they say.
 */

import { fixed } from "../shared/format.js";

/** Rungs below the split into heads: one matrix for a whole layer. */
const ONE_MATRIX = ["strangers", "share", "softmax", "scaled", "learned"];
const NAMES = {
  strangers: "nobody listening", share: "shares of the classroom’s interactions", softmax: "the classroom with a softmax",
  scaled: "the scaled softmax", learned: "learned q and k for all heads at once",
};

/**
 * @param {any[]} ladder
 * @param {Record<string, number>[]} numbers one object of measures per rung, in order
 * @param {{scope: string, tokens: string}} state
 * @returns {string}
 */
export function ladderWords(ladder, numbers, { scope, tokens }) {
  const jsd = (name) => {
    const at = ladder.findIndex((rung) => rung.name === name && rung.applies);
    return at < 0 ? NaN : numbers[at].jsd_bits;
  };
  const measured = ONE_MATRIX.filter((name) => !Number.isNaN(jsd(name)));
  if (!measured.length) return "There is nothing here that could be measured.";
  const best = measured.reduce((a, b) => (jsd(b) < jsd(a) ? b : a));
  const whose = { all: "the average head", layer: "the average head of this layer" }[scope] ?? "this head";
  const over = tokens === "content" ? ", counting only the words themselves," : "";
  const words = [`Of the rungs that use one matrix for the whole layer, ${NAMES[best]} comes nearest to`
    + ` ${whose}${over} with ${fixed(jsd(best))} bits.`];
  const uniform = jsd("uniform");
  if (!Number.isNaN(uniform)) {
    words.push(jsd(best) < uniform
      ? `That is nearer than listening to everybody equally (${fixed(uniform)} bits).`
      : `Listening to everybody equally is no farther away (${fixed(uniform)} bits).`);
  }
  if (!Number.isNaN(jsd("heads"))) words.push(`Splitting into heads brings it to ${fixed(jsd("heads"))} bits.`);
  return words.join(" ");
}
