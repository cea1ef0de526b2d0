/**
 * How alike two orders of the same things are.
 */

/**
 * Ranks from 1 for the lowest, equals at their mean rank.
 * @param {ArrayLike<number>} values
 * @returns {number[]}
 */
export function ranks(values) {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a] - values[b]),
    found = order.map(() => 0);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let i = from; i < to; i++) found[order[i]] = (from + to + 1) / 2;
  }
  return found;
}

/**
 * Spearman's rank correlation over the places where both have a number.
 * @param {ArrayLike<number>} first
 * @param {ArrayLike<number>} second
 * @returns {number} NaN where one of them is constant
 */
export function spearman(first, second) {
  const there = Array.from({ length: first.length }, (_, i) => i).filter(
    (i) => !Number.isNaN(first[i]) && !Number.isNaN(second[i]),
  );
  const middle = (there.length + 1) / 2,
    [a, b] = [first, second].map((values) => ranks(there.map((i) => values[i])).map((rank) => rank - middle));
  /** @param {number[]} x @param {number[]} y */
  const product = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

/**
 * The place of one among all, 1 for the largest; equals share the better place.
 * @param {ArrayLike<number>} values
 * @param {number} at
 */
export const placeOf = (values, at) => 1 + Array.from(values).filter((value) => value > values[at]).length;

/**
 * Indices from the largest number to the smallest, those without one left out.
 * @param {ArrayLike<number>} values
 * @returns {number[]}
 */
export const descending = (values) =>
  Array.from({ length: values.length }, (_, i) => i)
    .filter((i) => !Number.isNaN(values[i]))
    .sort((a, b) => values[b] - values[a] || a - b);
