/**
 * From a blob's bytes to its numbers.
 */

/** @typedef {Float32Array | Uint8Array | Uint32Array} Numbers */

/** The payload cannot be read; `message` says what is missing. */
export class DamagedReport extends Error {}

/**
 * What each of the 65,536 half-precision numbers is.
 * @returns {Float32Array}
 */
export function halfTable() {
  const table = new Float32Array(65536),
    bits = new Uint32Array(table.buffer);
  for (let half = 0; half < 0x8000; half++) {
    const exponent = half >> 10;
    // The same fraction under an exponent that is biased by 127 instead of 15.
    if (exponent === 0) table[half] = half * 2 ** -24;
    else bits[half] = ((exponent === 31 ? 255 : exponent + 112) << 23) | ((half & 1023) << 13);
    bits[half + 0x8000] = bits[half] | 0x80000000;
  }
  return table;
}

/** @type {Float32Array | null} made when it is first needed */
let halves = null;

/** What stands for the middle of numbers that are counted in steps. */
const MIDDLE = 0x8080;

/**
 * Numbers counted in steps, dimension by dimension: `steps.py` has why.
 * @param {Uint8Array<ArrayBuffer>} planes of the whole numbers (H·d, T), and of each row of them which dimension it
 *   is, its middle and its step
 * @param {number[]} shape (H, T, d)
 * @returns {Float32Array} (H, T, d)
 */
function fromSteps(planes, [heads, tokens, width]) {
  const sides = heads * width,
    count = sides * tokens;
  const [order, middles, steps] = /** @type {const} */ (["uint32", "uint32", "float32"]).map((dtype, i) => {
    const from = 2 * count + 4 * sides * i;
    return joinPlanes(planes.subarray(from, from + 4 * sides), { dtype, shape: [sides] });
  });
  const numbers = new Float32Array(count);
  for (let row = 0, at = 0; row < sides; row++) {
    const side = order[row],
      middle = (middles[row] | 0) - MIDDLE,
      step = steps[row];
    let to = Math.floor(side / width) * tokens * width + (side % width);
    for (let t = 0; t < tokens; t++, at++, to += width) {
      numbers[to] = ((planes[at] | (planes[count + at] << 8)) + middle) * step;
    }
  }
  return numbers;
}

/**
 * Put the bytes of each number together again.
 * @param {Uint8Array<ArrayBuffer>} planes all first bytes, then all second bytes, …
 * @param {Pick<import("../payload.js").BlobEntry, "dtype" | "shape">} entry
 * @returns {Numbers}
 */
export function joinPlanes(planes, { dtype, shape }) {
  if (dtype === "uint8") return planes;
  if (dtype === "steps") return fromSteps(planes, shape);
  if (dtype === "float16") {
    const table = (halves ??= halfTable());
    const count = planes.length / 2;
    const numbers = new Float32Array(count);
    for (let i = 0; i < count; i++) numbers[i] = table[planes[i] | (planes[count + i] << 8)];
    return numbers;
  }
  if (dtype === "float32" || dtype === "uint32") {
    const count = planes.length / 4;
    const bits = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      bits[i] = planes[i] | (planes[count + i] << 8) | (planes[2 * count + i] << 16) | (planes[3 * count + i] << 24);
    }
    return dtype === "uint32" ? bits : new Float32Array(bits.buffer);
  }
  throw new DamagedReport(`it holds numbers of an unknown kind, ${dtype}`);
}
