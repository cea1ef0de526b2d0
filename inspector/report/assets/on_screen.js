/**
 * The matrix that is on screen, as it is shown: what is taken away is read here and nowhere else.
 */

import { step } from "inspector/colour";
import { fixed, tiny, tokenNames } from "inspector/format";
import { largestMagnitude } from "inspector/maths";
import { cutOf, partName, segmentsOf, splitsOf } from "inspector/parts";

/**
 * @typedef {object} View
 * @property {import("inspector/maths").Matrix} matrix
 * @property {string[]} rows names of the tokens that listen
 * @property {string[]} cols names of the tokens that are listened to
 * @property {((i: number, j: number) => boolean) | null} allowed false where the mask forbids a cell
 * @property {(value: number) => number} stepOf step of the ramp, 0 … 255, that a number is shown in
 * @property {[string, string]} ends what the two ends of the scale are called
 * @property {{rows: number[], cols: number[]}} splits where one text of a pair ends
 * @property {string[]} said which head, of which model, from where, and the verdict on it
 * @property {string} file name of a file of it, without its ending
 */

/**
 * @param {import("inspector/report_data").ReportData} data
 * @param {import("inspector/state").State} state
 * @returns {View}
 */
export function viewOnScreen(data, state) {
  const { layer: n, head, part } = state;
  const { header, tokens, sites: { [n]: site } } = data;
  const names = tokenNames(tokens, header.text.text, header.text.pair);
  const segments = segmentsOf(data, n), cut = cutOf(segments, part);
  const window = state.zoom ?? [0, 0, site.rows, site.cols];
  const kept = (kind, from, count, length) => (cut ? cut[kind] : Array.from({ length }, (_, i) => i))
    .filter((i) => i >= from && i < from + count);
  const rows = kept("rows", window[0], window[2], site.rows), cols = kept("cols", window[1], window[3], site.cols);
  const whole = data.shown(n, head), visible = data.visible(n);
  const matrix = { rows: rows.length, cols: cols.length, data: new Float32Array(rows.length * cols.length) };
  rows.forEach((i, r) => cols.forEach((j, c) => { matrix.data[r * cols.length + c] = whole.data[i * site.cols + j]; }));
  const high = largestMagnitude(matrix.data);
  const named = (indices, length) => indices.map((i) => (names.length === length ? names[i] : `token ${i}`));
  const split = (indices) => splitsOf(segments && indices.map((i) => segments[i]));
  const check = header.verification.layers[n], verdict = check?.heads[head];
  const where = `${site.site === "self" ? "" : site.site + " "}layer ${site.layer}, head ${head}`;
  return {
    matrix, rows: named(rows, site.rows), cols: named(cols, site.cols),
    allowed: visible && ((i, j) => visible(rows[i], cols[j])),
    stepOf: (value) => step(value, 0, high),
    ends: ["0", fixed(high, 3)],
    splits: { rows: split(rows), cols: split(cols) },
    said: [
      where[0].toUpperCase() + where.slice(1) + (cut ? `, ${partName(part)}` : ""),
      header.model.title,
      data.model(n, head) ? "the model’s own attention"
        : `worked out from q and k, within ${tiny(site.arithmetic_error[head])} of the model’s attention`,
      verdict && verdict !== "not_recomputed" ? `rebuild: ${verdict}, largest difference ${tiny(check.max_abs_error[head])}` : "rebuild: not recomputed",
    ],
    file: `${header.model.title} ${where}`.replace(/[^\p{L}\p{N}.]+/gu, "-").replace(/^[-.]+/, "").slice(0, 80),
  };
}
