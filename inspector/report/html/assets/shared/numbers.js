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

/**
 * Put the bytes of each number together again.
 * @param {Uint8Array<ArrayBuffer>} planes all first bytes, then all second bytes, …
 * @param {string} dtype
 * @returns {Numbers}
 */
export function joinPlanes(planes, dtype) {
  if (dtype === "uint8") return planes;
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
