/**
 * What is said of one head: how its check came out, where its numbers come from, what rests on the sink, and of one cell
 * every number that there is.
 */

import { ICONS } from "../../attention/verdict_words.js";
import { el, word } from "../../shared/dom.js";
import { counted, exact, fixed, percent, signed, tiny } from "../../shared/format.js";

/** @typedef {import("../data.js").ReportData} ReportData */
/** @typedef {import("../../attention/maths.js").Matrix} Matrix */
/** @typedef {ReturnType<typeof import("../head_matrices.js").headMatrices>} HeadMatrices */

/**
 * What the check of this head came to.
 * @param {HTMLElement} line where it is said
 * @param {ReportData} data
 * @param {number} index
 * @param {number} head
 */
export function sayVerdict(line, { header }, index, head) {
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
  line.dataset.verdict = verdict;
  line.replaceChildren(
    el("span", { class: "icon", "aria-hidden": "true" }, ICONS[verdict]),
    el("p", {}, el("strong", {}, title), `: ${text}`),
  );
}

/**
 * Where the numbers of the first panel come from: its title and what stands below it.
 * @param {ReportData} data
 * @param {import("../state.js").State} state
 * @param {boolean} shipped whether the page has the model's own numbers
 * @returns {[string, string]}
 */
export function sourceOf({ header, layers }, { index, head }, shipped) {
  if (!shipped)
    return [
      "this page’s arithmetic",
      `softmax of the rebuilt q·k, worked out as you look; within ${tiny(layers[index].arithmetic_error[head])}` +
        " of the model’s own attention in every cell.",
    ];
  return header.verification.verdict === "unproved"
    ? ["computed", `Computed from the weights; the real model has not been asked.`]
    : ["model", `What the model itself computed.`];
}

/**
 * How much rests on the sink, and what became of it.
 * @param {HeadMatrices} shown
 * @param {{rows: number, cols: number}} layer
 * @param {string} name of the keys it rests on
 */
export function sinkWords({ main, hidden, keys }, { rows, cols }, name) {
  /** @param {number} i */
  const mass = (i) => keys.reduce((sum, j) => sum + (main.data[i * cols + j] || 0), 0);
  const share = percent(totalOf(hidden ?? Array.from({ length: rows }, (_, i) => mass(i))) / rows);
  const sink = `${name} (${keys.length} of ${counted(cols, "key")})`;
  return hidden
    ? `${share} of the attention is hidden, averaged over the rows: it goes to ${sink}.` +
        " The other numbers are what they were, and colours run to the largest of them."
    : `${share} of this head’s attention goes to ${sink}, averaged over the rows.`;
}

/** @param {ArrayLike<number>} values */
const totalOf = (values) => Array.from(values).reduce((a, b) => a + b, 0);

/**
 * Every number that there is of one cell.
 * @param {ReportData} data
 * @param {number} index
 * @param {number} head
 * @param {number} row
 * @param {number} col
 * @param {HeadMatrices & {cutRow: number | null, column: number, between: string}} shown
 */
export function cellWords(
  data,
  index,
  head,
  row,
  col,
  { model, rebuilt, difference, own, hidden, visible, cutRow, column, between },
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
  const why = visible && !visible(row, col) ? "masked" : "set aside";
  /** @type {(matrix: Matrix, write?: (value: number) => string) => string} */
  const number = (matrix, write = exact) => (Number.isNaN(matrix.data[at]) ? why : write(matrix.data[at]));
  /** @type {(term: string, value: string, kind: string) => HTMLElement} */
  const pair = (term, value, kind) => el("div", {}, el("dt", {}, term), el("dd", { "data-value": kind }, value));
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
      model && pair("model", number(model), "model"),
      rebuilt && pair("rebuilt", number(rebuilt), "rebuilt"),
      difference && pair("difference", number(difference, signed), "difference"),
      own && pair("this page’s arithmetic", number(own), "own"),
      hidden && pair("hidden in this row", exact(hidden[row]), "hidden"),
      errors ? pair("row’s largest |model − rebuilt|", exact(errors[row]), "row-error") : null,
      pair(
        `row total${hidden ? ", without what is hidden" : Math.abs(sum - 1) < 1e-3 ? ", always 1" : ""}`,
        fixed(sum, 6),
        "total",
      ),
      rebuilt && pair("row total, rebuilt", fixed(total(rebuilt), 6), "total-rebuilt"),
      between && pair(`row total, ${between}`, fixed(cutRow, 6), "total-part"),
      pair("column total" + (between && `, ${between}`), fixed(column, 6), "column-total"),
    ),
  ];
}
