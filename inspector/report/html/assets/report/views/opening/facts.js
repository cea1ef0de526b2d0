/**
 * Which model a page is about, what it read, and what made the page.
 */

import { embeddingWords } from "../../../attention/answer_words.js";
import { el, word } from "../../../shared/dom.js";
import { counted, fixed, visible } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";

/** What was rebuilt from what, from the strongest proof to none. */
const PROOFS = { weights: "rebuilt from the weights", captured: "rebuilt from the captured q, k, v", none: "none" };

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountFacts(root, data, store) {
  const view = new View(root, store),
    { verification, model, text, target, layers, command, embedding, similarity } = data.header;
  /** @param {string} name @param {Node | string} value */
  const fact = (name, value) => root.append(el("div", {}, el("dt", {}, name), el("dd", {}, value)));
  fact("Model", word(visible(model.title)));
  fact("Family", model.family);
  const each = [...new Set(layers.map(({ site }) => site))].map((site) => `${site} ${data.indicesOf(site).length}`);
  fact(
    "Size",
    `${counted(model.layers, "layer")}${each.length > 1 ? ` (${each.join(", ")})` : ""}` +
      ` × ${counted(model.heads, "head")}, width ${model.width}`,
  );
  fact("Proof", verification.verdict === "unproved" ? "not yet" : PROOFS[verification.tier]);
  /** @param {import("../../../payload.js").Text} of */
  const count = ({ tokens, truncated_from: cut }) => `${tokens.length}${cut == null ? "" : `, cut from ${cut}`}`;
  fact("Tokens", target ? `source ${count(text)}; target ${count(target)}` : count(text));
  if (embedding) fact("Embedding", embeddingWords(embedding));
  if (similarity) fact("Similarity", `cosine ${fixed(similarity.cosine)}, each of the two texts read alone`);
  if (model.sha256) fact("Weights’ SHA-256", el("code", {}, model.sha256));
  if (command) fact("Made by", el("code", {}, word(visible(command))));
  return view.dispose;
}
