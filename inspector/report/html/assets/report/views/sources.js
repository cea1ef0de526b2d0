/**
 * Where each number on the page comes from.
 */

import { byId, el } from "../../shared/dom.js";
import { tiny } from "../../shared/format.js";

/** @param {any} header */
export function showSources(header) {
  const { sites, arithmetic_max_abs_error: error, ladder } = header;
  const list = byId("sources");
  const say = (name, text) => list.append(el("div", {}, el("dt", {}, name), el("dd", {}, text)));
  const exact = sites.every((site) => site.exact);
  const kinds = [...new Set(sites.map((site) => site.precision).filter(Boolean))].join(" and ");
  const keys = [...new Set(sites.map((site) => site.key_precision).filter(Boolean))].join(" and ");
  const recomputed = sites.every((site) => site.recomputed);
  const fromKeys = sites.some((site) => site.source === "query_key");

  const captured = header.verification.tier === "captured";

  say("The model’s attention", exact
    ? "the model’s own float32 numbers, shipped in full."
    : fromKeys ? `${header.target ? "where a" : "this"} text is longer than 32 tokens, ${header.target ? "" : "so "}the page carries each head’s ${captured ? "own" : "rebuilt"} q and k (${kinds})`
      + " instead of its matrix, and works out softmax(q·k) itself"
      + (sites.some((site) => site.source === "attention") ? "; where something is added to q·k it carries the matrix." : ".")
      : `the model’s own numbers, shipped as ${kinds}.`);
  say("The rebuild", recomputed
    ? (captured ? "the attention function alone, from the q, k and v that the model made; " : "") + (exact ? "the model’s number plus the shipped difference, so that the two panels never rest on the same data."
      : "compared with the model when the report was made; the largest difference of every row was shipped in float32.")
    : "none: this family is not recomputed.");
  if (exact) {
    say("This page’s arithmetic", "none for the head’s matrices: what you see of them was shipped."
      + (error == null ? "" : ` “Why this number” works out softmax(q·k) from q and k (${keys}): at most ${tiny(error)} away from the model’s own attention, over every head and cell.`));
  } else if (error != null) {
    say(fromKeys ? "This page’s arithmetic" : "Rounding on the way",
      `at most ${tiny(error)} away from the model’s own attention, over every head and cell; measured before shipping.`);
  }
  say("The ladder’s numbers", ladder.some((rung) => rung.measured) ? "measured in Python when the report was made; its matrices are "
    + (ladder.some((rung) => Object.values(rung.matrices).includes("pooled")) ? "averaged over patches of tokens, since the text is longer than 128."
      : "the classroom’s R in float32 and the learned rung in float16; the others follow from them by their formulas.")
    : "none were measured.");
  if (header.predictions) say("What the model says", "the softmax of the model’s own logits, in float64; not rebuilt.");
  say("The mix", "|R| times the length of each token’s vector on the classroom’s side; attention times the length of"
    + " v·Wo, in float16, on the head’s.");
  say("What heads are sorted and coloured by", "entropy, distance and the measures of a rung were taken in Python from"
    + " the model’s own attention, whole; the small pictures show each head at no more than 32 × 32.");
  say("Counting", "layers, heads, rows and columns count from 0.");
}
