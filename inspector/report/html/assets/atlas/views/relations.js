/**
 * Relations of the treebank: the chosen head beside the chosen offset, on held-out sentences.
 */

import { el, word } from "../../shared/dom.js";
import { counted, fixed, visible } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { headName, headShort } from "../data.js";
import { intervalBar } from "../interval.js";
import { sortedBy, sortingHead } from "../sorting.js";

/** @typedef {import("../data.js").AtlasData} AtlasData */
/** @typedef {import("../state.js").Store} Store */

const COLUMNS = [
  { key: "relation", title: "Relation" },
  { key: "head", title: "Head" },
  { key: "accuracy", title: "Head accuracy", number: true },
  { key: "baseline", title: "Offset accuracy", number: true },
  { key: "difference", title: "Difference", number: true },
  { key: "n", title: "Arcs", number: true },
];

/** @typedef {import("../../payload.js").Finding} Finding */

/** @param {number | null} value JSON has no NaN */
const numberOf = (value) => value ?? NaN;
/** @param {number} offset in words */
const offsetName = (offset) => `${offset < 0 ? "−" : "+"}${Math.abs(offset)}`;

/**
 * @param {HTMLElement} root
 * @param {AtlasData} data
 * @param {Store} store
 */
export function mountRelations(root, data, store) {
  const view = new View(root, store);
  const { findings } = data.header;
  if (!data.header.treebank) return view.dispose;
  view.find("relations-says").replaceChildren(...summary(findings));
  const all = findings
    .flatMap((one) => [one.difference_low, one.difference_high, one.difference])
    .filter((value) => value != null);
  const reach = { low: Math.min(0, ...all), high: Math.max(0, ...all, 1e-9) };
  const rows = new Map(findings.map((one) => [one, rowOf(one)]));

  /** @param {Finding} one */
  function rowOf(one) {
    const { relation, direction, gloss, head, offset, n } = one,
      name = `${relation} ${direction}`;
    const known = data.numbers.has(name);
    return el(
      "tr",
      { class: one.found ? "found" : "unfound" },
      el(
        "th",
        { scope: "row" },
        el(
          "button",
          {
            type: "button",
            class: "pick",
            onclick: () => store.set({ head, ...(known ? { measure: name } : {}) }),
          },
          word(visible(relation)),
          el("small", {}, gloss && `${gloss} · `, word(visible(direction))),
        ),
      ),
      el("td", {}, el("span", { title: headName(data.heads[head]) }, headShort(data.heads[head]))),
      el(
        "td",
        { class: "numeric" },
        fixed(numberOf(one.accuracy)),
        el("small", {}, ` ${fixed(numberOf(one.low), 2)}–${fixed(numberOf(one.high), 2)}`),
        intervalBar(
          {
            value: numberOf(one.accuracy),
            low: numberOf(one.low),
            high: numberOf(one.high),
            null: numberOf(one.baseline),
            n,
          },
          { low: 0, high: 1 },
        ),
      ),
      el("td", { class: "numeric" }, fixed(numberOf(one.baseline)), el("small", {}, ` at ${offsetName(offset)}`)),
      el(
        "td",
        { class: "numeric" },
        `${one.found ? "✓ " : ""}${(one.difference ?? 0) > 0 ? "+" : ""}${fixed(numberOf(one.difference))}`,
        el(
          "small",
          {},
          ` ${fixed(numberOf(one.difference_low), 2)}–${fixed(numberOf(one.difference_high), 2)}${one.found ? "" : ", not found"}`,
        ),
        intervalBar(
          {
            value: numberOf(one.difference),
            low: numberOf(one.difference_low),
            high: numberOf(one.difference_high),
            null: NaN,
            n,
          },
          reach,
        ),
      ),
      el("td", { class: "numeric" }, n.toLocaleString("en")),
    );
  }

  view.watch(["relations", "relationOrder"], ({ relations: key, relationOrder: order }) => {
    sortingHead(view.find("relations-head"), COLUMNS, { key, order }, (relations, relationOrder) =>
      store.set({ relations, relationOrder }),
    );
    /** @param {Finding} one */
    const by = (one) =>
      key === "relation" ? `${one.relation} ${one.direction}` : Number(one[/** @type {"n"} */ (key)] ?? NaN);
    view
      .find("relations-rows")
      .replaceChildren(...sortedBy(findings, by, order).map((one) => /** @type {Node} */ (rows.get(one))));
  });
  view.watch(["head"], ({ head }) => {
    for (const [one, row] of rows) row.classList.toggle("chosen", one.head === head);
  });
  return view.dispose;
}

/** @param {Finding[]} findings */
function summary(findings) {
  const found = findings.filter((one) => one.found),
    not = findings.filter((one) => !one.found);
  const listed = not
    .slice(0, 12)
    .flatMap((one, at) => [at ? ", " : "", word(visible(one.relation)), ` (${visible(one.direction)})`]);
  return [
    findings.length
      ? `${found.length} of ${counted(findings.length, "relation and direction", "relations and directions")} found. `
      : "No relation had arcs on both halves of the sentences.",
    ...(not.length
      ? ["Not found above the offset: ", ...listed, not.length > 12 ? ` and ${not.length - 12} more.` : "."]
      : []),
  ];
}
