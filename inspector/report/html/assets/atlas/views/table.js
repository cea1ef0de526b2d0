/**
 * All heads in a table: a column for each measure of a group.
 */

import { whenNear } from "../../shared/charts.js";
import { selects } from "../../shared/controls.js";
import { el } from "../../shared/dom.js";
import { counted, fixed } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { GROUPS, groupOf, headName, headShort, namesOf, SHARES, shortName, unitOf } from "../data.js";
import { endsOf, entryWords, intervalBar } from "../interval.js";
import { sortedBy, sortingHead } from "../sorting.js";

/** @typedef {import("../data.js").AtlasData} AtlasData */
/** @typedef {import("../state.js").Store} Store */

/** @typedef {import("../../payload.js").Measure} Measure */

/** Rows that are drawn at first, and with each press of the button below them. */
const ROWS = 144;
/** Measures that are shown side by side. */
const MOST_COLUMNS = 60;
const NO_LABEL = "none";
/** @param {string[]} labels @param {string} label or NO_LABEL */
const has = (labels, label) => (label === NO_LABEL ? !labels.length : labels.includes(label));

/**
 * @param {HTMLElement} root
 * @param {AtlasData} data
 * @param {Store} store
 */
export function mountTable(root, data, store) {
  const view = new View(root, store);
  const { labels } = data.header,
    { rows } = data;
  const groups = Object.keys(GROUPS).filter((group) => data.measures.some((measure) => groupOf(measure) === group));
  /** @param {string} label */
  const count = (label) => labels.filter((its) => has(its, label)).length;
  selects(
    view,
    "group",
    "group",
    groups.map((group) => ({ value: group, text: GROUPS[group] })),
  );
  selects(view, "filter-row", "row", [
    { value: "", text: "every layer" },
    ...rows.map(({ site, layer }) => ({
      value: `${site}.${layer}`,
      text: site === "self" ? `${layer}` : `${site} ${layer}`,
    })),
  ]);
  selects(view, "filter-label", "label", [
    { value: "", text: "every label" },
    ...Object.keys(SHARES)
      .filter(count)
      .map((name) => ({ value: name, text: `${SHARES[name][0]} (${count(name)})` })),
    ...(count(NO_LABEL) ? [{ value: NO_LABEL, text: `no label (${count(NO_LABEL)})` }] : []),
  ]);

  let most = ROWS;
  /** @type {Map<number, HTMLElement>} */
  let drawn = new Map();
  const mark = () => {
    const { head } = store.get();
    for (const [h, row] of drawn) {
      row.classList.toggle("chosen", h === head);
      row.querySelector("button")?.setAttribute("aria-pressed", String(h === head));
    }
  };

  const draw = () => {
    const state = store.get();
    const measures = data.measures.filter((measure) => groupOf(measure) === state.group).slice(0, MOST_COLUMNS);
    const shown = data.heads
      .map((_, h) => h)
      .filter(
        (h) =>
          (state.row === "" || `${data.heads[h][0]}.${data.heads[h][1]}` === state.row) &&
          (state.label === "" || has(labels[h], state.label)),
      );
    /** @param {number} h */
    const by = (h) =>
      state.sort === "index"
        ? h
        : state.sort === "label"
          ? labels[h].length
            ? namesOf(labels[h])
            : null
          : data.entry(state.sort, h).value;
    const sorted = sortedBy(shown, by, state.order);
    sortingHead(
      view.find("table-head"),
      [
        { key: "index", title: "Head" },
        { key: "label", title: "Label" },
        ...measures.map((measure) => ({
          key: measure.name,
          title: shortName(measure) + (unitOf(measure) ? `, ${unitOf(measure)}` : ""),
          number: true,
        })),
      ],
      { key: state.sort, order: state.order },
      (sort, order) => store.set({ sort, order }),
    );
    const scales = measures.map((measure) =>
      unitOf(measure)
        ? endsOf(data.heads.map((_, h) => data.entry(measure.name, h)))
        : { low: Math.min(0, ...lowest(data, measure.name)), high: 1 },
    );
    drawn = new Map(sorted.slice(0, most).map((h) => [h, row(h, measures, scales)]));
    view.find("table-rows").replaceChildren(...drawn.values());
    view.find("table-says").textContent =
      `${counted(shown.length, "head")} of ${data.heads.length}; under each number its 95 % interval and, as a tick, its chance level.`;
    const more = view.find("table-more"),
      left = sorted.length - drawn.size;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(left, ROWS)} more of ${left}`;
    mark();
  };

  /** @type {(h: number, measures: Measure[], scales: {low: number, high: number}[]) => HTMLElement} */
  const row = (h, measures, scales) =>
    el(
      "tr",
      {},
      el(
        "th",
        { scope: "row" },
        el(
          "button",
          {
            type: "button",
            class: "pick",
            "aria-label": headName(data.heads[h]),
            onclick: () => store.set({ head: h }),
          },
          headShort(data.heads[h]),
        ),
      ),
      el("td", { class: "label" }, namesOf(labels[h]) || "–"),
      ...measures.map((measure, at) => {
        const entry = data.entry(measure.name, h);
        return el(
          "td",
          { class: "numeric", title: `${entryWords(entry, unitOf(measure))}; n ${entry.n}` },
          fixed(entry.value),
          intervalBar(entry, scales[at]),
        );
      }),
    );

  view.listen(view.find("table-more"), "click", () => {
    const from = drawn.size;
    most += ROWS;
    draw();
    [...drawn.values()][from]?.querySelector("button")?.focus();
  });
  const later = whenNear(view, root, draw, false);
  view.watch(["group", "sort", "order", "row", "label"], () => {
    most = ROWS;
    later();
  });
  view.watch(["head"], mark);
  return view.dispose;
}

/**
 * @param {AtlasData} data
 * @param {string} name
 */
const lowest = (data, name) => data.heads.map((_, h) => data.entry(name, h).low).filter((low) => !Number.isNaN(low));
