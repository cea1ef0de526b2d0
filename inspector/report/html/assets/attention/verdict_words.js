/**
 * What the proof came to, in words.
 */

import { tiny } from "../shared/format.js";

/** @typedef {import("../payload.js").Verification} Verification */
/** @typedef {import("../payload.js").Verdict} Verdict */

/** @type {Record<Verdict, string>} */
export const ICONS = {
  verified: "✓",
  rounding: "≈",
  consistent: "◐",
  mismatch: "✕",
  not_recomputed: "○",
  unproved: "…",
};
const MOST_NAMED = 6;
/** What is compared end to end beside the attention weights, and what one of each is called. */
const COMPARED = /** @type {const} */ ([
  ["states_max_abs_error", "a state"],
  ["probability_max_abs_error", "a probability"],
  ["embedding_max_abs_error", "the embedding"],
  ["similarity_abs_error", "the cosine of the two texts"],
]);

/** @param {{site: string, layer: number}} of what a layer is called in the middle of a sentence */
export const layerName = ({ site, layer }) => `${site === "self" ? "" : `${site} `}layer ${layer}`;

/** @param {{site: string, layer: number}} layer @param {number} head what a head is called there */
export const headName = (layer, head) => `${layerName(layer)}, head ${head}`;

/**
 * How many heads came to which verdict, and which of them disagree.
 * @param {Verification} verification
 */
export function tally(verification) {
  /** @type {Record<Verdict, number>} */
  const counts = { verified: 0, rounding: 0, consistent: 0, mismatch: 0, not_recomputed: 0, unproved: 0 };
  /** @type {{site: string, layer: number, head: number, error: number | null}[]} */
  const heads = [];
  /** @type {import("../payload.js").LayerCheck[]} */
  const outputs = [];
  for (const layer of verification.layers) {
    layer.heads.forEach((verdict, head) => {
      counts[verdict]++;
      if (verdict === "mismatch") {
        heads.push({ site: layer.site, layer: layer.layer, head, error: layer.max_abs_error[head] });
      }
    });
    if (layer.output.verdict === "mismatch") outputs.push(layer);
  }
  const total = Object.values(counts).reduce((a, b) => a + b, 0);
  return { counts, heads, outputs, total };
}

/** @param {import("../payload.js").EndToEnd} whole */
const offBy = (whole) =>
  [
    `${tiny(whole.attention_max_abs_error)} in an attention weight`,
    ...COMPARED.flatMap(([key, what]) => (whole[key] == null ? [] : `${tiny(whole[key])} in ${what}`)),
  ].join(", ");

/**
 * The verdict as a sentence or two.
 * @param {Verification} verification
 * @returns {{title: string, text: string}}
 */
export function verdictWords(verification) {
  const { counts, heads, outputs, total } = tally(verification);
  const largest = tiny(verification.attention_max_abs_error);
  const whole = verification.end_to_end;
  if (verification.verdict === "not_recomputed") {
    return {
      title: "Not recomputed",
      text:
        `${verification.reason ?? "no reason was given"}. What you see is the model’s own` +
        " attention, with nothing beside it to check it against.",
    };
  }
  if (verification.verdict === "unproved") {
    return { title: "Not yet proved", text: "computed from the weights; the real model has not been asked" };
  }
  if (verification.verdict === "verified") {
    return {
      title: "Verified",
      text:
        `${counts.verified} of ${total} heads rebuilt from the weights, largest difference ${largest}` +
        (whole ? `; from the token ids alone, ${tiny(whole.attention_max_abs_error)}` : ""),
    };
  }
  if (verification.verdict === "rounding") {
    return {
      title: "Verified up to rounding",
      text:
        `${counts.verified} of ${total} heads agree outright, ${counts.rounding} only after a second` +
        ` run in double precision; largest difference in single precision ${largest}` +
        (whole?.verdict === "rounding" ? "; from the token ids alone it is rounding too" : ""),
    };
  }
  if (verification.verdict === "consistent") {
    return {
      title: "Consistent",
      text:
        `${counts.consistent} of ${total} heads rebuilt from the captured q, k, v, largest difference ${largest}. This is a` +
        " weaker proof: what makes q, k and v out of the words is the model’s own and was not rebuilt" +
        `${verification.reason ? `, for ${verification.reason}` : ""}`,
    };
  }
  if (whole?.verdict === "mismatch" && heads.length === 0 && outputs.length === 0) {
    return {
      title: "Mismatch",
      text:
        `every layer agrees when it is given the model’s own input, ${counts.verified + counts.rounding} of ${total} heads,` +
        ` but the whole from the token ids alone is off by ${offBy(whole)}`,
    };
  }
  const named = heads
    .slice(0, MOST_NAMED)
    .map(({ site, layer, head, error }) => `${layerName({ site, layer })} head ${head} by ${tiny(error)}`);
  const more = heads.length > MOST_NAMED ? [`${heads.length - MOST_NAMED} more`] : [];
  const wrong = outputs.map(
    (layer) => `the output of ${layerName(layer)} is off by ${tiny(layer.output.max_abs_error)}`,
  );
  return {
    title: "Mismatch",
    text:
      `the rebuild disagrees with the model: ${[...named, ...more, ...wrong].join("; ")}.` +
      ` ${counts.verified + counts.rounding + counts.consistent} of ${total} heads agree`,
  };
}
