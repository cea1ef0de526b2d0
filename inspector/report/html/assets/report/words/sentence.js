/**
 * What is said below the sentence: who gives how much of its attention to whom, and where the numbers come from.
 */

import { asksLink } from "../../attention/pair.js";
import { headName, layerName } from "../../attention/verdict_words.js";
import { overlap } from "../../attention/words.js";
import { el, word } from "../../shared/dom.js";
import { fixed, percent } from "../../shared/format.js";
import { sinkName } from "../aside.js";
import { entryName } from "../charts/guesses.js";
import { ends } from "../selection.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../data.js").ReportData} ReportData */
/** @typedef {import("../paragraphs.js").Chip} Chip */
/** @typedef {import("../picture.js").Picture} Picture */

/** Stands there until a word was pointed at. */
const FIRST =
  "Hover over a word to see what it attends to. Click to pin it; click a second word to ask which heads link the two.";

/**
 * How the model came to write a word, token by token; empty for one that it was given.
 * @param {ReportData} data
 * @param {Chip} chip
 */
export function writtenWords(data, { tokens, side }) {
  const { generation } = data.header;
  if (!generation || side !== (data.target ?? data.source)) return "";
  return tokens
    .filter((i) => i >= generation.start)
    .map((i) => {
      const { probability, second } = generation.tokens[i - generation.start];
      return `\nwritten by the model with ${percent(probability)}; “${entryName(second)}” came second with ${percent(second.probability)}`;
    })
    .join("");
}

/**
 * What a click does now.
 * @param {ReportData} data
 * @param {State} state
 * @param {Picture} picture
 * @param {boolean} used whether a word was pointed at before
 * @param {number | null} pinned
 */
export function hintOf(data, state, { from, other }, used, pinned) {
  const { own, together } = state,
    [asked, others] = ends(data, state);
  if (!used && other == null) return FIRST;
  if (other != null)
    return together === "link"
      ? "Click the second again to let it go, another to ask about that one; Esc unpins both."
      : "Click either again to unpin it; Esc unpins both.";
  const asks = together === "link" ? "ask which heads link the two" : "compare the two";
  const turn =
    asked === others
      ? ""
      : own && together === "link"
        ? ` Click a word of the ${others.name} to ${asks}.`
        : ` Click a word of the ${others.name} to see what attends to it.`;
  if (asked !== others && together === "link")
    return (from === pinned ? "Click it again to unpin." : "Click to pin it.") + turn;
  if (from == null) return `Click a word to pin it.${turn}`;
  if (from !== pinned) return (own ? `Click to ${asks}.` : "Click to pin it.") + turn;
  return (own ? `Click another word to ${asks}, or this one again to unpin.` : "Click it again to unpin.") + turn;
}

/**
 * Whose attention is spoken of.
 * @param {ReportData} data
 * @param {State} state
 */
function where({ layers }, { index, head, whose }) {
  const { site, heads } = layers[index],
    kind = site === "self" ? "" : `${site} `,
    name = layerName(layers[index]);
  if (whose === "head") return `In ${headName(layers[index], head)}, `;
  if (whose === "layer") return `On average over the ${heads} heads of ${name}, `;
  const all = layers.reduce((sum, one) => sum + (one.site === site ? one.heads : 0), 0);
  return `On average over all ${all} ${kind}heads, `;
}

/**
 * Where the numbers come from, and what became of subwords.
 * @param {ReportData} data
 * @param {State} state
 * @param {boolean} several
 */
export function origin(data, { index, head, whose, subwords, sink }, several) {
  const mean = whose !== "head",
    shipped = data.model(index, head);
  const from =
    mean || !shipped
      ? `These numbers are ${mean ? "an average, " : ""}worked out on this page from ` +
        (shipped ? "the model’s own attention." : "q and k.")
      : data.header.verification.verdict === "unproved"
        ? "These numbers were computed from the weights; the real model has not been asked."
        : "These numbers are the model’s own.";
  const aside = sink && sinkName(data, index);
  return (
    from +
    (aside ? ` Set aside: ${aside}.` : "") +
    (several && !subwords ? " Subwords are combined: attention received is summed, attention given is averaged." : "")
  );
}

/**
 * @param {ReportData} data
 * @param {State} state
 * @param {Picture} picture
 * @returns {(Node | string)[]}
 */
export function saying(data, state, picture) {
  const { units, told, from, other, amounts, masked } = picture;
  if (from == null || !amounts) return ["No word is chosen."];
  const out = state.direction === "out";
  /** @param {number} u */
  const quoted = (u) => el("b", {}, "“", word(units[u].name, "clip"), "”");
  const there = told.filter((u) => !Number.isNaN(amounts[u]));
  if (!there.length) return [quoted(from), out ? " attends only to what is set aside." : " is set aside."];
  if (other != null && !asksLink(state)) return [where(data, state), ...comparing(picture, out)];
  const order =
    other == null ? [...there].sort((a, b) => amounts[b] - amounts[a]).slice(0, 2) : there.filter((u) => u === other);
  if (!order.length) return [quoted(other ?? from), " is set aside."];
  /** @param {number} u @param {number} at */
  const share = (u, at) => {
    const own = u === from,
      much = percent(amounts[u]);
    if (out)
      return [at ? ` and ${much} to ` : ` gives ${much} of its attention to `, own ? el("b", {}, "itself") : quoted(u)];
    return [
      `${at ? " and" : " gets"} ${much} of ${own ? "" : at ? "that of " : "the attention of "}`,
      own ? el("b", {}, "its own") : quoted(u),
    ];
  };
  const total = there.reduce((sum, u) => sum + amounts[u], 0),
    hidden = masked?.filter(Boolean).length;
  return [
    where(data, state),
    quoted(from),
    ...order.flatMap(share),
    ". ",
    out ? "" : `It receives ${fixed(total, 2)} in all, of the 1 that each of the ${told.length} here has to give. `,
    hidden
      ? `The ${hidden} in grey ${hidden === 1 ? "is" : "are"} masked: the model does not let ${out ? "it attend to them" : "them attend to it"}. `
      : "",
  ];
}

/**
 * Two words side by side.
 * @param {Picture} picture
 * @param {boolean} out
 * @returns {(Node | string)[]}
 */
function comparing({ units, told: all, from, other, pointed, amounts: a, others: b }, out) {
  if (from == null || other == null || !a || !b) return [];
  const told = all.filter((u) => !Number.isNaN(a[u]) && !Number.isNaN(b[u]));
  if (!told.length) return ["There is nothing to compare: both attend only to what is set aside."];
  /** @param {number} u */
  const quoted = (u) =>
    el(
      "b",
      { class: u === from ? "is-source" : u === other ? "is-other" : null },
      "“",
      word(units[u].name, "clip"),
      "”",
    );
  /** @param {Float64Array} values */
  const of = (values) => Float64Array.from(told, (u) => values[u]);
  const how = out ? "from" : "to",
    shared = percent(overlap(of(a), of(b)));
  /** @param {number} u */
  const apart = (u) => Math.abs(a[u] - b[u]);
  // Pointing asks for a word's two numbers; else those stand there that differ most.
  const asked = pointed != null && pointed !== from && pointed !== other && told.includes(pointed);
  const third = asked ? pointed : told.reduce((most, u) => (apart(u) > apart(most) ? u : most));
  return [
    quoted(from),
    " and ",
    quoted(other),
    out ? ` agree on ${shared} of their attention. ` : ` share ${shared} of the attention that they receive. `,
    asked ? "" : "They differ most on ",
    quoted(third),
    `: ${percent(a[third])} ${how} `,
    quoted(from),
    `, ${percent(b[third])} ${how} `,
    quoted(other),
    ". ",
  ];
}
