/**
 * All heads in a table: a column for each measure of a group.
 */

import { GROUPS, SHARES, groupOf, headName, headShort, namesOf, shortName, unitOf } from "../data.js";
import { endsOf, entryWords, intervalBar } from "../interval.js";
import { sortedBy, sortingHead } from "../sorting.js";
import { byId, el } from "../../shared/dom.js";
import { counted, fixed } from "../../shared/format.js";
import { whenNear } from "../../shared/charts.js";

/** @typedef {import("../data.js").AtlasData} AtlasData */
/** @typedef {import("../../report/state.js").Store} Store */

/** Rows that are drawn at first, and with each press of the button below them. */
const ROWS = 144;
/** Measures that are shown side by side. */
const MOST_COLUMNS = 60;
const NO_LABEL = "none";
/** @param {string[]} labels @param {string} label or NO_LABEL */
const has = (labels, label) => (label === NO_LABEL ? !labels.length : labels.includes(label));

/**
 * @param {AtlasData} data
 * @param {Store} store
 */
export function showAtlasTable(data, store) {
  const { labels } = data.header, { rows } = data;
  const groups = Object.keys(GROUPS).filter((group) => data.measures.some((measure) => groupOf(measure) === group));
  const count = (label) => labels.filter((its) => has(its, label)).length;
  selects(store, "group", "group", groups.map((group) => [group, GROUPS[group]]));
  selects(store, "filter-layer", "layer", [["", "every layer"],
    ...rows.map(({ site, layer }) => [`${site}.${layer}`, site === "self" ? `${layer}` : `${site} ${layer}`])]);
  selects(store, "filter-label", "label", [["", "every label"],
    ...Object.keys(SHARES).filter(count).map((name) => [name, `${SHARES[name][0]} (${count(name)})`]),
    ...(count(NO_LABEL) ? [[NO_LABEL, `no label (${count(NO_LABEL)})`]] : [])]);

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
    const shown = data.heads.map((_, h) => h).filter((h) =>
      (state.layer === "" || `${data.heads[h][0]}.${data.heads[h][1]}` === state.layer)
      && (state.label === "" || has(labels[h], state.label)));
    const by = state.sort === "place" ? (h) => h
      : state.sort === "label" ? (h) => (labels[h].length ? namesOf(labels[h]) : null)
        : (h) => data.entry(state.sort, h).value;
    const sorted = sortedBy(shown, by, state.order);
    sortingHead(byId("table-head"), [{ key: "place", title: "Head" }, { key: "label", title: "Label" },
      ...measures.map((measure) => ({
        key: measure.name, title: shortName(measure) + (unitOf(measure) ? `, ${unitOf(measure)}` : ""), number: true,
      }))], { key: state.sort, order: state.order }, (sort, order) => store.set({ sort, order }));
    const scales = measures.map((measure) => (unitOf(measure)
      ? endsOf(data.heads.map((_, h) => data.entry(measure.name, h))) : { low: Math.min(0, ...lowest(data, measure.name)), high: 1 }));
    drawn = new Map(sorted.slice(0, most).map((h) => [h, row(h, measures, scales)]));
    byId("table-rows").replaceChildren(...drawn.values());
    byId("table-says").textContent = `${counted(shown.length, "head")} of ${data.heads.length}; under each number its 95 % interval and, as a tick, its chance level.`;
    const more = byId("table-more"), left = sorted.length - drawn.size;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(left, ROWS)} more of ${left}`;
    mark();
  };

  const row = (h, measures, scales) => el("tr", {},
    el("th", { scope: "row" }, el("button", {
      type: "button", class: "pick", "aria-label": headName(data.heads[h]), onclick: () => store.set({ head: h }),
    }, headShort(data.heads[h]))),
    el("td", { class: "label" }, namesOf(labels[h]) || "–"),
    ...measures.map((measure, at) => {
      const entry = data.entry(measure.name, h);
      return el("td", { class: "numeric", title: `${entryWords(entry, unitOf(measure))}; n ${entry.n}` },
        fixed(entry.value), intervalBar(entry, scales[at]));
    }));

  byId("table-more").addEventListener("click", () => {
    const from = drawn.size;
    most += ROWS;
    draw();
    [...drawn.values()][from]?.querySelector("button")?.focus();
  });
  const later = whenNear(byId("table"), draw, false);
  store.watch(["group", "sort", "order", "layer", "label"], () => {
    most = ROWS;
    later();
  });
  store.watch(["head"], mark);
}

/**
 * @param {AtlasData} data
 * @param {string} name
 */
const lowest = (data, name) => data.heads.map((_, h) => data.entry(name, h).low).filter((low) => !Number.isNaN(low));

/**
 * @param {Store} store
 * @param {string} id
 * @param {string} key
 * @param {string[][]} options value and words
 */
function selects(store, id, key, options) {
  const select = /** @type {HTMLSelectElement} */ (byId(id));
  select.append(...options.map(([value, text]) => el("option", { value }, text)));
  select.addEventListener("change", () => store.set({ [key]: select.value }));
  store.watch([key], (state) => { select.value = state[key]; });
}
