/**
 * One head in full: the model's attention, the rebuild, and what is between them.
 */

import { largestMagnitude, totals } from "../../attention/maths.js";
import { BETWEEN, betweenName, cutOf, restrict, segmentsOf, splitsOf } from "../../attention/segments.js";
import { ICONS } from "../../attention/verdict_words.js";
import { windowIn, zoomed } from "../../attention/window.js";
import { target, toggles } from "../../shared/controls.js";
import { el, word } from "../../shared/dom.js";
import { counted, exact, fixed, percent, shorten, signed, tiny } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { createLines } from "../charts/lines.js";
import { createMatrix } from "../charts/matrix.js";
import { endsOf, headMatrices, inCut, sinkName } from "../head_matrices.js";
import { asRow, lineRow, pinRow } from "../selection.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */
/** @typedef {import("../../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../../attention/window.js").Window} Window */

/** How much closer one step looks. */
const CLOSER = 1.5;
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
  /** @type {import("../../attention/segments.js").Cut | null} what is left of a pair's matrix */
  let cut = null;
  /** @type {Shown} */
  let now;
  /** @param {number} row */
  const rowAt = (row) => cut?.rows[row] ?? row;
  /** @param {number} col */
  const colAt = (col) => cut?.cols[col] ?? col;
  /** @param {Window | null} seen */
  const onZoom = (seen) =>
    store.set({
      zoom: seen && [
        rowAt(seen[0]),
        colAt(seen[1]),
        rowAt(seen[0] + seen[2] - 1) - rowAt(seen[0]) + 1,
        colAt(seen[1] + seen[3] - 1) - colAt(seen[1]) + 1,
      ],
    });
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
  const [first, second, third] = Array.from({ length: 3 }, () =>
    createMatrix(view, { onCursor, onPick: onPickCell, onZoom }),
  );
  const rowsOnly = createMatrix(view, { onCursor: onRowCursor, onPick: onPickCell });
  const lines = createLines(view, {
    onRow: (row) => {
      if (row != null) onRowCursor(row);
      if (asRow(data, store.get(), 0) != null) store.set({ hovered: row == null ? null : rowAt(row) });
    },
    onCol: (col) => store.set({ cell: [lineRow(data, store.get()) ?? 0, colAt(col)] }),
    onPick,
  });
  const panels = view.find("panels");
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
  choice.append(...BETWEEN.map((value) => el("button", { type: "button", "data-value": value }, betweenName(value))));
  toggles(view, "head-between", "between");
  toggles(view, "head-shape", "shape");
  for (const key of /** @type {const} */ (["sink", "log"])) {
    const button = view.find(`head-${key}`);
    view.listen(button, "click", () => store.set({ [key]: !store.get()[key] }));
    view.watch([key], (state) => button.setAttribute("aria-pressed", String(state[key])));
  }
  first.onLayout((...field) => {
    if (rowsOnly.element.isConnected) drawRowErrors(...field);
  });

  /** @returns {Window} what is looked at, in indices of what is drawn */
  const seen = () => windowIn(inCut(cut, store.get().zoom), ...now.shape);
  /** @returns {Window | undefined} the same, and undefined for all of it */
  const closer = () => {
    const part = seen();
    return part[2] < now.shape[0] || part[3] < now.shape[1] ? part : undefined;
  };
  /** @type {(at: number, kept: "rows" | "cols", last: number) => number} */
  const drawnAt = (at, kept, last) => (cut ? Math.max(0, cut[kept].indexOf(at)) : Math.min(at, last - 1));

  /** @param {number} factor 0 for all of it */
  function zoom(factor) {
    const part = seen(),
      [row, col] = store.get().cell ?? [0, 0];
    const r = drawnAt(row, "rows", now.shape[0]),
      c = drawnAt(col, "cols", now.shape[1]);
    const inside = r >= part[0] && r < part[0] + part[2] && c >= part[1] && c < part[1] + part[3];
    const centre = /** @type {[number, number]} */ (inside ? [r, c] : [part[0] + part[2] / 2, part[1] + part[3] / 2]);
    onZoom(factor ? zoomed(part, factor, centre, ...now.shape) : null);
  }
  const steps = { closer: CLOSER, wider: 1 / CLOSER, whole: 0 };
  for (const [name, factor] of Object.entries(steps))
    view.listen(view.find(`zoom-${name}`), "click", () => zoom(factor));
  view.listen(panels, "keydown", (event) => {
    const factor = target(event.key, { "+": CLOSER, "=": CLOSER, "-": 1 / CLOSER, 0: 0 });
    // With a modifier they are the browser's own.
    if (factor == null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    zoom(factor);
  });

  /** @param {number} fieldHeight @param {number} fieldTop */
  function drawRowErrors(fieldHeight, fieldTop) {
    const { index, head } = store.get();
    const whole = data.rowError(index, head);
    if (!whole) return;
    const errors = cut ? Float32Array.from(cut.rows, (i) => whole[i]) : whole;
    const most = largestMagnitude(errors),
      part = closer();
    rowsOnly.caption(
      "model against rebuilt",
      "The largest difference in each row, over all keys, measured when the" + " report was made.",
      ["0", tiny(most)],
    );
    rowsOnly.draw({
      matrix: { rows: errors.length, cols: 1, data: errors },
      scale: "amount",
      low: 0,
      high: most,
      rowLabels: null,
      colLabels: null,
      fieldHeight,
      fieldTop,
      window: part && [part[0], 0, part[2], 1],
      label: "largest difference between model and rebuild in each row",
    });
  }

  view.watch(["index", "head", "between", "sink", "log", "shape"], (state) => {
    const { index, head, between, sink, log, shape } = state;
    const layer = data.layers[index];
    const segments = segmentsOf(data, index);
    choice.hidden = !segments;
    const here = (cut = cutOf(segments, between));
    /** @template {Matrix | null} M @param {M} matrix */
    const kept = (matrix) => (matrix && here ? restrict(matrix, here) : matrix);
    const all = headMatrices(data, state);
    const model = kept(all.model),
      rebuilt = kept(all.rebuilt),
      difference = kept(all.difference),
      main = kept(all.main);
    const high = largestMagnitude(main.data);
    now = { ...all, drawn: main, high, shape: [main.rows, main.cols], sums: totals(main) };
    const sides = data.sides(index);
    /** @param {"rows" | "cols"} kind */
    const labels = (kind) => (here ? here[kind].map((i) => sides[kind].names[i]) : sides[kind].names);
    const splits = here ? [] : splitsOf(segments);
    const gaps = sink || Boolean(all.visible);
    const common = {
      low: 0,
      high,
      rowLabels: labels("rows"),
      colLabels: labels("cols"),
      gaps,
      log,
      window: closer(),
      splits: { rows: splits, cols: splits },
      scale: /** @type {const} */ ("amount"),
    };
    const where =
      (here ? betweenName(between) + ", " : "") +
      `layer ${layer.layer}, head ${head}, ${main.rows} by ${main.cols}; use the arrow keys, and + and − to zoom`;
    const ends = endsOf(high, log);
    const gap = [all.visible && "masked", sink && "set aside"].filter(Boolean).join(" or ");
    const rest = sink ? ", of what is left of each row" : "";
    const unproved = data.header.verification.verdict === "unproved";
    const sources = /** @type {[string, string]} */ (
      model
        ? unproved
          ? ["computed", `Computed from the weights; the real model has not been asked${rest}.`]
          : ["model", `What the model itself computed${rest}.`]
        : [
            "this page’s arithmetic",
            `softmax of the rebuilt q·k, worked out as you look; within ${tiny(layer.arithmetic_error[head])}` +
              ` of the model’s own attention in every cell${sink ? ", before keys are set aside and the rest is shared out" : ""}.`,
          ]
    );
    sayVerdict(view, data, index, head);
    saySink(view, all, layer, sinkName(data, index));

    const beside = shape === "matrix" && !unproved && model && rebuilt && difference;
    /** @type {{element: HTMLElement}[]} */
    const shown = [shape === "lines" ? lines : first];
    if (beside) shown.push(second, third);
    else if (shape === "matrix" && layer.recomputed) shown.push(rowsOnly);
    view.find("matrix-hint").hidden = shape === "lines";
    // They are put up before they are drawn, since on their way to paper they ask how wide they are.
    panels.dataset.panels = String(shown.length);
    if (
      [...panels.children].some((child, i) => child !== shown[i]?.element) ||
      panels.children.length !== shown.length
    ) {
      panels.replaceChildren(...shown.map((panel) => panel.element));
    }
    // Lines are drawn below, since they follow the pointer as well.
    if (shape === "lines") return;
    first.caption(...sources, ends, gap);
    first.draw({ ...common, matrix: main, totals: now.sums, label: `attention, ${where}` });
    if (!beside) return;
    second.caption("rebuilt", `The same, from the layer’s input and the weights${rest}.`, ends, gap);
    const most = largestMagnitude(difference.data);
    third.caption(
      "difference",
      most
        ? `rebuilt − model${sink ? ", between what is left of both" : ""}, on a scale of its own.`
        : "rebuilt − model: none at all.",
      [most ? tiny(-most) : "0", most ? `+${tiny(most)}` : "0"],
      gap,
    );
    second.draw({ ...common, matrix: rebuilt, totals: totals(rebuilt), label: `rebuilt attention, ${where}` });
    third.draw({
      ...common,
      matrix: difference,
      totals: null,
      scale: "difference",
      log: false,
      low: -most || -1,
      high: most || 1,
      label: `difference, ${where}`,
    });
  });

  view.watch(["zoom", "between", "index"], ({ shape }) => {
    const part = seen(),
      near = closer();
    if (shape === "matrix") {
      for (const panel of [first, second, third]) if (panel.element.isConnected) panel.look(near);
    }
    /** @type {(from: number, n: number, kept: (at: number) => number) => string} */
    const span = (from, n, kept) => `${kept(from)} to ${kept(from + n - 1)}`;
    view.find("zoom-says").textContent = near
      ? `rows ${span(part[0], part[2], rowAt)}, columns ${span(part[1], part[3], colAt)}`
      : "";
    for (const name of ["wider", "whole"]) view.find(`zoom-${name}`, HTMLButtonElement).disabled = !near;
  });

  view.watch(["index", "head", "between", "sink", "log", "shape", "zoom", "hovered", "pinned", "cell"], (state) => {
    const { index, log, cell, shape, hovered } = state;
    if (shape !== "lines") return;
    const { rows, cols } = data.layers[index],
      sides = data.sides(index);
    const row = lineRow(data, state),
      [, col] = cell ?? [0, 0];
    const focus = row == null ? null : cut ? cut.rows.indexOf(row) : row;
    lines.draw({
      matrix: now.drawn,
      window: seen(),
      focus,
      cell: [drawnAt(row ?? 0, "rows", rows), drawnAt(col, "cols", cols)],
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
    // A cell that is cut off gives way to the first one that is left.
    const r = drawnAt(cell[0], "rows", rows),
      c = drawnAt(cell[1], "cols", cols);
    const row = rowAt(r),
      col = colAt(c);
    for (const panel of [first, second, third]) panel.moveCursor(r, c);
    rowsOnly.moveCursor(r, 0);
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

/**
 * What the check of this head came to.
 * @param {View<import("../state.js").State>} view
 * @param {ReportData} data
 * @param {number} index
 * @param {number} head
 */
function sayVerdict(view, { header }, index, head) {
  const check = header.verification.layers[index];
  const verdict = check?.heads[head] ?? (header.verification.verdict === "unproved" ? "unproved" : "not_recomputed");
  const largest = tiny(check?.max_abs_error[head]),
    again = check?.arbitrated[head];
  const twice = again == null ? "" : `, ${tiny(again)} when both are computed in double precision`;
  const [title, text] = {
    verified: [
      "Verified",
      `rebuilt from the weights, this head is within ${largest} of the model’s attention in every cell.`,
    ],
    rounding: ["Verified up to rounding", `${largest} from the model’s attention in single precision${twice}.`],
    consistent: [
      "Consistent",
      `rebuilt from the model’s own q and k, this head is within ${largest} of the model’s attention in every cell${twice}.`,
    ],
    mismatch: [
      "Mismatch",
      `rebuilt from ${header.verification.tier === "captured" ? "the model’s own q and k" : "the weights"}, this head differs from the model’s attention by up to ${largest}.`,
    ],
    not_recomputed: [
      "Not recomputed",
      "this is the model’s own attention, with nothing beside it to check it against.",
    ],
    unproved: ["Not yet proved", "computed from the weights; the real model has not been asked."],
  }[verdict];
  const line = view.find("head-verdict");
  line.dataset.verdict = verdict;
  line.replaceChildren(
    el("span", { class: "icon", "aria-hidden": "true" }, ICONS[verdict]),
    el("p", {}, el("strong", {}, title), `: ${text}`),
  );
}

/**
 * How much rests on the sink, and what became of it.
 * @param {View<import("../state.js").State>} view
 * @param {ReturnType<typeof headMatrices>} shown
 * @param {{rows: number, cols: number}} layer
 * @param {string} name of the keys it rests on
 */
function saySink(view, { main, hidden, keys, empty }, { rows, cols }, name) {
  /** @param {number} i */
  const mass = (i) => keys.reduce((sum, j) => sum + (main.data[i * cols + j] || 0), 0);
  const share = percent(totalOf(hidden ?? Array.from({ length: rows }, (_, i) => mass(i))) / rows);
  const sink = `${name} (${keys.length} of ${counted(cols, "key")})`;
  view.find("head-sink").textContent = `hide ${name}`;
  const nothing = empty
    ? ` ${counted(empty, "row has", "rows have")} nothing left and ${empty > 1 ? "are" : "is"} empty.`
    : "";
  view.find("sink-says").textContent = hidden
    ? `${share} of the attention is hidden, averaged over the rows: it goes to ${sink}.` +
      " Each row is shown as shares of what is left of it." +
      nothing
    : `${share} of this head’s attention goes to ${sink}, averaged over the rows.`;
}

/** @param {ArrayLike<number>} values */
const totalOf = (values) => Array.from(values).reduce((a, b) => a + b, 0);

/**
 * @param {ReportData} data
 * @param {number} index
 * @param {number} head
 * @param {number} row
 * @param {number} col
 * @param {ReturnType<typeof headMatrices> & {cutRow: number | null, column: number, between: string}} shown
 */
function cellWords(
  data,
  index,
  head,
  row,
  col,
  { model, rebuilt, difference, own, keys, hidden, visible, cutRow, column, between },
) {
  const { cols } = data.layers[index],
    sides = data.sides(index);
  const at = row * cols + col;
  const errors = data.rowError(index, head);
  /** @param {Matrix} matrix */
  const total = (matrix) => {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += matrix.data[row * cols + j] || 0;
    return sum;
  };
  const sum = total(/** @type {Matrix} */ (model ?? own));
  const why = visible && !visible(row, col) ? "masked" : hidden && keys.includes(col) ? "set aside" : "nothing left";
  /** @type {(matrix: Matrix, write?: (value: number) => string) => string} */
  const number = (matrix, write = exact) => (Number.isNaN(matrix.data[at]) ? why : write(matrix.data[at]));
  /** @type {(term: string, value: string, kind: string) => HTMLElement} */
  const pair = (term, value, kind) => el("div", {}, el("dt", {}, term), el("dd", { "data-value": kind }, value));
  const rest = hidden ? ", of what is left" : "";
  return [
    el(
      "p",
      { class: "from-to" },
      "query ",
      el("b", {}, word(sides.rows.names[row], "clip")),
      ` (row ${row}) → key `,
      el("b", {}, word(sides.cols.names[col], "clip")),
      ` (column ${col})`,
    ),
    el(
      "dl",
      {},
      model && pair(`model${rest}`, number(model), "model"),
      rebuilt && pair(`rebuilt${rest}`, number(rebuilt), "rebuilt"),
      difference && pair(`difference${rest}`, number(difference, signed), "difference"),
      own && pair(`this page’s arithmetic${rest}`, number(own), "own"),
      hidden && pair("hidden in this row", exact(hidden[row]), "hidden"),
      errors ? pair("row’s largest |model − rebuilt|", exact(errors[row]), "row-error") : null,
      pair(`row total${Math.abs(sum - 1) < 1e-3 ? ", always 1" : ""}`, fixed(sum, 6), "total"),
      rebuilt && pair("row total, rebuilt", fixed(total(rebuilt), 6), "total-rebuilt"),
      between && pair(`row total, ${between}`, fixed(cutRow, 6), "total-part"),
      pair("column total" + (between && `, ${between}`), fixed(column, 6), "column-total"),
    ),
  ];
}
