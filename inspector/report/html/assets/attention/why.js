/**
 * How one number of a head comes about, step by step, in the page's double precision.
 */

/** Scores farther from zero than this are shifted before exp: it would not fit into a number. */
const MOST_POWER = 600;
/** What a masked score becomes; finite, so that a row in which all is masked is even. */
const MASKED = -3.4e38;

/**
 * @typedef {object} Why
 * @property {number[]} products q and k multiplied, dimension by dimension
 * @property {number} dot their sum
 * @property {number} scaled after the scale
 * @property {number} capped after the soft cap, where there is one
 * @property {number} added what positions add
 * @property {number} score with all of these, before the mask
 * @property {boolean} masked
 * @property {number} shift what is taken off every score of the row before exp; 0 unless needed
 * @property {number} power exp of this score
 * @property {number | null} sinkPower exp of the sink's score, where there is one
 * @property {number} total the sum of those of the row, and the sink's
 * @property {number[]} row every key's share
 * @property {number} share this key's
 */

/**
 * @param {ArrayLike<number>} q (d)
 * @param {ArrayLike<number>} keys (cols, d)
 * @param {number} col
 * @param {number} scale
 * @param {((j: number) => boolean) | null} visible
 * @param {{softcap: number | null, added: ArrayLike<number> | null, sink: number | null} | null} [terms] with
 *   what is added to this row
 * @returns {Why}
 */
export function explain(q, keys, col, scale, visible, terms = null) {
  const d = q.length,
    cols = keys.length / d;
  /** @param {number} j @param {number} t */
  const product = (j, t) => q[t] * keys[j * d + t];
  const products = Array.from({ length: d }, (_, t) => product(col, t));
  const dots = Array.from({ length: cols }, (_, j) => {
    let sum = 0;
    for (let t = 0; t < d; t++) sum += product(j, t);
    return sum;
  });
  /** @param {number} j */
  const allowed = (j) => !visible || visible(j);
  const softcap = terms?.softcap ?? null,
    sink = terms?.sink ?? null;
  /** @param {number} s */
  const cap = (s) => (softcap == null ? s : softcap * Math.tanh(s / softcap));
  /** @param {number} j */
  const add = (j) => terms?.added?.[j] ?? 0;
  const open = dots.map((dot, j) => cap(dot * scale) + add(j));
  const scores = open.map((score, j) => (allowed(j) ? score : MASKED));
  const largest = scores.reduce((a, b) => Math.max(a, b), sink ?? -Infinity);
  const shift = Math.abs(largest) > MOST_POWER ? largest : 0;
  const powers = scores.map((score) => Math.exp(score - shift));
  const sinkPower = sink == null ? null : Math.exp(sink - shift);
  const total = powers.reduce((a, b) => a + b, sinkPower ?? 0);
  const row = powers.map((power) => power / total);
  const scaled = dots[col] * scale;
  return {
    products,
    dot: dots[col],
    scaled,
    capped: cap(scaled),
    added: add(col),
    score: open[col],
    masked: !allowed(col),
    shift,
    power: powers[col],
    sinkPower,
    total,
    row,
    share: row[col],
  };
}

/**
 * In which order dimensions stand: as they come, or from what speaks most for to most against.
 * @param {number[]} products
 * @param {string} order "index" or "contribution"
 * @returns {number[]}
 */
export function dimensionOrder(products, order) {
  const all = Array.from(products.keys());
  return order === "contribution" ? all.sort((a, b) => products[b] - products[a]) : all;
}

/**
 * Bars up and down from a middle line as one path, in a box d wide and from −1 to 1 high.
 * @param {number[]} heights from −1 to 1
 * @param {number} sign 1 for the bars above the line, −1 for those below
 * @returns {string}
 */
export const barPath = (heights, sign) =>
  heights.map((h, i) => (h * sign > 0 ? `M${i + 0.12} 0V${(-h).toFixed(4)}H${i + 0.88}V0z` : "")).join("");
