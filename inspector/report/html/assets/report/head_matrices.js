/**
 * One head's matrices as they are asked for: masked, cut to a segment, without the attention sink.
 */

import { setAside, withMask } from "../attention/maths.js";
import { LOG_FLOOR } from "../attention/window.js";
import { fixed } from "../shared/format.js";
import { sinkKeys } from "./aside.js";

/** @typedef {import("./data.js").ReportData} ReportData */
/** @typedef {import("../attention/maths.js").Matrix} Matrix */

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
  const difference = masked(data.difference(index, head)),
    main = /** @type {Matrix} */ (model ?? own);
  if (!sink) return { model, rebuilt, difference, own, main, keys, hidden: null, visible };
  const { matrix, hidden } = setAside(main, keys);
  /** @param {Matrix | null} whole */
  const rest = (whole) => whole && setAside(whole, keys).matrix;
  return {
    model: model && matrix,
    rebuilt: rest(rebuilt),
    difference: rest(difference),
    own: own && matrix,
    main: matrix,
    keys,
    hidden,
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
