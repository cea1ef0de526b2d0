/**
 * Relations of the treebank: the chosen head beside the chosen offset, on held-out sentences.
 */

import { headShort, headName } from "../data.js";
import { intervalBar } from "../interval.js";
import { sortedBy, sortingHead } from "../sorting.js";
import { byId, el, word } from "../../shared/dom.js";
import { counted, fixed, visible } from "../../shared/format.js";

/** @typedef {import("../data.js").AtlasData} AtlasData */
/** @typedef {import("../../report/state.js").Store} Store */

const COLUMNS = [
  { key: "relation", title: "Relation" }, { key: "head", title: "Head" },
  { key: "accuracy", title: "Head is right", number: true }, { key: "baseline", title: "Offset is right", number: true },
  { key: "difference", title: "Difference", number: true }, { key: "n", title: "Arcs", number: true },
];

/** @param {number | null} value JSON has no NaN */
const numberOf = (value) => value ?? NaN;
/** @param {number} offset in words */
const offsetName = (offset) => `${offset < 0 ? "−" : "+"}${Math.abs(offset)}`;

/**
 * @param {AtlasData} data
 * @param {Store} store
 */
export function showAtlasRelations(data, store) {
  const { findings } = data.header;
  if (!data.header.treebank) return;
  says(findings);
  const all = findings.flatMap((one) => [one.difference_low, one.difference_high, one.difference]).filter((value) => value != null);
  const reach = { low: Math.min(0, ...all), high: Math.max(0, ...all, 1e-9) };
  const rows = new Map(findings.map((one) => [one, rowOf(one)]));

  function rowOf(one) {
    const { relation, direction, gloss, head, offset, n } = one, name = `${relation} ${direction}`;
    const known = data.numbers.has(name);
    return el("tr", { class: one.found ? "found" : "unfound" },
      el("th", { scope: "row" }, el("button", {
        type: "button", class: "pick", onclick: () => store.set({ head, ...(known ? { measure: name } : {}) }),
      }, word(visible(relation)), el("small", {}, gloss && `${gloss} · `, word(visible(direction))))),
      el("td", {}, el("span", { title: headName(data.heads[head]) }, headShort(data.heads[head]))),
      el("td", { class: "numeric" }, fixed(numberOf(one.accuracy)), el("small", {}, ` ${fixed(numberOf(one.low), 2)}–${fixed(numberOf(one.high), 2)}`),
        intervalBar({ value: numberOf(one.accuracy), low: numberOf(one.low), high: numberOf(one.high), null: numberOf(one.baseline), n }, { low: 0, high: 1 })),
      el("td", { class: "numeric" }, fixed(numberOf(one.baseline)), el("small", {}, ` at ${offsetName(offset)}`)),
      el("td", { class: "numeric" }, `${one.found ? "✓ " : ""}${one.difference > 0 ? "+" : ""}${fixed(numberOf(one.difference))}`,
        el("small", {}, ` ${fixed(numberOf(one.difference_low), 2)}–${fixed(numberOf(one.difference_high), 2)}${one.found ? "" : ", not found"}`),
        intervalBar({ value: numberOf(one.difference), low: numberOf(one.difference_low), high: numberOf(one.difference_high), null: NaN, n }, reach)),
      el("td", { class: "numeric" }, n.toLocaleString("en")));
  }

  store.watch(["relations", "relationOrder"], ({ relations: key, relationOrder: order }) => {
    sortingHead(byId("relations-head"), COLUMNS, { key, order },
      (relations, relationOrder) => store.set({ relations, relationOrder }));
    const by = key === "relation" ? (one) => `${one.relation} ${one.direction}` : (one) => one[key];
    byId("relations-rows").replaceChildren(...sortedBy(findings, by, order).map((one) => /** @type {Node} */ (rows.get(one))));
  });
  store.watch(["head"], ({ head }) => {
    for (const [one, row] of rows) row.classList.toggle("chosen", one.head === head);
  });
}

/** @param {any[]} findings */
function says(findings) {
  const found = findings.filter((one) => one.found), not = findings.filter((one) => !one.found);
  const listed = not.slice(0, 12).flatMap((one, at) => [at ? ", " : "", word(visible(one.relation)), ` (${visible(one.direction)})`]);
  byId("relations-says").replaceChildren(
    findings.length ? `${found.length} of ${counted(findings.length, "relation and direction", "relations and directions")} found. ` : "No relation had arcs on both halves of the sentences.",
    ...(not.length ? ["Not found above the offset: ", ...listed, not.length > 12 ? ` and ${not.length - 12} more.` : "."] : []));
}
