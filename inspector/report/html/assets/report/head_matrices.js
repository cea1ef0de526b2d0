/**
 * One head's matrices as they are asked for: masked, cut to a segment, without the attention sink.
 */

import { setAside, withMask } from "../attention/maths.js";
import { LOG_FLOOR } from "../attention/window.js";
import { fixed } from "../shared/format.js";

/** @typedef {import("./data.js").ReportData} ReportData */
/** @typedef {import("../attention/maths.js").Matrix} Matrix */

/**
 * The keys that attention rests on when a head has nothing to say: the first, and the separators.
 * @param {ReportData} data
 * @param {number} index
 * @returns {number[]}
 */
export const sinkKeys = (data, index) =>
  data.sides(index).cols.tokens.flatMap((token, j) => (j === 0 || token.special ? [j] : []));

/**
 * What those keys are called: “[CLS] and [SEP]”, or “the first token”.
 * @param {ReportData} data
 * @param {number} index
 */
export function sinkName(data, index) {
  const { names, tokens } = data.sides(index).cols;
  const special = [...new Set(names.filter((_, j) => tokens[j].special))];
  const all = tokens[0].special ? special : ["the first token", ...special];
  return all.length > 3 ? "the first token and the separators" : all.join(" and ");
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
