/**
 * What the model answers, and who computed it, in words.
 */

import { counted, tiny } from "../shared/format.js";

/** @typedef {import("../payload.js").Embedding} Embedding */

/** @type {Record<Embedding["pooling"], string>} */
const POOLED = {
  mean: "the mean over all tokens",
  cls: "the first token’s state",
  max: "the largest over all tokens in each dimension",
  mean_sqrt_len: "the sum over all tokens, divided by the root of their number",
};

/**
 * How the text became one vector.
 * @param {Embedding} embedding
 */
export const embeddingWords = ({ pooling, normalised, size }) =>
  `${counted(size, "number")}: ${POOLED[pooling]}${normalised ? ", brought to length 1" : ""}`;

/**
 * Whose the answer is, as the rest of a sentence.
 * @param {import("../payload.js").Verification} verification
 * @param {"probability_max_abs_error" | "embedding_max_abs_error"} compared
 */
export function answeredBy({ verdict, end_to_end: whole }, compared) {
  const ours = "computed by the inspector from the token ids alone";
  if (verdict === "unproved") return `${ours}; the real model has not been asked`;
  const error = whole?.[compared];
  if (!whole || error == null) return "the real model’s own, computed once";
  if (whole.verdict === "mismatch") return "the real model’s own, with which the inspector’s computing does not agree";
  return whole.verdict === "verified"
    ? `${ours}, within ${tiny(error)} of the real model’s`
    : `${ours}, and but for rounding the same as the real model’s`;
}
