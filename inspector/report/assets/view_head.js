/**
 * One head in full: the model's attention, the rebuild, and what is between them.
 */

import { byId, el, toggles, word } from "inspector/dom";
import { exact, fixed, signed, tiny } from "inspector/format";
import { createMatrix } from "inspector/matrix";
import { largestMagnitude } from "inspector/maths";
import { PARTS, cutOf, partName, restrict, segmentsOf, splitsOf } from "inspector/parts";

/** @typedef {import("inspector/state").Store} Store */
/** @typedef {import("inspector/report_data").ReportData} ReportData */
/** @typedef {import("inspector/maths").Matrix} Matrix */

/**
 * @param {ReportData} data
 * @param {Store} store
 * @param {string[]} names
 */
export function showHead(data, store, names) {
  /** @type {import("inspector/parts").Cut | null} what is left of a pair's matrix */
  let cut = null;
  const rowAt = (row) => cut?.rows[row] ?? row, colAt = (col) => cut?.cols[col] ?? col;
  const actions = {
    onCursor: (row, col) => store.set({ cell: [rowAt(row), colAt(col)] }),
    onPick: (row) => store.set({ pinned: rowAt(row), hovered: null }),
  };
  const rowActions = { ...actions, onCursor: (row) => store.set({ cell: [rowAt(row), store.get().cell?.[1] ?? 0] }) };
  const first = createMatrix(actions), second = createMatrix(actions), third = createMatrix(actions);
  const rowsOnly = createMatrix(rowActions);
  const panels = byId("panels");
  const readout = byId("readout");
  const choice = byId("head-part");
  choice.append(...PARTS.map((part) => el("button", { type: "button", "data-value": part }, partName(part))));
  toggles(store, "head-part", "part");
  first.onLayout((height) => { if (rowsOnly.element.isConnected) drawRowErrors(height); });

  /** @param {number} fieldHeight */
  function drawRowErrors(fieldHeight) {
    const { layer, head } = store.get();
    const whole = data.rowError(layer, head);
    if (!whole) return;
    const errors = cut ? Float32Array.from(cut.rows, (i) => whole[i]) : whole;
    const most = largestMagnitude(errors);
    rowsOnly.caption("model against rebuilt", "The largest difference in each row, measured when the"
      + " report was made.", ["0", tiny(most)]);
    rowsOnly.draw({ matrix: { rows: errors.length, cols: 1, data: errors }, scale: "amount", low: 0,
      high: most, rowLabels: null, colLabels: null, fieldHeight,
      label: "largest difference between model and rebuild in each row" });
  }

  store.watch(["layer", "head", "part"], ({ layer, head, part }) => {
    const site = data.sites[layer];
    byId("head-title").textContent =
      `${site.site === "self" ? "L" : `${site.site[0].toUpperCase()}${site.site.slice(1)}, l`}ayer ${site.layer}, head ${head}`;
    const segments = segmentsOf(data, layer);
    /** @type {HTMLElement} */ (choice.parentElement).hidden = !segments;
    const here = cut = cutOf(segments, part);
    const kept = (matrix) => (matrix && here ? restrict(matrix, here) : matrix);
    const model = kept(data.model(layer, head));
    const rebuilt = kept(data.rebuilt(layer, head));
    const difference = kept(data.difference(layer, head));
    const main = kept(data.shown(layer, head));
    const high = largestMagnitude(main.data);
    const labels = (length, kind) => (names.length !== length ? null : here ? here[kind].map((i) => names[i]) : names);
    const lines = here ? [] : splitsOf(segments);
    const common = { low: 0, high, rowLabels: labels(site.rows, "rows"), colLabels: labels(site.cols, "cols"),
      splits: { rows: lines, cols: lines }, scale: /** @type {const} */ ("amount") };
    const where = `${here ? `${partName(part)}, ` : ""}layer ${site.layer}, head ${head}, ${main.rows} by ${main.cols}; use the arrow keys`;
    const ends = /** @type {[string, string]} */ (["0", fixed(high, 3)]);

    const shown = [first];
    if (model && rebuilt && difference) {
      first.caption("model", "What the model itself computed.", ends);
      second.caption("rebuilt", "The same, from the layer’s input and the weights.", ends);
      second.draw({ ...common, matrix: rebuilt, label: `rebuilt attention, ${where}` });
      const most = largestMagnitude(difference.data);
      third.caption("difference", most ? "rebuilt − model, on a scale of its own." : "rebuilt − model: none at all.",
        [most ? tiny(-most) : "0", most ? `+${tiny(most)}` : "0"]);
      third.draw({ ...common, matrix: difference, scale: "difference", low: -most || -1, high: most || 1,
        label: `difference, ${where}` });
      shown.push(second, third);
    } else if (site.source === "query_key") {
      first.caption("this page’s arithmetic", "softmax of the rebuilt q·k, worked out as you look; within"
        + ` ${tiny(site.arithmetic_error[head])} of the model’s own attention in every cell.`, ends);
      shown.push(rowsOnly);
    } else {
      first.caption("model", "What the model itself computed.", ends);
      if (site.recomputed) shown.push(rowsOnly);
    }
    panels.dataset.panels = String(shown.length);
    if ([...panels.children].some((child, i) => child !== shown[i]?.element) || panels.children.length !== shown.length) {
      panels.replaceChildren(...shown.map((panel) => panel.element));
    }
    first.draw({ ...common, matrix: main, label: `attention, ${where}` });
  });

  store.watch(["layer", "head", "part", "cell"], ({ layer, head, cell }) => {
    if (!cell) return;
    const { rows, cols } = data.sites[layer];
    // A cell that is cut off gives way to the first one that is left.
    const r = cut ? Math.max(0, cut.rows.indexOf(cell[0])) : Math.min(cell[0], rows - 1);
    const c = cut ? Math.max(0, cut.cols.indexOf(cell[1])) : Math.min(cell[1], cols - 1);
    const row = rowAt(r), col = colAt(c);
    for (const panel of [first, second, third]) panel.moveCursor(r, c);
    rowsOnly.moveCursor(r, 0);
    readout.replaceChildren(...cellWords(data, layer, head, row, col, names));
  });
}

/**
 * @param {ReportData} data
 * @param {number} n
 * @param {number} head
 * @param {number} row
 * @param {number} col
 * @param {string[]} names
 */
function cellWords(data, n, head, row, col, names) {
  const { cols, rows } = data.sites[n];
  const at = row * cols + col;
  const model = data.model(n, head), rebuilt = data.rebuilt(n, head), difference = data.difference(n, head);
  const own = model ? null : data.own(n, head);
  const errors = data.rowError(n, head);
  const total = (matrix) => {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += matrix.data[row * cols + j];
    return fixed(sum, 6);
  };
  const name = (i, length) => (names.length === length ? word(names[i], "clip") : `token ${i}`);
  const pair = (term, value, kind) => el("div", {}, el("dt", {}, term), el("dd", { "data-value": kind }, value));
  return [
    el("p", { class: "from-to" }, "from ", el("b", {}, name(row, rows)), ` (row ${row}) to `,
      el("b", {}, name(col, cols)), ` (column ${col})`),
    el("dl", {},
      model && pair("model", exact(model.data[at]), "model"),
      rebuilt && pair("rebuilt", exact(rebuilt.data[at]), "rebuilt"),
      difference && pair("difference", signed(difference.data[at]), "difference"),
      own && pair("this page’s arithmetic", exact(own.data[at]), "own"),
      !difference && errors ? pair("row’s largest |model − rebuilt|", exact(errors[row]), "row-error") : null,
      pair("row total", total(model ?? own), "total"),
      rebuilt && pair("row total, rebuilt", total(rebuilt), "total-rebuilt")),
  ];
}
