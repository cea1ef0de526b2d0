/**
 * Was the attention really rebuilt? The verdict in words, and which model it is about.
 */

import { byId, el, word } from "../../shared/dom.js";
import { counted, tiny, visible } from "../../shared/format.js";

export const ICONS = { verified: "✓", rounding: "≈", consistent: "◐", mismatch: "✕", not_recomputed: "○" };
/** What was rebuilt from what, from the strongest proof to none. */
const PROOFS = { weights: "rebuilt from the weights", captured: "rebuilt from the captured q, k, v", none: "none" };
const MOST_NAMED = 6;

/**
 * How many heads came to which verdict, and which of them disagree.
 * @param {any} verification
 */
export function tally(verification) {
  const counts = { verified: 0, rounding: 0, consistent: 0, mismatch: 0, not_recomputed: 0 };
  const heads = [], outputs = [];
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

/**
 * The verdict as a sentence or two.
 * @param {any} verification
 * @returns {{title: string, text: string}}
 */
export function verdictWords(verification) {
  const { counts, heads, outputs, total } = tally(verification);
  const largest = tiny(verification.attention_max_abs_error);
  if (verification.verdict === "not_recomputed") {
    return { title: "Not recomputed",
      text: `${verification.reason ?? "no reason was given"}. What you see is the model’s own`
        + " attention, with nothing beside it to check it against." };
  }
  if (verification.verdict === "verified") {
    return { title: "Verified",
      text: `${counts.verified} of ${total} heads rebuilt from the weights, largest difference ${largest}` };
  }
  if (verification.verdict === "rounding") {
    return { title: "Verified up to rounding",
      text: `${counts.verified} of ${total} heads agree outright, ${counts.rounding} only after a second`
        + ` run in double precision; largest difference in single precision ${largest}` };
  }
  if (verification.verdict === "consistent") {
    return { title: "Consistent",
      text: `${counts.consistent} of ${total} heads rebuilt from the captured q, k, v, largest difference ${largest}. This is a`
        + " weaker proof: what makes q, k and v out of the words is the model’s own and was not rebuilt"
        + `${verification.reason ? `, for ${verification.reason}` : ""}` };
  }
  const named = heads.slice(0, MOST_NAMED).map(({ site, layer, head, error }) =>
    `${site === "self" ? "" : `${site} `}layer ${layer} head ${head} by ${tiny(error)}`);
  const more = heads.length > MOST_NAMED ? [`${heads.length - MOST_NAMED} more`] : [];
  const wrong = outputs.map((layer) =>
    `the output of ${layer.site === "self" ? "" : `${layer.site} `}layer ${layer.layer} is off by ${tiny(layer.output.max_abs_error)}`);
  return { title: "Mismatch",
    text: `the rebuild disagrees with the model: ${[...named, ...more, ...wrong].join("; ")}.`
      + ` ${counts.verified + counts.rounding + counts.consistent} of ${total} heads agree` };
}

/** @param {any} header */
export function showVerdict(header) {
  const { verification, model, text, target, sites, command } = header;
  const { title, text: words } = verdictWords(verification);
  const badge = byId("verdict");
  badge.dataset.verdict = verification.verdict;
  badge.append(
    el("span", { class: "icon", "aria-hidden": "true" }, ICONS[verification.verdict]),
    el("p", {}, el("strong", {}, title), ": ", words.endsWith(".") ? words : `${words}.`));

  const facts = byId("facts");
  const fact = (name, ...value) => facts.append(el("div", {}, el("dt", {}, name), el("dd", {}, ...value)));
  fact("Model", word(visible(model.title)));
  fact("Family", model.family);
  const each = [...new Set(sites.map(({ site }) => site))].map((name) => `${name} ${sites.filter(({ site }) => site === name).length}`);
  fact("Size", `${counted(model.layers, "layer")}${each.length > 1 ? ` (${each.join(", ")})` : ""} × ${counted(model.heads, "head")}, width ${model.width}`);
  fact("Proof", PROOFS[verification.tier]);
  const count = ({ tokens, truncated_from: cut }) => `${tokens.length}${cut == null ? "" : `, cut from ${cut}`}`;
  fact("Tokens", target ? `source ${count(text)}; target ${count(target)}` : count(text));
  if (model.sha256) fact("Weights’ SHA-256", el("code", {}, model.sha256));
  if (command) fact("Made by", el("code", {}, word(visible(command))));
}
