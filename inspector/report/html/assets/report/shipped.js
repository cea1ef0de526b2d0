/**
 * What a report's page was given: its layers, the texts between which they attend, and their blobs of numbers.
 */

import { MEASURES, SIDES } from "../attention/rungs.js";
import { tokenNames } from "../shared/format.js";
import { joinPlanes } from "../shared/numbers.js";

/** @typedef {import("../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../shared/numbers.js").Numbers} Numbers */

/** @typedef {{name: string, text: string, pair: string | null, tokens: import("../payload.js").Token[], names: string[]}} Side
 *   a text; its own name is empty where there is only one */
/** @typedef {{label: import("../payload.js").Label | null, entropy_bits: number | null, distance: number | null,
 *   score: number | null, masses: (number | null)[]}} Reading */

/** How many numbers of a head the blob `readings` holds. */
const READINGS = 8;

/**
 * @param {string} name
 * @param {import("../payload.js").Text} text
 * @returns {Side}
 */
const sideOf = (name, { text, pair, tokens }) => ({ name, text, pair, tokens, names: tokenNames(tokens) });

/** @param {number[]} numbers */
const product = (numbers) => numbers.reduce((a, b) => a * b, 1);

export class Shipped {
  /**
   * @param {import("../payload.js").Header} header
   * @param {Map<string, Uint8Array<ArrayBuffer>>} planes
   */
  constructor(header, planes) {
    this.header = header;
    this.planes = planes;
    /** @type {Map<string, Numbers>} */
    this.joined = new Map();
    this.layers = header.layers;
    this.source = sideOf(header.target ? "source" : "", header.text);
    /** What the decoder of an encoder–decoder reads. */
    this.target = header.target && sideOf("target", header.target);
    /** @type {Reading[]} of every head, in the order of the layers; empty where nothing was read */
    this.heads = header.labels.map((label, i) => {
      const [entropy_bits, distance, score, ...masses] = Array.from(
        this.numbers("readings").subarray(i * READINGS, (i + 1) * READINGS),
        (v) => (Number.isNaN(v) ? null : v),
      );
      return { label, entropy_bits, distance, score, masses };
    });
  }

  /**
   * @param {string} site
   * @param {number} layer
   */
  indexOf(site, layer) {
    const index = this.layers.findIndex((one) => one.site === site && one.layer === layer);
    if (index < 0) throw new RangeError(`there is no layer ${layer} at ${site}`);
    return index;
  }

  /** @param {string} site indices of its layers */
  indicesOf(site) {
    return [...this.layers.keys()].filter((index) => this.layers[index].site === site);
  }

  /** @param {number} index @param {number} head where a head stands among all heads of the run */
  headIndex(index, head) {
    return this.layers.slice(0, index).reduce((sum, layer) => sum + layer.heads, 0) + head;
  }

  /**
   * The text of a layer's queries, and that of its keys.
   * @param {number} index
   * @returns {{rows: Side, cols: Side}}
   */
  sides(index) {
    const { site } = this.layers[index],
      { source, target } = this;
    return {
      rows: target && site !== "encoder" ? target : source,
      cols: target && site === "decoder" ? target : source,
    };
  }

  /**
   * Those of numbers, one row a layer, that are about a layer's site: its layers stand together.
   * @param {Float32Array} numbers (N, H)
   * @param {number} index
   */
  ofSite(numbers, index) {
    const heads = numbers.length / this.layers.length,
      its = this.indicesOf(this.layers[index].site);
    return numbers.subarray(its[0] * heads, (its[its.length - 1] + 1) * heads);
  }

  /**
   * A blob as numbers. Most layers are never looked at, so they are put together when asked for.
   * @param {string} name
   * @returns {Float32Array} or integers, where the blob holds some
   */
  numbers(name) {
    const numbers =
      this.joined.get(name) ??
      joinPlanes(/** @type {Uint8Array<ArrayBuffer>} */ (this.planes.get(name)), this.header.blobs[name]);
    this.joined.set(name, numbers);
    return /** @type {Float32Array} */ (numbers);
  }

  /**
   * One head's part of a blob whose first axis is the heads.
   * @param {number} index
   * @param {string} name
   * @param {number} head
   * @returns {Float32Array | null}
   */
  part(index, name, head) {
    const entry = this.header.blobs[`${index}.${name}`];
    if (!entry) return null;
    const size = product(entry.shape.slice(1));
    return this.numbers(`${index}.${name}`).subarray(head * size, (head + 1) * size);
  }

  /**
   * A head's q and k; null where they did not travel.
   * @param {number} index
   * @param {number} head
   * @returns {{q: Float32Array, k: Float32Array, scale: number, shared: number} | null} shared is how many heads use one k
   */
  queryKey(index, head) {
    const { heads, scale } = this.layers[index],
      q = this.part(index, "query", head);
    if (!q || scale == null) return null;
    const shared = heads / this.header.blobs[`${index}.key`].shape[0];
    const k = /** @type {Float32Array} */ (this.part(index, "key", Math.floor(head / shared)));
    return { q, k, scale, shared };
  }

  /**
   * The model's own attention as it was shipped; null where only q and k were.
   * @param {number} index
   * @param {number} head
   * @returns {Matrix | null}
   */
  model(index, head) {
    const { rows, cols } = this.layers[index];
    const data = this.part(index, "model", head) ?? this.part(index, "attention", head);
    return data && { rows, cols, data };
  }

  /**
   * rebuilt − model, where both are known.
   * @param {number} index
   * @param {number} head
   * @returns {Matrix | null}
   */
  difference(index, head) {
    const model = this.model(index, head),
      rebuilt = this.rebuilt(index, head);
    return model && rebuilt && { ...model, data: rebuilt.data.map((r, i) => r - model.data[i]) };
  }

  /**
   * The rebuild's attention, where it was shipped: how many float32 numbers on from the model's.
   * @param {number} index
   * @param {number} head
   * @returns {Matrix | null}
   */
  rebuilt(index, head) {
    const model = this.model(index, head),
      steps = this.part(index, "difference", head);
    if (!model || !steps) return null;
    const data = model.data.slice(),
      bits = new Int32Array(data.buffer);
    // A step's sign is its last bit.
    for (let i = 0; i < bits.length; i++) bits[i] += (steps[i] >>> 1) ^ -(steps[i] & 1);
    return { ...model, data };
  }

  /** @param {number} index @param {number} head largest |model − rebuilt| of each row, or null where they travel themselves */
  rowError(index, head) {
    return this.part(index, "row_error", head);
  }

  /** @param {number} index @param {number} head ‖v·Wo‖ of each key: what one unit of attention to it brings; or null */
  valueNorms(index, head) {
    return this.part(index, "value_norm", head);
  }

  /** @param {number} index length of the vector that each key is made of */
  keyStateNorms(index) {
    return this.numbers(`${index}.key_state_norm`);
  }

  /** @param {string} rung @param {number} index a layer's part of a ladder blob */
  layerPart(rung, index) {
    const { site } = this.layers[index],
      name = `ladder.${rung}.${site}`;
    const size = product(this.header.blobs[name].shape.slice(1)),
      at = this.indicesOf(site).indexOf(index);
    return this.numbers(name).subarray(at * size, (at + 1) * size);
  }

  /**
   * One measure of one rung: a head's number, or those of all heads.
   * @param {number} rung index in the ladder
   * @param {string} side one of SIDES
   * @param {string} measure one of MEASURES
   * @returns {Float32Array} (N, H)
   */
  measures(rung, side, measure) {
    const [, sides, kinds, layers, heads] = this.header.blobs.measures.shape;
    const size = layers * heads;
    const at = (rung * sides + SIDES.indexOf(side)) * kinds + MEASURES.indexOf(measure);
    return this.numbers("measures").subarray(at * size, (at + 1) * size);
  }
}
