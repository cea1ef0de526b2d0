/**
 * What heads and sides are called in sentences.
 */

/** @type {Record<string, string>} what the share of the way is of */
export const WAYS = {
  cosine: "how much nearer the text’s embedding comes to that of B (cosine)",
  logit_difference: "how far the logits of A’s answer and of B’s change places",
  probability: "how far the answer’s probability goes to what it is in B",
};
