/**
 * A long text as its page has it: pooled pictures of every head, and the queries and keys of some.
 */

import { readNamed } from "../shared/decode.js";
import { visible } from "../shared/format.js";
import { joinPlanes } from "../shared/numbers.js";
import { attention, maskedBy } from "./rows.js";

/** @typedef {import("../payload.js").LongHeader} LongHeader */
/** @typedef {import("../payload.js").CarriedHead} CarriedHead */
/** @typedef {import("../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../shared/numbers.js").Numbers} Numbers */
/** @typedef {{one: CarriedHead, query: Float32Array, key: Float32Array, terms: import("./rows.js").Terms}} Whole a head of which
 *   every weight can be worked out */
/** @typedef {{has: (layer: number, head: number) => boolean, head: (layer: number, head: number) => Promise<Whole | null>}} Supply
 *   who has the heads that the page leaves out */

/** What a token without a place in the text has for one. */
const NOWHERE = 0xffffffff;

export class LongData {
  /**
   * @param {LongHeader} header
   * @param {Map<string, Uint8Array<ArrayBuffer>>} planes
   * @param {Supply | null} supply null for a page on disk
   */
  constructor(header, planes, supply) {
    this.supply = supply;
    this.header = header;
    this.planes = planes;
    /** (T, 2) where each token begins and ends in the text. */
    this.places = /** @type {Uint32Array} */ (this.numbers("token_spans"));
    /** (N, P) what stretches are given from afar, NaN where that says nothing. */
    this.lifts = /** @type {Float32Array} */ (this.numbers("map"));
    /** (N, H) each head's part of what its layer writes, NaN where a layer has fewer heads. */
    this.written = /** @type {Float32Array} */ (this.numbers("written"));
    /** Entropy in bits and distance in tokens, head after head. */
    this.readings = /** @type {Float32Array} */ (this.numbers("readings"));
    this.most = this.written.length / header.layers.length;
    /** @type {Map<string, Promise<Numbers>>} */
    this.read = new Map();
    this.carried = new Map(header.carried.map((one) => [`${one.layer}.${one.head}`, one]));
    this.stretchOf = new Uint32Array(header.tokens);
    header.spans.forEach(({ start, end }, at) => this.stretchOf.fill(at, start, end));
  }

  /** @param {string} name of a blob that was read with the page */
  numbers(name) {
    const planes = this.planes.get(name);
    if (!planes) throw new RangeError(`the page has no ${name}`);
    return joinPlanes(planes, this.header.blobs[name]);
  }

  /** @param {string} name of a blob that is read when it is looked at, once */
  later(name) {
    const entry = this.header.blobs[name];
    const known = this.read.get(name) ?? readNamed(document, name, entry).then((planes) => joinPlanes(planes, entry));
    this.read.set(name, known);
    return known;
  }

  /** @param {number} token */
  spanOf(token) {
    const [start, end] = [this.places[2 * token], this.places[2 * token + 1]];
    return start === NOWHERE ? null : { start, end };
  }

  /** @param {number} token what it is called on the page */
  nameOf(token) {
    const span = this.spanOf(token);
    return span ? visible(this.header.text.slice(span.start, span.end)).trim() || "␣" : "·";
  }

  /** @param {number} layer @param {number} head where a head stands among all */
  indexOf(layer, head) {
    let before = 0;
    for (let at = 0; at < layer; at++) before += this.header.layers[at].heads;
    return before + head;
  }

  /**
   * What stretches give to stretches in one head.
   * @param {number} layer
   * @param {number} head
   * @returns {Promise<Matrix>}
   */
  async flow(layer, head) {
    const bytes = await this.later(`flow.${layer}`),
      count = this.header.spans.length,
      size = count * count,
      data = new Float32Array(size);
    for (let i = 0; i < size; i++) data[i] = (bytes[head * size + i] / 255) ** 2;
    return { rows: count, cols: count, data };
  }

  /**
   * Whether the page has every weight of a head: from the start, sent since, or not.
   * @param {number} layer
   * @param {number} head
   * @returns {"carried" | "sent" | null}
   */
  has(layer, head) {
    if (this.carried.has(`${layer}.${head}`)) return "carried";
    return this.supply?.has(layer, head) ? "sent" : null;
  }

  /**
   * @param {number} layer
   * @param {number} head
   * @returns {Promise<Whole | null>} null where it cannot be had, or another one was asked for meanwhile
   */
  async whole(layer, head) {
    const one = this.carried.get(`${layer}.${head}`);
    if (!one) return this.supply?.head(layer, head) ?? null;
    return wholeOf(one, (name) => this.later(name));
  }

  /**
   * The weights of some queries on all keys, computed from q and k, and how far they may be off; null as for `whole`.
   * @param {number} layer
   * @param {number} head
   * @param {number} first
   * @param {number} last half-open
   * @returns {Promise<Matrix & {error: number} | null>}
   */
  async rowsOf(layer, head, first, last) {
    const whole = await this.whole(layer, head);
    if (!whole) return null;
    const { one, query, key, terms } = whole,
      of = this.header.layers[layer],
      tokens = this.header.tokens,
      width = query.length / tokens,
      rows = last - first;
    const data = attention(query.subarray(first * width, last * width), key, {
      rows,
      first,
      tokens,
      scale: of.scale,
      softcap: of.softcap,
      sink: one.sink,
      terms,
      hidden: maskedBy(of),
    });
    return { rows, cols: tokens, data, error: one.error };
  }
}

/**
 * A head put together from its blobs.
 * @param {CarriedHead} one
 * @param {(name: string) => Numbers | Promise<Numbers>} read
 * @returns {Promise<Whole>}
 */
export async function wholeOf(one, read) {
  const { layer, head, shared } = one;
  const [query, key, ...added] = await Promise.all(
    [`query.${layer}.${head}`, `key.${layer}.${shared}`, ...Object.values(one.terms)].map(read),
  );
  const terms = Object.fromEntries(Object.keys(one.terms).map((term, at) => [term, added[at]]));
  return { one, query: /** @type {Float32Array} */ (query), key: /** @type {Float32Array} */ (key), terms };
}
