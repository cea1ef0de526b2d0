/**
 * What silencing a head and blocking a word do to the answer, and what each part of the model adds to its logit.
 */

import { descending } from "./ranking.js";
import { headsOf } from "./run_heads.js";

/** @typedef {import("../report/shipped.js").Shipped} Shipped */
/** @typedef {{size: number, drop: number, difference: number}} Effect how far the answer moved, how much less probable it
 *   became, and by how much its logit fell beside another's; NaN where there is none */

/** The numbers of an effect, in the order of the blobs `effects.heads` and `effects.tokens`. */
const NUMBERS = 3;

/**
 * @param {Float32Array} numbers (3, …)
 * @param {number} at
 * @returns {Effect}
 */
function effectAt(numbers, at) {
  const each = numbers.length / NUMBERS;
  return { size: numbers[at], drop: numbers[each + at], difference: numbers[2 * each + at] };
}

/**
 * The effect of every head, in the order of the layers; null where it was not measured.
 * @param {Shipped} data
 * @returns {Effect[] | null}
 */
export function headEffects(data) {
  if (!data.header.effects || !data.header.blobs["effects.heads"]) return null;
  const numbers = data.numbers("effects.heads"),
    widest = data.header.blobs["effects.heads"].shape[2];
  return headsOf(data).map(([index, head]) => effectAt(numbers, index * widest + head));
}

/**
 * The effect of every token of a text; null where it was not measured.
 * @param {Shipped} data
 * @param {import("../report/shipped.js").Side} side
 * @returns {Effect[] | null}
 */
export function tokenEffects(data, side) {
  if (!data.header.effects || !data.header.blobs["effects.tokens"]) return null;
  const numbers = data.numbers("effects.tokens"),
    // Those of a target stand behind those of its source.
    before = side === data.source ? 0 : data.source.tokens.length;
  return side.tokens.map((_, i) => effectAt(numbers, before + i));
}

/**
 * The largest effect of a word's tokens: what several do does not add up.
 * @param {Effect[]} effects of all tokens
 * @param {number[]} tokens
 */
export const effectOfWord = (effects, tokens) =>
  tokens.map((i) => effects[i]).reduce((most, one) => (one.size > most.size ? one : most));

/**
 * What every head adds to the logit, in the order of the layers; null where it is no sum.
 * @param {Shipped} data
 * @returns {number[] | null}
 */
export function headContributions(data) {
  const { header, layers } = data,
    parts = header.effects?.contributions?.parts;
  if (!parts) return null;
  const of = new Map(parts.flatMap((one) => (one.kind === "head" ? [[`${one.layer} ${one.head}`, one.value]] : [])));
  return headsOf(data).map(([index, head]) => Number(of.get(`${layers[index].layer} ${head}`) ?? NaN));
}

/**
 * What all parts of a kind add.
 * @param {import("../payload.js").Part[]} parts
 * @param {import("../payload.js").Part["kind"]} kind
 */
export const sumOf = (parts, kind) => parts.reduce((sum, one) => sum + (one.kind === kind ? one.value : 0), 0);

/**
 * What the heads bring to the logit from every token: one head, or all of them together.
 * @param {Shipped} data
 * @param {[number, number]} [one] index of a layer, and a head
 * @returns {number[]} (T,)
 */
export function fromTokens(data, one) {
  const [, heads, length] = data.header.blobs["contributions.tokens"].shape,
    numbers = data.numbers("contributions.tokens");
  const found = new Array(length).fill(0);
  const from = one ? (one[0] * heads + one[1]) * length : 0,
    to = one ? from + length : numbers.length;
  for (let i = from; i < to; i++) found[i % length] += numbers[i];
  return found;
}

/**
 * The largest of many numbers of either sign, in their order, and the others as one.
 * @param {ArrayLike<number>} values
 * @param {number} most how many are kept
 * @returns {{kept: number[], others: number, rest: number}} indices, and of how many what is the sum
 */
export function largest(values, most) {
  const order = descending(Array.from(values, Math.abs));
  // One other by itself is no shorter than its own line.
  const kept = order.slice(0, order.length === most + 1 ? most + 1 : most);
  const rest = order.slice(kept.length).reduce((sum, i) => sum + values[i], 0);
  return { kept: kept.sort((a, b) => a - b), others: order.length - kept.length, rest };
}
