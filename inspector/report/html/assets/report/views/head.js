/**
 * One head in full: the model's attention, the rebuild, and what is between them.
 */

import { largestMagnitude, totals } from "../../attention/maths.js";
import {
  betweenName,
  betweenOf,
  cutOf,
  inCut,
  outOfCut,
  placeIn,
  positionIn,
  restrict,
  segmentsOf,
} from "../../attention/segments.js";
import { windowIn, zoomed } from "../../attention/window.js";
import { target, toggles } from "../../shared/controls.js";
import { el } from "../../shared/dom.js";
import { fixed, shorten } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { sinkButton, sinkName } from "../aside.js";
import { createBeside, keptHeads } from "../charts/beside.js";
import { createLines } from "../charts/lines.js";
import { createPanels } from "../charts/panels.js";
import { headMatrices } from "../head_matrices.js";
import { asRow, lineRow, pinRow } from "../selection.js";
import { cellWords, sayVerdict, sinkWords } from "../words/head.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */
/** @typedef {import("../../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../../attention/window.js").Window} Window */

/** How much closer one step looks. */
const CLOSER = 1.5;
/** What the lines follow. @type {(keyof import("../state.js").State)[]} */
const LINES = ["index", "head", "between", "sink", "log", "shape", "zoom", "hovered", "pinned", "cell", "beside"];
/** Milliseconds after which a cursor has come to rest. */
const RESTS = 400;

/** @typedef {ReturnType<typeof headMatrices> & {drawn: Matrix, high: number, shape: [number, number],
 *   sums: ReturnType<typeof totals>}} Shown */

/**
 * @param {HTMLElement} root
 * @param {ReportData} data
 * @param {Store} store
 */
export function mountHead(root, data, store) {
  const view = new View(root, store);
  /** @type {import("../../attention/segments.js").Cut | null} what is left of a matrix that is cut to segments */
  let cut = null;
  /** @type {Shown} */
  let now;
  /** @param {number} row */
  const rowAt = (row) => positionIn(cut, "rows", row);
  /** @param {number} col */
  const colAt = (col) => positionIn(cut, "cols", col);
  /** @param {Window | null} seen */
  const onZoom = (seen) => store.set({ zoom: seen && outOfCut(cut, seen) });
  /** @param {number} row @param {number} col */
  const onCursor = (row, col) => {
    store.set({ cell: [rowAt(row), colAt(col)] });
    sayCell();
  };
  /** @param {number} row */
  const onPick = (row) => store.set(pinRow(data, store.get(), rowAt(row)));
  /** @param {number} row */
  const onPickCell = (row) => store.set({ ...pinRow(data, store.get(), rowAt(row)), cell: store.get().cell });
  /** @param {number} row */
  const onRowCursor = (row) => store.set({ cell: [rowAt(row), store.get().cell?.[1] ?? 0] });
  const box = view.find("panels"),
    panels = createPanels(view, data, box, { onCursor, onRow: onRowCursor, onPick: onPickCell, onZoom });
  const lines = createLines(view, {
    onRow: (row) => {
      if (row != null) onRowCursor(row);
      if (asRow(data, store.get(), 0) != null) store.set({ hovered: row == null ? null : rowAt(row) });
    },
    onCol: (col) => store.set({ cell: [lineRow(data, store.get()) ?? 0, colAt(col)] }),
    onPick,
  });
  createBeside(view, data, view.find("head-beside"));
  const readout = view.find("readout"),
    heard = view.find("readout-heard");
  let timer = 0;
  view.atEnd(() => clearTimeout(timer));
  /** One sentence for those who listen, once the cursor rests. */
  function sayCell() {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const { index, cell } = store.get(),
        [row, col] = cell ?? [0, 0],
        { rows, cols } = data.sides(index);
      const value = now.main.data[row * data.layers[index].cols + col];
      heard.textContent = `“${shorten(rows.names[row])}” to “${shorten(cols.names[col])}”: ${Number.isNaN(value) ? "no number" : fixed(value, 3)}`;
    }, RESTS);
  }
  const choice = view.find("head-between");
  choice.append(
    ...betweenOf(data.source).map((value) => el("button", { type: "button", "data-value": value }, betweenName(value))),
  );
  toggles(view, "head-between", "between");
  toggles(view, "head-shape", "shape");
  sinkButton(view, data, "head-sink");
  const logarithmic = view.find("head-log");
  view.listen(logarithmic, "click", () => store.set({ log: !store.get().log }));
  view.watch(["log"], ({ log }) => logarithmic.setAttribute("aria-pressed", String(log)));

  /** @returns {Window} what is looked at, in indices of what is drawn */
  const seen = () => windowIn(inCut(cut, store.get().zoom), ...now.shape);
  /** @returns {Window | undefined} the same, and undefined for all of it */
  const closer = () => {
    const part = seen();
    return part[2] < now.shape[0] || part[3] < now.shape[1] ? part : undefined;
  };

  /** @param {number} factor 0 for all of it */
  function zoom(factor) {
    const part = seen(),
      [row, col] = store.get().cell ?? [0, 0];
    const r = placeIn(cut, "rows", row, now.shape[0]),
      c = placeIn(cut, "cols", col, now.shape[1]);
    const inside = r >= part[0] && r < part[0] + part[2] && c >= part[1] && c < part[1] + part[3];
    const centre = /** @type {[number, number]} */ (inside ? [r, c] : [part[0] + part[2] / 2, part[1] + part[3] / 2]);
    onZoom(factor ? zoomed(part, factor, centre, ...now.shape) : null);
  }
  const steps = { closer: CLOSER, wider: 1 / CLOSER, whole: 0 };
  for (const [name, factor] of Object.entries(steps))
    view.listen(view.find(`zoom-${name}`), "click", () => zoom(factor));
  view.listen(box, "keydown", (event) => {
    const factor = target(event.key, { "+": CLOSER, "=": CLOSER, "-": 1 / CLOSER, 0: 0 });
    // With a modifier they are the browser's own.
    if (factor == null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    zoom(factor);
  });

  view.watch(["index", "head", "between", "sink", "log", "shape"], (state) => {
    const { index, head, between, shape } = state;
    const segments = segmentsOf(data, index);
    choice.hidden = !segments;
    const here = (cut = cutOf(segments, between));
    /** @template {Matrix | null} M @param {M} matrix */
    const kept = (matrix) => (matrix && here ? restrict(matrix, here) : matrix);
    const all = headMatrices(data, state);
    const main = kept(all.main);
    now = {
      ...all,
      drawn: main,
      high: largestMagnitude(main.data),
      shape: [main.rows, main.cols],
      sums: totals(main),
    };
    sayVerdict(view.find("head-verdict"), data, index, head);
    const name = sinkName(data, index);
    view.find("sink-says").textContent = name && sinkWords(all, data.layers[index], name);
    view.find("matrix-hint").hidden = shape === "lines";
    // The lines are drawn below, since they follow the pointer as well.
    if (shape === "lines") return panels.place(lines);
    const { model, rebuilt, difference, visible } = all;
    panels.draw({
      state,
      cut,
      matrices: { model: kept(model), rebuilt: kept(rebuilt), difference: kept(difference), main, visible },
      sums: now.sums,
      high: now.high,
      window: closer(),
    });
  });

  view.watch(["zoom", "between", "index"], ({ shape }) => {
    const part = seen(),
      near = closer();
    if (shape === "matrix") panels.look(near);
    /** @type {(from: number, n: number, kept: (at: number) => number) => string} */
    const span = (from, n, kept) => `${kept(from)} to ${kept(from + n - 1)}`;
    view.find("zoom-says").textContent = near
      ? `rows ${span(part[0], part[2], rowAt)}, columns ${span(part[1], part[3], colAt)}`
      : "";
    for (const name of ["wider", "whole"]) view.find(`zoom-${name}`, HTMLButtonElement).disabled = !near;
  });

  view.watch(LINES, (state) => {
    const { index, log, cell, shape, hovered } = state;
    if (shape !== "lines") return;
    const { rows, cols } = data.layers[index],
      sides = data.sides(index);
    const row = lineRow(data, state),
      [, col] = cell ?? [0, 0];
    const focus = row == null ? null : cut ? cut.rows.indexOf(row) : row;
    const others = keptHeads(data, state).map(([n, h]) => headMatrices(data, { ...state, index: n, head: h }).main);
    lines.draw({
      matrix: now.drawn,
      beside: others.map((matrix) => (cut ? restrict(matrix, cut) : matrix)),
      window: seen(),
      focus,
      cell: [placeIn(cut, "rows", row ?? 0, rows), placeIn(cut, "cols", col, cols)],
      pointed: hovered != null,
      high: now.high,
      log,
      rowName: (i) => sides.rows.names[rowAt(i)],
      colName: (j) => sides.cols.names[colAt(j)],
      title: now.model ? "model" : "this page’s arithmetic",
      note: now.hidden
        ? "From queries (left) to keys (right); the keys that are hidden have no lines."
        : "From queries (left) to keys (right). Hover over a word; click to pin it.",
    });
  });

  view.watch(["index", "head", "between", "sink", "cell"], ({ index, head, cell, between }) => {
    if (!cell) return;
    const { rows, cols } = data.layers[index];
    const r = placeIn(cut, "rows", cell[0], rows),
      c = placeIn(cut, "cols", cell[1], cols);
    const row = rowAt(r),
      col = colAt(c);
    panels.moveCursor(r, c);
    readout.replaceChildren(
      ...cellWords(data, index, head, row, col, {
        ...now,
        cutRow: cut && now.sums.rows[r],
        column: now.sums.cols[c],
        between: cut ? betweenName(between) : "",
      }),
    );
  });
  return view.dispose;
}
