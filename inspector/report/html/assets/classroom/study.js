/**
 * The classroom's arithmetic, as inspector/analogy/classroom.py has it: n students, m traits, everything from Q (n, m).
 */

/** @typedef {number[][]} Table rows of numbers */
/** @typedef {ReturnType<typeof study>} Study */

/** A classmate is close from this many times an even share, 1/(n−1), of one's interactions, an acquaintance from this many. */
const CLOSE = 1.5,
  FORMAL = 0.5;

/**
 * @param {number[]} a
 * @param {number[]} b
 */
export const dot = (a, b) => a.reduce((sum, x, k) => sum + x * b[k], 0);

/**
 * Each row of one table with each of another.
 * @param {Table} a (n, m)
 * @param {Table} b (p, m)
 * @returns {Table} a·bᵀ, (n, p)
 */
export const products = (a, b) => a.map((row) => b.map((other) => dot(row, other)));

/**
 * @param {Table} weights (n, p)
 * @param {Table} table (p, m)
 * @returns {Table} weights·table, (n, m)
 */
function mixed(weights, table) {
  const columns = table[0].map((_, k) => table.map((row) => row[k]));
  return products(weights, columns);
}

/**
 * softmax over each row of scores.
 * @param {Table} scores
 * @returns {Table}
 */
export const softmax = (scores) =>
  scores.map((row) => {
    const largest = Math.max(...row),
      exponentials = row.map((score) => Math.exp(score - largest)),
      sum = exponentials.reduce((a, b) => a + b, 0);
    return exponentials.map((e) => e / sum);
  });

/**
 * All that follows from the table of traits.
 * @param {Table} Q (n, m)
 */
export function study(Q) {
  const R = products(Q, Q),
    A = softmax(R.map((row) => row.map((score) => score / Math.sqrt(Q[0].length))));
  const shares = R.map((row, i) => {
    const others = row.map((score, j) => (j === i ? 0 : Math.max(score, 0))),
      total = others.reduce((a, b) => a + b, 0);
    // Who interacts with nobody has no shares: 0/0.
    return total > 0 ? others.map((score) => score / total) : null;
  });
  return {
    Q,
    /** (n, n) who interacts with whom */
    R,
    /** (n, m) the traits after living together */
    T: mixed(R, Q),
    /** (n, n) max(R, 0) without the diagonal over its row's sum; null for a row of nothing */
    shares,
    /** (n, n) 0 close friend, 1 formal acquaintance, 2 hardly any; null on the diagonal and in a row of nothing */
    closeness: shares.map((row, i) =>
      Q.map((_, j) => {
        if (!row || i === j) return null;
        const even = 1 / (Q.length - 1);
        return row[j] >= CLOSE * even ? 0 : row[j] >= FORMAL * even ? 1 : 2;
      }),
    ),
    /** (n, n) softmax(Q·Qᵀ/√m) and (n, m) what it makes of the traits */
    A,
    AQ: mixed(A, Q),
  };
}

/**
 * Everybody but one student, the strongest interaction first.
 * @param {Table} R
 * @param {number} i
 */
export const classmates = (R, i) =>
  R[i]
    .map((_, j) => j)
    .filter((j) => j !== i)
    .sort((a, b) => R[i][b] - R[i][a]);

/**
 * The trait that brings most of an interaction; null where none is above zero.
 * @param {Table} Q
 * @param {number} i
 * @param {number} j
 */
export function strongestTrait(Q, i, j) {
  const each = Q[i].map((value, k) => value * Q[j][k]),
    most = Math.max(...each);
  return most > 0 ? each.indexOf(most) : null;
}

/**
 * A student's two strongest classmates, each with the trait that it rests on.
 * @param {Study} studied
 * @param {number} i
 */
export const bondsOf = ({ Q, R }, i) =>
  classmates(R, i)
    .slice(0, 2)
    .flatMap((j) => {
      const trait = strongestTrait(Q, i, j);
      return trait == null ? [] : [{ j, trait }];
    });

/**
 * Each row as parts of the sum of its sizes; NaN for a row of zeros.
 * @param {Table} table
 * @returns {Table}
 */
export const profiles = (table) =>
  table.map((row) => {
    const largest = Math.max(...row.map(Math.abs)),
      size = row.reduce((sum, value) => sum + Math.abs(value / largest), 0);
    return row.map((value) => (largest > 0 ? value / largest / size : NaN));
  });

/**
 * How far apart two profiles lie on average: ½·Σ|p − q| over pairs; NaN where fewer than two are known.
 * @param {Table} profile
 */
export function distance(profile) {
  const known = profile.filter((row) => !row.some(Number.isNaN));
  let sum = 0,
    pairs = 0;
  for (let i = 0; i < known.length; i++) {
    for (let j = i + 1; j < known.length; j++, pairs++) {
      sum += known[i].reduce((apart, value, k) => apart + Math.abs(value - known[j][k]), 0) / 2;
    }
  }
  return pairs ? sum / pairs : NaN;
}

/**
 * What one product of two vectors is made of: the chosen numbers, and the others together.
 * @param {number[]} a
 * @param {number[]} b
 * @param {number[]} chosen which numbers are told one by one
 */
export function unfolded(a, b, chosen) {
  const each = chosen.map((k) => a[k] * b[k]),
    size = a.reduce((sum, value, k) => sum + Math.abs(value * b[k]), 0),
    sum = dot(a, b);
  return {
    each,
    sum,
    rest: sum - each.reduce((x, y) => x + y, 0),
    /** how much of what is added up, whatever its sign, is told one by one; NaN where all is zero */
    told: each.reduce((x, y) => x + Math.abs(y), 0) / size,
  };
}

/**
 * The numbers that most of all pairs' products rest on, the strongest first.
 * @param {Table} a
 * @param {Table} b
 * @param {number} count
 */
export function strongest(a, b, count) {
  const weight = a[0].map((_, k) =>
    a.reduce((sum, row) => sum + b.reduce((s, its) => s + Math.abs(row[k] * its[k]), 0), 0),
  );
  return weight
    .map((_, k) => k)
    .sort((k, l) => weight[l] - weight[k])
    .slice(0, count);
}
