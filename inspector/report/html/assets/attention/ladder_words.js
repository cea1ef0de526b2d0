/**
 * What the ladder's numbers say about this text, and no more than they say.
 */

import { fixed } from "../shared/format.js";

/** @type {Record<string, string>} rungs below the split into heads: one matrix for a whole layer */
const WITHOUT_HEADS = {
  strangers: "attention to oneself alone",
  share: "shares of the classroom’s interactions",
  softmax: "the classroom with a softmax",
  scaled: "the scaled softmax",
  learned: "learned q and k",
};

/**
 * @param {import("../payload.js").Rung[]} ladder
 * @param {Record<string, number>[]} numbers one object of measures per rung, in order
 * @param {{scope: string, tokens: string}} state
 * @returns {string}
 */
export function ladderWords(ladder, numbers, { scope, tokens }) {
  /** @param {string} name */
  const jsd = (name) => {
    const at = ladder.findIndex((rung) => rung.name === name && rung.applies);
    return at < 0 ? NaN : numbers[at].jsd_bits;
  };
  const measured = Object.keys(WITHOUT_HEADS).filter((name) => !Number.isNaN(jsd(name)));
  if (!measured.length) return "Nothing here could be measured.";
  const best = measured.reduce((a, b) => (jsd(b) < jsd(a) ? b : a));
  const whose =
    scope === "all" ? "the average head" : scope === "layer" ? "the average head of this layer" : "this head";
  const over = tokens === "content" ? " over words alone" : "";
  const words = [
    `Without separate heads, ${WITHOUT_HEADS[best]} come${["learned", "share"].includes(best) ? "" : "s"} closest to` +
      ` ${whose}${over}: ${fixed(jsd(best))} bits apart.`,
  ];
  const uniform = jsd("uniform");
  if (!Number.isNaN(uniform)) {
    words.push(
      jsd(best) < uniform
        ? `That is closer than uniform attention (${fixed(uniform)} bits).`
        : `Uniform attention is no further away (${fixed(uniform)} bits).`,
    );
  }
  if (!Number.isNaN(jsd("heads"))) words.push(`With separate heads it is ${fixed(jsd("heads"))} bits.`);
  return words.join(" ");
}

/**
 * Say on how many queries the ladder was measured, and how exact that makes it.
 *
 * @param {import("../payload.js").RowSample} sample
 * @param {import("../payload.js").Rung[]} ladder
 * @returns {string}
 */
export function sampleWords({ seed, sites }, ladder) {
  const sizes = sites.map(
    ({ site, measured, of }) => `${sites.length > 1 ? `${site} ` : ""}${measured} of ${of} queries`,
  );
  const error = Math.max(...ladder.map((rung) => rung.jsd_bits_error ?? 0));
  return (
    `Measured on a sample of this long text: ${sizes.join(", ")}, drawn with seed ${seed}. Over all heads no divergence` +
    ` is further than ${fixed(error)} bits from that of all queries, 19 times out of 20; of a single head it may be.`
  );
}
