/**
 * The rungs of the second ladder: readings of attention that are set beside what blocking the words does.
 */

/** Fewer words than these tell little of a correlation. */
const FEW = 8;

/** @typedef {{title: string, stage: string, says: string, name: string}} Reading */

/** @type {Record<string, Reading>} what each is called, which step it belongs to, and what it gives every word */
const READINGS = {
  uniform: { title: "Uniform", stage: "", says: "The same for every word.", name: "the same for every word" },
  last_layer: {
    title: "Last layer",
    stage: "where it looks",
    says: "The mean attention of the last layer’s heads, from where the answer is read.",
    name: "attention in the last layer",
  },
  all_layers: {
    title: "All layers",
    stage: "where it looks",
    says: "The mean attention of all heads of all layers, from where the answer is read.",
    name: "attention in all layers",
  },
  rollout: {
    title: "Rollout",
    stage: "what arrives",
    says: "Attention multiplied through the layers, half of every state staying where it is: R = (½·Ā + ½·I)·R.",
    name: "attention rollout",
  },
  value_weighted: {
    title: "Value-weighted",
    stage: "what it takes from there",
    says: "How long the vector is that all heads bring from the word, ‖Σ A·v·Wo‖, as a share; a mean over all layers.",
    name: "value-weighted attention",
  },
  alti: {
    title: "ALTI",
    stage: "what arrives",
    says: "How much of each state behind attention comes from the word, multiplied through the layers.",
    name: "ALTI",
  },
  contributions: {
    title: "Contributions",
    stage: "what arrives in the answer",
    says: "What all heads bring from the word to the answer’s logit, whatever its sign.",
    name: "logit contributions",
  },
  effect: {
    title: "Effect",
    stage: "what it does",
    says: "What becomes of the answer when no other place hears the word: measured, not read off.",
    name: "the effect itself",
  },
};

/** @param {string} rung @returns {Reading} */
export const readingOf = (rung) => READINGS[rung] ?? { title: rung, stage: "", says: "", name: rung };

/**
 * Which reading comes nearest to the effect, and how much that means.
 * @param {import("../payload.js").Explanation[]} explanations
 * @param {number} words
 * @param {(value: number) => string} write
 */
export function nearestWords(explanations, words, write) {
  const told = explanations.filter(({ rung, rank_correlation }) => rung !== "effect" && rank_correlation != null);
  const few =
    words < FEW ? `Over ${words} words a rank correlation means little. ` : "Over one text this is an illustration. ";
  if (!told.length) return `Nothing here could be compared with the effect. ${few}`.trim();
  const best = told.reduce((a, b) => ((b.rank_correlation ?? 0) > (a.rank_correlation ?? 0) ? b : a));
  return (
    `Of the readings of attention, ${readingOf(best.rung).name} comes nearest to what the words do: rank correlation ` +
    `${write(best.rank_correlation ?? NaN)}${best.top1 === 1 ? ", with the same favourite" : ""}. ${few}`
  ).trim();
}
