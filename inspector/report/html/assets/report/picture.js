/**
 * What the words of a text show: who is asked about, and how much each of the others has of it.
 */

import { setAside } from "../attention/maths.js";
import { asksLink } from "../attention/pair.js";
import { amountsOf, maskedOf, unitsOf } from "../attention/words.js";
import { sinkKeys } from "./aside.js";
import { ends } from "./selection.js";

/** @typedef {import("./data.js").ReportData} ReportData */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./shipped.js").Side} Side */
/** @typedef {import("./paragraphs.js").Chip} Chip */
/** @typedef {import("../attention/maths.js").Matrix} Matrix */

/** @typedef {{units: Chip[], sides: Side[], unitOf: Map<Side, number[]>, several: boolean, tokens: number}} Words of one
 *   text, or of the source and then of the target: `several` where words stand there that are several tokens */
/** @typedef {{units: Chip[], told: number[], from: number | null, other: number | null, pointed: number | null,
 *   amounts: Float64Array | null, others: Float64Array | null, masked: boolean[] | null}} Picture what the chips show: of
 *   the units those in `told` have an amount, and the others NaN */

/**
 * @param {ReportData} data
 * @param {Pick<State, "index" | "subwords">} state
 * @returns {Words}
 */
export function wordsOf(data, { index, subwords }) {
  const { rows, cols } = data.sides(index),
    sides = rows === cols ? [rows] : [cols, rows];
  /** @param {boolean} by @returns {Chip[]} */
  const made = (by) =>
    sides.flatMap((side) => unitsOf(side.tokens, side.names, side, by).map((one) => ({ ...one, side })));
  const whole = made(false),
    single = made(true),
    units = subwords ? single : whole;
  /** @type {Map<Side, number[]>} the unit of each token of a text */
  const unitOf = new Map(sides.map((side) => [side, []]));
  units.forEach(({ tokens, side }, u) => {
    const its = unitOf.get(side) ?? [];
    for (const i of tokens) its[i] = u;
  });
  return { units, sides, unitOf, several: whole.length < single.length, tokens: single.length };
}

/**
 * The units of the pinned word, the one that is pointed at and the second one, as they are asked about.
 * @param {ReportData} data
 * @param {State} state
 * @param {Words} words
 */
export function chosenUnits(data, state, { unitOf }) {
  const [asked, others] = ends(data, state);
  /** @param {Side} side @param {number | null} token */
  const unit = (side, token) => (token == null ? null : (unitOf.get(side)?.[token] ?? null));
  const pinned = unit(asked, state.pinned),
    second = unit(asksLink(state) ? others : asked, state.compared);
  return {
    pinned,
    pointed: unit(asked, state.hovered),
    second: pinned == null || (second === pinned && asked === others) ? null : second,
  };
}

/**
 * @param {ReportData} data
 * @param {State} state
 * @param {Words} words
 * @returns {Picture | Promise<Matrix>} a promise while an average is being worked out
 */
export function pictureOf(data, state, words) {
  const { index, head, whose, direction, sink } = state;
  const matrix = whose === "head" ? data.shown(index, head) : data.mean(index, whose);
  if (matrix instanceof Promise) return matrix;
  const { units } = words,
    way = direction === "in" ? "in" : "out",
    { pinned, pointed, second } = chosenUnits(data, state, words),
    compares = second != null && !asksLink(state),
    from = second == null ? (pointed ?? pinned) : pinned;
  const [, others] = ends(data, state),
    told = [...units.keys()].filter((u) => units[u].side === others),
    those = told.map((u) => units[u]);
  const shown = sink
    ? data.keep(`aside ${whose} ${index} ${head}`, () => setAside(matrix, sinkKeys(data, index)).matrix)
    : matrix;
  /** @template V, R @param {ArrayLike<V>} values @param {R} rest @returns {(V | R)[]} */
  const ofAll = (values, rest) => {
    const of = new Map(told.map((u, i) => [u, values[i]]));
    return units.map((_, u) => of.get(u) ?? rest);
  };
  /** @param {number | null} at */
  const amounts = (at) => (at == null ? null : Float64Array.from(ofAll(amountsOf(shown, units[at], those, way), NaN)));
  const masked = from != null && !compares ? maskedOf(data.visible(index), units[from], those, way) : null;
  return {
    units,
    told,
    from,
    other: second,
    pointed,
    amounts: amounts(from),
    others: compares ? amounts(second) : null,
    masked: masked && ofAll(masked, false),
  };
}

/**
 * What a click on a word changes.
 * @param {ReportData} data
 * @param {State} state
 * @param {Words} words
 * @param {number} u
 * @returns {Partial<State>}
 */
export function picked(data, state, words, u) {
  const { direction, own, compared, together } = state,
    { units } = words,
    [asked, others] = ends(data, state),
    [token] = units[u].tokens,
    { pinned, second } = chosenUnits(data, state, words),
    here = units[u].side === asked;
  /** @param {number | null} token @param {number | null} [compared] @returns {Partial<State>} */
  const pin = (token, compared = null) => ({ pinned: token, compared, hovered: null, own: token != null });
  if (direction === "does") return here ? pin(token) : {};
  const asks = own && state.pinned != null;
  if (together === "link" && asks && (u !== pinned || !here)) {
    if (u === second) return pin(state.pinned);
    if (units[u].side === others) {
      const visible = data.visible(state.index);
      // Who comes later listens: the other way round there is no attention to ask about.
      const row = direction === "in" ? token : /** @type {number} */ (state.pinned),
        col = direction === "in" ? /** @type {number} */ (state.pinned) : token;
      return visible && asked === others && !visible(row, col) && visible(col, row)
        ? pin(token, state.pinned)
        : pin(state.pinned, token);
    }
    return pin(token);
  }
  // A word of the other text: the question turns round.
  if (!here) return { ...pin(token), direction: direction === "out" ? "in" : "out" };
  if (u === pinned) return pin(together === "contrast" ? compared : null);
  if (u === second) return pin(state.pinned);
  return asks ? pin(state.pinned, token) : pin(token);
}
