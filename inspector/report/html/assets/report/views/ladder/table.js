/**
 * Every rung of the ladder in numbers, and the baselines.
 */

import { COLUMNS, measureOf, rungTitle } from "../../../attention/rungs.js";
import { el } from "../../../shared/dom.js";
import { fixed } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountLadderTable(root, data, store) {
  const view = new View(root, store),
    { ladder } = data.header;
  root.hidden = !ladder.some((rung) => rung.measured);
  if (root.hidden) return view.dispose;
  const rows = ladder.map((rung, index) => ladderRow(rung, index, store));
  view
    .find("ladder-head")
    .append(
      el(
        "tr",
        {},
        el("th", { scope: "col" }, "Rung"),
        el("th", { scope: "col" }, "What it adds"),
        ...COLUMNS.map(({ name, means }) => el("th", { scope: "col", title: means }, name)),
      ),
    );
  const rungs = view.find("ladder-rungs"),
    baselines = view.find("ladder-baselines");
  rows.forEach((row, i) => (ladder[i].reference ? baselines : rungs).append(row.element));
  view.watch(["index", "head", "scope", "tokens"], (state) => {
    const numbers = ladder.map((_, rung) =>
      Object.fromEntries(COLUMNS.map(({ measure }) => [measure, measureOf(data, state, rung, measure)])),
    );
    const marks = Object.fromEntries(ladder.flatMap((rung, i) => (rung.reference ? [[rung.name, numbers[i]]] : [])));
    const { site } = data.layers[state.index];
    rows.forEach((row, i) => row.show(numbers[i], marks, ladder[i].sites.includes(site)));
    view.find("ladder-omitted").textContent = omitted(ladder, state);
  });
  view.watch(["rung"], ({ rung }) => rows.forEach((row, i) => row.choose(ladder[i].name === rung)));
  return view.dispose;
}

/**
 * @param {import("../../../payload.js").Rung[]} ladder
 * @param {import("../../state.js").State} state
 */
function omitted(ladder, { tokens }) {
  const side = tokens === "all" ? 0 : 1;
  const rungs = ladder.filter((rung) => rung.measured && !rung.reference);
  /** @param {"constant_rows" | "empty_rows"} key */
  const most = (key) => Math.max(0, ...rungs.map((rung) => rung[key][side] ?? 0));
  const constant = most("constant_rows"),
    empty = most("empty_rows");
  return [
    constant
      ? `Counted over all heads, up to ${constant} rows of a rung are constant and have no rank correlation.`
      : "",
    empty ? `Up to ${empty} rows had nothing left to measure.` : "",
  ]
    .join(" ")
    .trim();
}

/**
 * @param {import("../../../payload.js").Rung} rung
 * @param {number} index
 * @param {import("../../state.js").Store} store
 */
function ladderRow(rung, index, store) {
  const title = rungTitle(rung.name);
  const button = el(
    "button",
    { type: "button", class: "rung", disabled: !rung.applies, onclick: () => store.set({ rung: rung.name }) },
    el("span", { class: "rung-step", "aria-hidden": "true" }, rung.reference ? "base" : `${index}`),
    el("span", {}, title),
  );
  const cells = COLUMNS.map((column) => {
    const fill = el("span", { class: "fill" });
    const marks = {
      uniform: el("span", { class: "mark uniform" }),
      layer_mean: el("span", { class: "mark layer-mean" }),
    };
    const value = el("span", { class: "value" });
    const bar = el(
      "span",
      { class: "bar", "aria-hidden": "true" },
      fill,
      ...(rung.reference ? [] : Object.values(marks)),
    );
    return { column, fill, marks, value, bar, element: el("td", { "data-name": column.name }, bar, value) };
  });
  const nothing = el("em", { hidden: true }, " Adds nothing here.");
  const adds = el(
    "td",
    { class: "adds" },
    el("span", {}, rung.adds, nothing),
    el("code", { class: "formula" }, rung.formula),
  );
  const element = el(
    "tr",
    { "data-rung": rung.name, class: rung.applies ? null : "none" },
    el("th", { scope: "row" }, button),
    adds,
    ...(rung.applies
      ? cells.map((cell) => cell.element)
      : [el("td", { colspan: COLUMNS.length, class: "absent" }, "this family has none")]),
  );
  return {
    element,
    /** @param {boolean} chosen */
    choose(chosen) {
      button.setAttribute("aria-pressed", String(chosen));
      element.classList.toggle("chosen", chosen);
    },
    /**
     * @param {Record<string, number>} numbers
     * @param {Record<string, Record<string, number>>} baselines
     * @param {boolean} adds false where the rung adds nothing at this site
     */
    show(numbers, baselines, adds) {
      if (rung.applies) {
        element.classList.toggle("none", !adds);
        nothing.hidden = adds;
      }
      for (const { column, fill, marks, value, bar } of cells) {
        const { low, high, measure, unit } = column;
        /** @param {number} v */
        const share = (v) => Math.max(0, Math.min(1, (v - low) / (high - low))) * 100;
        const v = numbers[measure],
          zero = share(0);
        const there = !Number.isNaN(v);
        bar.hidden = !there;
        fill.style.left = `${there ? Math.min(zero, share(v)) : 0}%`;
        fill.style.width = `${there ? Math.abs(share(v) - zero) : 0}%`;
        value.textContent = there ? fixed(v) + unit : "–";
        for (const [name, mark] of Object.entries(marks)) {
          const at = baselines[name]?.[measure];
          mark.hidden = at == null || Number.isNaN(at);
          mark.style.left = `${share(at ?? 0)}%`;
        }
      }
    },
  };
}
