/**
 * The rungs one by one: a chart over them, the chosen one in words, and the way to the next.
 */

import { BASELINES, COLUMNS, measureOf, rungTitle, SCOPES } from "../../../attention/rungs.js";
import { el } from "../../../shared/dom.js";
import { fixed } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";
import { createLadderChart } from "../../charts/ladder.js";

/** @typedef {keyof typeof SCOPES} Scope */

const SCOPE_NAMES = /** @type {[Scope, string][]} */ (Object.entries(SCOPES));

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountLadderSteps(root, data, store) {
  const view = new View(root, store),
    { ladder } = data.header;
  root.hidden = !ladder.some((rung) => rung.measured);
  if (root.hidden) return view.dispose;
  const indices = ladder.flatMap((rung, i) => (rung.applies && !rung.reference ? [i] : []));
  const rungs = indices.map((i) => ({ name: ladder[i].name, step: String(i), title: rungTitle(ladder[i].name) }));
  /** @param {string} name */
  const choose = (name) => store.set({ rung: name });
  const chart = createLadderChart(view, view.find("ladder-chart"), rungs, choose);
  const back = view.find("rung-back"),
    on = view.find("rung-on");
  const here = () => rungs.findIndex((rung) => rung.name === store.get().rung);
  view.listen(back, "click", () => choose(rungs[Math.max(0, here() - 1)].name));
  view.listen(on, "click", () => choose(rungs[Math.min(rungs.length - 1, here() + 1)].name));

  view.watch(["index", "head", "scope", "tokens", "measure", "rung"], (state) => {
    const column = COLUMNS.find(({ measure }) => measure === state.measure) ?? COLUMNS[0];
    /** @param {number} i @param {Scope} scope */
    const of = (i, scope) => measureOf(data, state, i, column.measure, scope);
    const lines = SCOPE_NAMES.map(([key, name]) => ({
      name,
      key: state.scope === key ? `${key} bold` : key,
      values: indices.map((i) => of(i, key)),
    }));
    const baselines = ladder.flatMap((rung, i) =>
      rung.reference ? [{ name: BASELINES[rung.name] ?? rung.name, key: rung.name, value: of(i, state.scope) }] : [],
    );
    chart.choose(state.rung);
    chart.show({ lines, baselines, column, chosen: state.rung });
    const i = ladder.findIndex((rung) => rung.name === state.rung),
      rung = ladder[i];
    const at = here();
    // A disabled button would lose the keyboard's place.
    back.setAttribute("aria-disabled", String(at <= 0));
    on.setAttribute("aria-disabled", String(at === rungs.length - 1));
    const measured = SCOPE_NAMES.flatMap(([key, name]) => {
      const v = of(i, key);
      return Number.isNaN(v) ? [] : [`${name} ${fixed(v)}`];
    });
    const others = baselines
      .filter(({ value }) => !Number.isNaN(value))
      .map(({ name, value }) => `${name} ${fixed(value)}`);
    view
      .find("rung-text")
      .replaceChildren(
        el("h3", {}, rung.reference ? "" : `${i} · `, rungTitle(rung.name)),
        el("p", {}, rung.adds, el("code", { class: "formula" }, rung.formula)),
        el(
          "p",
          { class: "note" },
          measured.length
            ? `${column.title}: ${measured.join(", ")}.` +
                (rung.reference || !others.length ? "" : ` Baselines for ${SCOPES[state.scope]}: ${others.join(", ")}.`)
            : `${column.title}: not defined here${rung.name === "classroom" ? ", since raw scores are not probabilities" : ""}.`,
        ),
      );
  });
  return view.dispose;
}
