/**
 * The ladder: from the classroom's table to the model, one idea at a time, each measured.
 */

import { keepRow } from "../selection.js";
import { byId, el, toggles } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";
import { createMatrix } from "../charts/matrix.js";
import { createLadderChart } from "../charts/ladder.js";
import { ladderWords } from "../../attention/ladder_words.js";
import { forbid, largestMagnitude, meanOfNumbers } from "../../attention/maths.js";
import { segmentsOf, splitsOf } from "../../attention/segments.js";
import { showShares } from "./shares.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */

const COLUMNS = [
  { measure: "jsd_bits", name: "Divergence", title: "Divergence in bits", unit: " bits", low: 0, high: 1,
    means: "Jensen–Shannon divergence from the model’s attention, mean over rows: 0 is the same, 1 bit has nothing in common" },
  { measure: "rank_correlation", name: "Rank correlation", title: "Rank correlation", unit: "", low: -1, high: 1,
    means: "Spearman’s correlation with the model’s rows: 1 is the same order, 0 none" },
  { measure: "top1_agreement", name: "Same favourite", title: "Same favourite", unit: "", low: 0, high: 1,
    means: "Share of rows whose strongest key is the model’s strongest key" },
];
/** What each rung is called in plain words. */
const TITLES = {
  strangers: "Strangers", classroom: "Classroom", share: "Shares", softmax: "Softmax",
  scaled: "Scaled", learned: "Learned q and k", heads: "Heads", position: "Positions", mask: "Mask",
  model: "The model", uniform: "Everybody equally", layer_mean: "The layer’s average head",
};

/** Whose numbers there are, and what they are called. */
const SCOPES = { head: "this head", layer: "its layer", all: "all heads" };
/** Rungs in which what the model forbids is forbidden already; in those before them all may be heard. */
const MASKED = ["mask", "model", "uniform", "layer_mean"];
const REFERENCES = { uniform: "everyone alike", layer_mean: "average head" };

/**
 * @param {ReportData} data
 * @param {Store} store
 */
export function showLadder(data, store) {
  const ladder = data.header.ladder;
  if (!ladder.some((rung) => rung.measured)) {
    const { reason: why, tier } = data.header.verification;
    const unknown = tier === "captured" ? ". Its rungs start from what the projections receive and from the projections"
      + " themselves, and where only q, k and v were captured neither is known" : "";
    byId("ladder-body").replaceChildren(el("p", { class: "plain-notice" },
      `The ladder is not measured here${why ? `: ${why}` : ", since nothing was recomputed"}${unknown}.`));
    return;
  }
  toggles(store, "ladder-scope", "scope");
  toggles(store, "ladder-tokens", "tokens");
  toggles(store, "ladder-measure", "measure");

  const rows = ladder.map((rung, index) => ladderRow(rung, index, store));
  byId("ladder-head").append(el("tr", {}, el("th", { scope: "col" }, "Rung"),
    el("th", { scope: "col" }, "What it adds"),
    ...COLUMNS.map(({ name, means }) => el("th", { scope: "col", title: means }, name))));
  const bodies = { rungs: byId("ladder-rungs"), references: byId("ladder-references") };
  rows.forEach((row, i) => bodies[ladder[i].reference ? "references" : "rungs"].append(row.element));

  store.watch(["layer", "head", "scope", "tokens"], (state) => {
    const numbers = ladder.map((_, index) => Object.fromEntries(COLUMNS.map(({ measure }) =>
      [measure, number(data, state, index, measure)])));
    const marks = Object.fromEntries(ladder.flatMap((rung, i) => rung.reference ? [[rung.name, numbers[i]]] : []));
    const { site } = data.sites[state.layer];
    rows.forEach((row, i) => row.show(numbers[i], marks, ladder[i].sites.includes(site)));
    byId("ladder-between").hidden = site !== "cross";
    byId("ladder-says").textContent = ladderWords(ladder, numbers, state);
    byId("ladder-omitted").textContent = omitted(ladder, state);
  });
  store.watch(["rung"], ({ rung }) => rows.forEach((row, i) => row.choose(ladder[i].name === rung)));
  showShares(data, store);
  showSteps(data, store);
  showPair(data, store);
}

/**
 * @param {ReportData} data
 * @param {import("../state.js").State} state
 * @param {number} rung
 * @param {string} measure
 * @param {string} [scope] the chosen one unless told
 */
function number(data, { layer, head, scope: chosen, tokens }, rung, measure, scope = chosen) {
  const all = data.measures(rung, tokens, measure);
  if (scope === "all") return meanOfNumbers(data.ofSite(all, layer));
  const heads = all.length / data.sites.length, first = layer * heads;
  return scope === "layer" ? meanOfNumbers(all.subarray(first, first + heads)) : all[first + head];
}

/**
 * The stepper: a chart over the rungs, the chosen one in words, and the way to the next.
 * @param {ReportData} data
 * @param {Store} store
 */
function showSteps(data, store) {
  const ladder = data.header.ladder;
  const places = ladder.flatMap((rung, i) => (rung.applies && !rung.reference ? [i] : []));
  const rungs = places.map((i) => ({ name: ladder[i].name, step: String(i), title: TITLES[ladder[i].name] ?? ladder[i].name }));
  const choose = (name) => store.set({ rung: name });
  const chart = createLadderChart(byId("ladder-chart"), rungs, choose);
  const back = /** @type {HTMLButtonElement} */ (byId("rung-back")), on = /** @type {HTMLButtonElement} */ (byId("rung-on"));
  const here = () => rungs.findIndex((rung) => rung.name === store.get().rung);
  back.addEventListener("click", () => choose(rungs[Math.max(0, here() - 1)].name));
  on.addEventListener("click", () => choose(rungs[Math.min(rungs.length - 1, here() + 1)].name));

  store.watch(["layer", "head", "scope", "tokens", "measure", "rung"], (state) => {
    const column = COLUMNS.find(({ measure }) => measure === state.measure) ?? COLUMNS[0];
    const of = (i, scope) => number(data, state, i, column.measure, scope);
    const lines = Object.entries(SCOPES).map(([key, name]) => ({ name, key: state.scope === key ? `${key} bold` : key, values: places.map((i) => of(i, key)) }));
    const references = ladder.flatMap((rung, i) => (rung.reference
      ? [{ name: REFERENCES[rung.name] ?? rung.name, key: rung.name, value: of(i, state.scope) }] : []));
    chart.choose(state.rung);
    chart.show({ lines, references, column, chosen: state.rung });
    const i = ladder.findIndex((rung) => rung.name === state.rung), rung = ladder[i];
    const at = here();
    // A disabled button would lose the keyboard's place.
    back.setAttribute("aria-disabled", String(at <= 0));
    on.setAttribute("aria-disabled", String(at === rungs.length - 1));
    const measured = Object.entries(SCOPES).map(([key, name]) => [name, of(i, key)])
      .flatMap(([name, v]) => (Number.isNaN(v) ? [] : [`${name} ${fixed(v)}`]));
    const beside = references.filter(({ value }) => !Number.isNaN(value)).map(({ name, value }) => `${name} ${fixed(value)}`);
    byId("rung-text").replaceChildren(
      el("h3", {}, rung.reference ? "" : `${i} · `, TITLES[rung.name] ?? rung.name),
      el("p", {}, rung.adds, el("code", { class: "formula" }, rung.formula)),
      el("p", { class: "note" }, measured.length
        ? `${column.title}: ${measured.join(", ")}.`
          + (rung.reference || !beside.length ? "" : ` Beside it, for ${SCOPES[state.scope]}: ${beside.join(", ")}.`)
        : `${column.title}: this rung has none${rung.name === "classroom" ? ", since raw scores are no shares" : ""}.`));
  });
}

/**
 * @param {any[]} ladder
 * @param {import("../state.js").State} state
 */
function omitted(ladder, { tokens }) {
  const side = tokens === "all" ? 0 : 1;
  const rungs = ladder.filter((rung) => rung.measured && !rung.reference);
  const most = (key) => Math.max(0, ...rungs.map((rung) => rung[key][side] ?? 0));
  const constant = most("constant_rows"), empty = most("empty_rows");
  return [
    constant ? `Counted over all heads, up to ${constant} rows of a rung are constant and have no rank correlation.` : "",
    empty ? `Up to ${empty} rows had nothing left to measure.` : "",
  ].join(" ").trim();
}

/**
 * @param {any} rung
 * @param {number} index
 * @param {Store} store
 */
function ladderRow(rung, index, store) {
  const title = TITLES[rung.name] ?? rung.name;
  const button = el("button", { type: "button", class: "rung", disabled: !rung.applies,
    onclick: () => store.set({ rung: rung.name }) },
    el("span", { class: "rung-step", "aria-hidden": "true" }, rung.reference ? "ref" : `${index}`), el("span", {}, title));
  const cells = COLUMNS.map((column) => {
    const fill = el("span", { class: "fill" });
    const marks = { uniform: el("span", { class: "mark uniform" }), layer_mean: el("span", { class: "mark layer-mean" }) };
    const value = el("span", { class: "value" });
    const bar = el("span", { class: "bar", "aria-hidden": "true" }, fill, ...(rung.reference ? [] : Object.values(marks)));
    return { column, fill, marks, value, bar, element: el("td", { "data-name": column.name }, bar, value) };
  });
  const nothing = el("em", { hidden: true }, " Adds nothing at this site.");
  const adds = el("td", { class: "adds" }, el("span", {}, rung.adds, nothing), el("code", { class: "formula" }, rung.formula));
  const element = el("tr", { "data-rung": rung.name, class: rung.applies ? null : "none" },
    el("th", { scope: "row" }, button), adds,
    ...(rung.applies ? cells.map((cell) => cell.element)
      : [el("td", { colspan: COLUMNS.length, class: "absent" }, "this family has none")]));
  return {
    element,
    /** @param {boolean} chosen */
    choose(chosen) {
      button.setAttribute("aria-pressed", String(chosen));
      element.classList.toggle("chosen", chosen);
    },
    /**
     * @param {Record<string, number>} numbers
     * @param {Record<string, Record<string, number>>} references
     * @param {boolean} adds false where the rung adds nothing at this site
     */
    show(numbers, references, adds) {
      if (rung.applies) {
        element.classList.toggle("none", !adds);
        nothing.hidden = adds;
      }
      for (const { column, fill, marks, value, bar } of cells) {
        const { low, high, measure, unit } = column;
        const share = (v) => Math.max(0, Math.min(1, (v - low) / (high - low))) * 100;
        const v = numbers[measure], zero = share(0);
        const there = !Number.isNaN(v);
        bar.hidden = !there;
        fill.style.left = `${there ? Math.min(zero, share(v)) : 0}%`;
        fill.style.width = `${there ? Math.abs(share(v) - zero) : 0}%`;
        value.textContent = there ? fixed(v) + unit : "–";
        for (const [name, mark] of Object.entries(marks)) {
          const at = references[name]?.[measure];
          mark.hidden = at == null || Number.isNaN(at);
          mark.style.left = `${share(at ?? 0)}%`;
        }
      }
    },
  };
}

/**
 * The chosen rung's matrix beside the real one.
 * @param {ReportData} data
 * @param {Store} store
 */
function showPair(data, store) {
  const onPick = (row) => store.set(keepRow(data, store.get(), row));
  const rungPanel = createMatrix({ onCursor: (i, j) => say(i, j), onPick });
  const modelPanel = createMatrix({ onCursor: (i, j) => say(i, j), onPick });
  const readout = byId("ladder-readout");
  byId("ladder-pair").append(rungPanel.element, modelPanel.element);
  let shown = null;
  const none = byId("ladder-no-matrix"), noMatrix = none.textContent;

  /** @param {number} i @param {number} j */
  function say(i, j) {
    const { layer, head, rung } = store.get();
    const site = data.sites[layer], { rows, cols } = data.sides(layer);
    const whole = shown && shown.rows === site.rows && shown.cols === site.cols;
    if (shown) rungPanel.moveCursor(i, j);
    modelPanel.moveCursor(i, j);
    const visible = data.visible(layer), barred = visible && !visible(i, j);
    const told = (matrix, masked) => (barred && masked ? "forbidden" : fixed(matrix.data[i * matrix.cols + j], 4));
    readout.textContent = shown && !whole ? "The rung’s matrix is averaged over patches; point at the"
      + " head’s matrix above for exact numbers."
      : `row ${i} “${rows.names[i] ?? ""}”, column ${j} “${cols.names[j] ?? ""}”: `
      + `${shown ? `rung ${told(shown, MASKED.includes(rung))}, ` : ""}head ${told(data.shown(layer, head), true)}`;
  }

  const show = ({ layer, head, rung }) => {
    const site = data.sites[layer], sides = data.sides(layer);
    const known = data.rungMatrix(rung, layer, head), pending = known?.matrix instanceof Promise ? known.matrix : null;
    const found = pending ? null : /** @type {{matrix: import("../../attention/maths.js").Matrix, note: string} | null} */ (known);
    // It comes back here when it is worked out, unless something else was chosen meanwhile.
    pending?.then(() => { if (store.get().layer === layer && store.get().rung === rung) show(store.get()); });
    none.textContent = pending ? "Working it out…" : noMatrix;
    shown = found?.matrix ?? null;
    rungPanel.element.hidden = !found;
    none.hidden = Boolean(found);
    readout.textContent = "Point at a cell, or move with the arrow keys, to compare the two.";
    const labels = (matrix, kind) => (matrix.rows === site.rows && matrix.cols === site.cols ? sides[kind].names : null);
    const splits = splitsOf(segmentsOf(data, layer));
    const common = { scale: /** @type {const} */ ("amount"), low: 0 };
    const visible = data.visible(layer), gap = visible ? "forbidden" : "";
    const main = forbid(data.shown(layer, head), visible);
    const high = largestMagnitude(main.data);
    modelPanel.caption(`${site.site === "self" ? "" : `${site.site} `}layer ${site.layer}, head ${head}`, data.model(layer, head) ? "the model’s own attention"
      : "this page’s arithmetic from q and k", ["0", fixed(high)], gap);
    modelPanel.draw({ ...common, gaps: gap !== "", matrix: main, high, rowLabels: labels(main, "rows"), colLabels: labels(main, "cols"),
      splits: { rows: splits, cols: splits },
      label: "the head’s attention; use the arrow keys" });
    if (!found) return;
    const { note } = found, masked = visible && MASKED.includes(rung);
    const matrix = masked ? forbid(found.matrix, data.patchesHeard(layer, found.matrix)) : found.matrix;
    const most = largestMagnitude(matrix.data);
    const raw = rung === "classroom";
    rungPanel.caption(TITLES[rung] ?? rung, note, raw ? [fixed(-most, 1), fixed(most, 1)] : ["0", fixed(most)], masked ? gap : "");
    rungPanel.draw({ ...common, gaps: Boolean(masked), matrix, scale: raw ? "difference" : "amount", low: raw ? -most : 0, high: most,
      rowLabels: labels(matrix, "rows"), colLabels: labels(matrix, "cols"),
      splits: labels(matrix, "rows") && { rows: splits, cols: splits }, label: `the rung’s weights, ${note}; use the arrow keys` });
  };
  store.watch(["layer", "head", "rung"], show);
}
