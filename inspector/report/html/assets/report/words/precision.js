/**
 * How rounded numbers travel, in words.
 */

/** @type {Record<import("../../payload.js").Precision, string>} */
export const PRECISIONS = {
  steps: "in steps that move a score by a few thousandths at most",
  float16: "in float16",
  float32: "in float32",
};
