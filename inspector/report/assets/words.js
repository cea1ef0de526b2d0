/**
 * Tokens as words: a word's pieces are one, listened to as their sum and listening as their mean.
 */

import { continues, visible } from "inspector/format";

/** @typedef {import("inspector/format").Token} Token */
/** @typedef {import("inspector/maths").Matrix} Matrix */
/** @typedef {{tokens: number[], name: string, special: boolean, segment: number, span: [number, number] | null}} Unit
 *   a word, or a token by itself */

/**
 * @param {Token[]} tokens
 * @param {string[]} names
 * @param {{text: string, pair: string | null}} text
 * @param {boolean} pieces true for every token by itself
 * @returns {Unit[]}
 */
export function unitsOf(tokens, names, { text, pair }, pieces) {
  const segments = [Array.from(text), Array.from(pair ?? "")];
  /** @type {number[][]} */
  const groups = [];
  tokens.forEach((token, i) => {
    const goesOn = !pieces && continues(tokens, i) && token.segment === tokens[i - 1].segment && !token.special;
    if (goesOn) groups[groups.length - 1].push(i);
    else groups.push([i]);
  });
  return groups.map((group) => {
    const first = tokens[group[0]], spans = group.map((i) => tokens[i].span);
    const { special, segment } = first;
    if (group.length === 1) return { tokens: group, name: names[group[0]], special, segment, span: first.span };
    const known = first.span && spans.every((span) => span);
    const end = known && Math.max(...spans.map((span) => /** @type {[number, number]} */ (span)[1]));
    const name = known ? visible(segments[segment].slice(first.span[0], end).join("").trim()) : group.map((i) => names[i]).join("");
    return { tokens: group, name, special, segment, span: known ? [first.span[0], end] : null };
  });
}

/**
 * What each unit gets from one, or gives to it.
 * @param {Matrix} matrix between tokens
 * @param {Unit[]} units
 * @param {number} at
 * @param {"out" | "in"} direction
 * @returns {Float64Array}
 */
export function amountsOf({ cols, data }, units, at, direction) {
  return Float64Array.from(units, (unit) => {
    const [from, to] = direction === "out" ? [units[at], unit] : [unit, units[at]];
    let sum = 0;
    for (const i of from.tokens) for (const j of to.tokens) sum += data[i * cols + j];
    return sum / from.tokens.length;
  });
}

/**
 * Between which units the model allows no attention at all, which is not the same as none.
 * @param {((i: number, j: number) => boolean) | null} seen
 * @param {Unit[]} units
 * @param {number} at
 * @param {"out" | "in"} direction
 * @returns {boolean[] | null}
 */
export function forbiddenOf(seen, units, at, direction) {
  return seen && units.map((unit) => {
    const [from, to] = direction === "out" ? [units[at], unit] : [unit, units[at]];
    return !from.tokens.some((i) => to.tokens.some((j) => seen(i, j)));
  });
}

/**
 * How much two distributions have in common: Σ min, each counted as a whole.
 * @param {Float64Array} a
 * @param {Float64Array} b
 * @returns {number} from 0 to 1
 */
export function overlap(a, b) {
  const total = (values) => values.reduce((sum, value) => sum + value, 0);
  const ofA = total(a), ofB = total(b);
  return a.reduce((sum, value, i) => sum + Math.min(value / ofA, b[i] / ofB), 0);
}
