/**
 * Tokens as words: attention received by a word's subwords is summed, attention given by them averaged.
 */

import { continues, visible } from "../shared/format.js";
import { shares } from "./maths.js";

/** @typedef {import("../shared/format.js").Token} Token */
/** @typedef {import("./maths.js").Matrix} Matrix */
/** @typedef {{tokens: number[], name: string, special: boolean, segment: number, span: [number, number] | null}} Unit
 *   a word, or a token by itself */

/**
 * @param {Token[]} tokens
 * @param {string[]} names
 * @param {{text: string, pair: string | null}} text
 * @param {boolean} subwords true for every token by itself
 * @returns {Unit[]}
 */
export function unitsOf(tokens, names, { text, pair }, subwords) {
  const segments = [Array.from(text), Array.from(pair ?? "")];
  /** @type {number[][]} */
  const groups = [];
  tokens.forEach((token, i) => {
    if (!subwords && !token.special && continues(tokens, i) && token.segment === tokens[i - 1].segment)
      groups[groups.length - 1].push(i);
    else groups.push([i]);
  });
  return groups.map((group) => {
    const [at] = group,
      { special, segment, span } = tokens[at];
    if (group.length === 1) return { tokens: group, name: names[at], special, segment, span };
    // NaN where the tokenizer does not say where a piece stood.
    const end = span ? Math.max(...group.map((i) => tokens[i].span?.[1] ?? NaN)) : NaN;
    return end && span
      ? {
          tokens: group,
          name: visible(segments[segment].slice(span[0], end).join("").trim()),
          special,
          segment,
          span: [span[0], end],
        }
      : { tokens: group, name: group.map((i) => names[i]).join(""), special, segment, span: null };
  });
}

/**
 * Which tokens attend to which, between one unit and each of others.
 * @param {Unit} one
 * @param {Unit[]} units
 * @param {"out" | "in"} direction
 */
const links = (one, units, direction) =>
  units.map((unit) => (direction === "out" ? [one.tokens, unit.tokens] : [unit.tokens, one.tokens]));

/**
 * What each unit gets from one, or gives to it; NaN where there is no number, as of what was set aside.
 * @param {Matrix} matrix between tokens
 * @param {Unit} one
 * @param {Unit[]} units
 * @param {"out" | "in"} direction
 * @returns {Float64Array}
 */
export const amountsOf = ({ cols, data }, one, units, direction) =>
  Float64Array.from(links(one, units, direction), ([from, to]) => {
    let sum = 0,
      some = false;
    for (const i of from)
      for (const j of to) {
        const value = data[i * cols + j];
        if (Number.isNaN(value)) continue;
        some = true;
        sum += value;
      }
    return some ? sum / from.length : NaN;
  });

/**
 * Between which units the model allows no attention at all, which is not the same as none.
 * @param {import("./maths.js").Visible | null} seen
 * @param {Unit} one
 * @param {Unit[]} units
 * @param {"out" | "in"} direction
 * @returns {boolean[] | null}
 */
export const maskedOf = (seen, one, units, direction) =>
  seen && links(one, units, direction).map(([from, to]) => !from.some((i) => to.some((j) => seen(i, j))));

/**
 * How much two distributions have in common: Σ min, each counted as a whole.
 * @param {Float64Array} a
 * @param {Float64Array} b
 * @returns {number} from 0 to 1
 */
export function overlap(a, b) {
  const x = shares(a),
    y = shares(b);
  return x.reduce((sum, value, i) => sum + Math.min(value, y[i]), 0);
}
