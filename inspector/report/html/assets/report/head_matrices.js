/**
 * One head's matrices as they are asked for: masked, cut to a segment, without the attention sink.
 */

import { setAside, withMask } from "../attention/maths.js";
import { LOG_FLOOR } from "../attention/window.js";
import { fixed, shorten } from "../shared/format.js";

/** @typedef {import("./data.js").ReportData} ReportData */
/** @typedef {import("../attention/maths.js").Matrix} Matrix */

/** So many names stand in a row; of more the rest is counted. */
const MOST_NAMED = 3;

/**
 * The keys that can be set aside: tokens that are no text, and those on which much of everybody's attention rests,
 * whatever stands there.
 * @param {ReportData} data
 * @param {number} index
 * @returns {number[]}
 */
export function sinkKeys(data, index) {
  const { site } = data.layers[index],
    found = new Set(data.header.sinks.filter((sink) => sink.site === site).map((sink) => sink.index));
  return data.sides(index).cols.tokens.flatMap((token, j) => (token.special || found.has(j) ? [j] : []));
}

/**
 * What those keys are called: “[CLS] and [SEP]”, or a word in quotation marks.
 * @param {ReportData} data
 * @param {number} index
 */
export function sinkName(data, index) {
  const { names, tokens } = data.sides(index).cols;
  const all = [...new Set(sinkKeys(data, index).map((j) => (tokens[j].special ? names[j] : `“${shorten(names[j])}”`)))];
  const named =
    all.length > MOST_NAMED ? [...all.slice(0, MOST_NAMED - 1), `${all.length - MOST_NAMED + 1} more`] : all;
  return named.length > 1 ? `${named.slice(0, -1).join(", ")} and ${named.at(-1)}` : named.join("");
}

/**
 * A head's matrices: NaN where there is no number, and perhaps without the sink.
 * @param {ReportData} data
 * @param {import("./state.js").State} state
 */
export function headMatrices(data, { index, head, sink }) {
  const visible = data.visible(index),
    keys = sinkKeys(data, index);
  /** @param {Matrix | null} matrix */
  const masked = (matrix) => matrix && withMask(matrix, visible);
  const model = masked(data.model(index, head)),
    rebuilt = masked(data.rebuilt(index, head));
  const own = model ? null : masked(data.own(index, head));
  const main = /** @type {Matrix} */ (model ?? own);
  if (!sink) {
    return {
      model,
      rebuilt,
      difference: masked(data.difference(index, head)),
      own,
      main,
      keys,
      hidden: null,
      empty: 0,
      visible,
    };
  }
  const { matrix, hidden, empty } = setAside(main, keys);
  const rest = rebuilt && setAside(rebuilt, keys).matrix;
  // Between what is left of both, since what was shipped is between the whole ones.
  const difference = rest && { ...rest, data: rest.data.map((a, i) => a - matrix.data[i]) };
  return {
    model: model && matrix,
    rebuilt: rest,
    difference,
    own: own && matrix,
    main: matrix,
    keys,
    hidden,
    empty,
    visible,
  };
}

/**
 * What the two ends of a matrix's scale are called.
 * @param {number} high
 * @param {boolean} log
 * @returns {[string, string]}
 */
export const endsOf = (high, log) => (log ? [`≤ ${LOG_FLOOR}`, `${fixed(high, 3)} (log)`] : ["0", fixed(high, 3)]);
