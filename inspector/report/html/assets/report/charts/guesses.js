/**
 * What a model holds likely, as a table of words with a bar for each.
 */

import { el, fillTo, word } from "../../shared/dom.js";
import { shorten, visible } from "../../shared/format.js";

/** @typedef {import("../../payload.js").Candidate} Candidate */

/** @param {number} share from 0 to 1 */
export const likely = (share) =>
  share >= 0.0995
    ? `${Math.round(share * 100)} %`
    : share >= 0.001
      ? `${(share * 100).toFixed(1)} %`
      : share > 0
        ? "< 0.1 %"
        : "0 %";

/**
 * An entry of the vocabulary, without the space before it.
 * @param {Pick<Candidate, "id" | "text">} entry
 */
export const entryName = ({ id, text }) => (text ? shorten(visible(text.trim() || text)) : `#${id}`);

/**
 * @param {(Node | string)[]} caption
 * @param {{name: string, probability: number}[]} entries
 */
export const guessTable = (caption, entries) =>
  el("table", { class: "guess" }, el("caption", {}, ...caption), el("tbody", {}, ...entries.map(row)));

/** @param {{name: string, probability: number}} entry */
function row({ name, probability }) {
  const fill = el("span", { class: "fill" });
  fillTo(fill, probability);
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, word(name)),
    el("td", {}, el("span", { class: "bar", "aria-hidden": "true" }, fill)),
    el("td", { class: "value" }, likely(probability)),
  );
}
