/**
 * The head that is on screen, as it is shown: what is exported is read here and nowhere else.
 */

import { linesOfSeveral, toldOf } from "../../attention/lines.js";
import { largestMagnitude } from "../../attention/maths.js";
import { betweenName, cutOf, inCut, restrict, segmentsOf, splitsOf } from "../../attention/segments.js";
import { headName } from "../../attention/verdict_words.js";
import { crop, scaleOf, windowIn } from "../../attention/window.js";
import { tiny } from "../../shared/format.js";
import { sinkName } from "../aside.js";
import { keptHeads } from "../charts/beside.js";
import { endsOf, headMatrices } from "../head_matrices.js";
import { lineRow } from "../selection.js";

/**
 * @typedef {object} OnScreen
 * @property {import("../../attention/maths.js").Matrix} matrix
 * @property {string[]} rows names of the queries
 * @property {string[]} cols names of the keys
 * @property {string} gap what it means where there is no number (NaN); empty where there are all
 * @property {(value: number) => number} stepOf step of the ramp, 0 … 255, that a number is shown in
 * @property {[string, string]} ends what the two ends of the scale are called
 * @property {{rows: number[], cols: number[]}} splits where one text of a pair ends
 * @property {string[]} metadata which head, of which model, from where, and the verdict on it
 * @property {ReturnType<typeof linesInView> | null} lines what is drawn of them; null where it is the matrix
 * @property {string} file name of a file of it, without its ending
 */

/**
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").State} state
 * @returns {OnScreen}
 */
export function viewOnScreen(data, state) {
  const { index, head, between, sink, log } = state;
  const {
      header,
      layers: { [index]: layer },
    } = data,
    sides = data.sides(index);
  const segments = segmentsOf(data, index),
    cut = cutOf(segments, between);
  const { main, visible } = headMatrices(data, state);
  const drawn = cut ? restrict(main, cut) : main,
    high = largestMagnitude(drawn.data);
  const window = windowIn(inCut(cut, state.zoom), drawn.rows, drawn.cols),
    matrix = crop(drawn, window);
  /** @type {(kind: "rows" | "cols", from: number, count: number) => number[]} */
  const kept = (kind, from, count) =>
    (cut?.[kind] ?? Array.from({ length: layer[kind] }, (_, i) => i)).slice(from, from + count);
  const rows = kept("rows", window[0], window[2]),
    cols = kept("cols", window[1], window[3]);
  /** @type {(indices: number[], kind: "rows" | "cols") => string[]} */
  const named = (indices, kind) => indices.map((i) => sides[kind].names[i]);
  /** @param {number[]} indices */
  const split = (indices) => splitsOf(segments && indices.map((i) => segments[i]));
  const check = header.verification.layers[index],
    verdict = check?.heads[head];
  const where = headName(layer, head);
  const others = keptHeads(data, state).map(([n, h]) => ({
    name: headName(data.layers[n], h),
    matrix: headMatrices(data, { ...state, index: n, head: h }).main,
  }));
  const lines =
    state.shape !== "lines"
      ? null
      : linesInView({
          matrix: drawn,
          beside: others.map((one) => (cut ? restrict(one.matrix, cut) : one.matrix)),
          heads: [where, ...others.map(({ name }) => name)],
          window,
          high,
          log,
          row: lineRow(data, state),
          cut,
          rowName: (i) => sides.rows.names[cut?.rows[i] ?? i],
          colName: (j) => sides.cols.names[cut?.cols[j] ?? j],
        });
  return {
    lines,
    matrix,
    rows: named(rows, "rows"),
    cols: named(cols, "cols"),
    gap: [visible && "masked", sink && "set aside"].filter(Boolean).join(" or "),
    stepOf: scaleOf(0, high, log),
    ends: endsOf(high, log),
    splits: { rows: split(rows), cols: split(cols) },
    metadata: [
      where[0].toUpperCase() + where.slice(1) + (cut ? `, ${betweenName(between)}` : ""),
      header.model.title,
      data.model(index, head)
        ? "the model’s own attention"
        : `worked out from q and k, within ${tiny(layer.arithmetic_error[head])} of the model’s attention`,
      ...(sink ? [`${sinkName(data, index)} set aside`] : []),
      verdict && verdict !== "not_recomputed"
        ? `rebuild: ${verdict}, largest difference ${tiny(check.max_abs_error[head])}`
        : "rebuild: not recomputed",
    ],
    file: [sides.rows.text, header.model.title, where].map(fileName).filter(Boolean).join("-"),
  };
}

/** How much of a text a file is called after; names may be 255 bytes long. */
const NAMED = 40;

/** @param {string} text @returns {string} what of it every system lets a file be called */
const fileName = (text) =>
  Array.from(text.normalize("NFC").replace(/[^\p{L}\p{N}.]+/gu, "-"))
    .slice(0, NAMED)
    .join("")
    .replace(/^[-.]+|[-.]+$/g, "");

/**
 * @param {{matrix: import("../../attention/maths.js").Matrix, beside: import("../../attention/maths.js").Matrix[], heads: string[], window: import("../../attention/window.js").Window, high: number, log: boolean,
 *   row: number | null, cut: import("../../attention/segments.js").Cut | null, rowName: (i: number) => string, colName: (j: number) => string}} of
 */
function linesInView({ matrix, beside, heads: named, window, row, cut, ...names }) {
  const focus = row == null ? null : cut ? cut.rows.indexOf(row) : row,
    shown = linesOfSeveral([matrix, ...beside], window, focus);
  /** @param {number} i @param {number} j */
  const weight = (i, j) => matrix.data[i * matrix.cols + j];
  return {
    ...shown,
    ...names,
    named: beside.length ? named : [],
    focus,
    weight,
    told: toldOf(shown, { window, ...names }),
  };
}
