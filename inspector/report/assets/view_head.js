/**
 * One head in full: the model's attention, the rebuild, and what is between them.
 */

import { byId, el, word } from "inspector/dom";
import { exact, fixed, percent, signed, tiny } from "inspector/format";
import { createMatrix } from "inspector/matrix";
import { largestMagnitude } from "inspector/maths";
import { LABELS } from "inspector/view_grid";

/** @typedef {import("inspector/state").Store} Store */
/** @typedef {import("inspector/report_data").ReportData} ReportData */
/** @typedef {import("inspector/maths").Matrix} Matrix */

/**
 * @param {ReportData} data
 * @param {Store} store
 * @param {string[]} names
 */
export function showHead(data, store, names) {
  const actions = {
    onCursor: (row, col) => store.set({ cell: [row, col] }),
    onPick: (row) => store.set({ pinned: row, hovered: null }),
  };
  const rowActions = { ...actions, onCursor: (row) => store.set({ cell: [row, store.get().cell?.[1] ?? 0] }) };
  const first = createMatrix(actions), second = createMatrix(actions), third = createMatrix(actions);
  const rowsOnly = createMatrix(rowActions);
  const panels = byId("panels");
  const readout = byId("readout");
  first.onLayout((height) => { if (rowsOnly.element.isConnected) drawRowErrors(height); });

  /** @param {number} fieldHeight */
  function drawRowErrors(fieldHeight) {
    const { layer, head } = store.get();
    const errors = data.rowError(layer, head);
    if (!errors) return;
    const most = largestMagnitude(errors);
    rowsOnly.caption("model against rebuilt", "The largest difference in each row, measured when the"
      + " report was made.", ["0", tiny(most)]);
    rowsOnly.draw({ matrix: { rows: errors.length, cols: 1, data: errors }, scale: "amount", low: 0,
      high: most, rowLabels: null, colLabels: null, fieldHeight,
      label: "largest difference between model and rebuild in each row" });
  }

  store.watch(["layer", "head"], ({ layer, head }) => {
    const site = data.sites[layer];
    byId("head-title").textContent =
      `${site.site === "self" ? "L" : `${site.site[0].toUpperCase()}${site.site.slice(1)}, l`}ayer ${site.layer}, head ${head}`;
    byId("head-reading").replaceChildren(...reading(data, layer, head));
    const model = data.model(layer, head);
    const rebuilt = data.rebuilt(layer, head);
    const difference = data.difference(layer, head);
    const main = data.shown(layer, head);
    const high = largestMagnitude(main.data);
    const rowLabels = names.length === site.rows ? names : null;
    const colLabels = names.length === site.cols ? names : null;
    const common = { low: 0, high, rowLabels, colLabels, scale: /** @type {const} */ ("amount") };
    const where = `layer ${site.layer}, head ${head}, ${site.rows} by ${site.cols}; use the arrow keys`;
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

  store.watch(["layer", "head", "cell"], ({ layer, head, cell }) => {
    if (!cell) return;
    const { rows, cols } = data.sites[layer];
    const row = Math.min(cell[0], rows - 1), col = Math.min(cell[1], cols - 1);
    for (const panel of [first, second, third]) panel.moveCursor(row, col);
    rowsOnly.moveCursor(row, 0);
    readout.replaceChildren(...cellWords(data, layer, head, row, col, names));
  });
}

/**
 * @param {ReportData} data
 * @param {number} n
 * @param {number} head
 */
function reading(data, n, head) {
  const { entropy_bits: entropy, label, score } = data.header.heads[data.headIndex(n, head)] ?? {};
  const verdict = data.header.verification.layers[n]?.heads[head];
  const error = data.header.verification.layers[n]?.max_abs_error[head];
  const words = [];
  if (label) words.push(`On average ${percent(score)} of a word’s attention goes ${LABELS[label]}. `);
  else words.push("Neither its neighbours nor itself, the first token or the separators take 40 % of its attention. ");
  if (entropy != null) {
    words.push(`A row’s entropy is ${fixed(entropy, 2)} bits: as spread out as listening to `
      + `${fixed(2 ** entropy, 1)} tokens evenly. `);
  }
  if (verdict === "mismatch") words.push(el("strong", { class: "wrong-words" }, `✕ The rebuild differs by ${tiny(error)}.`));
  else if (verdict && verdict !== "not_recomputed") words.push(`Rebuild: ${verdict}, largest difference ${tiny(error)}.`);
  return words;
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
