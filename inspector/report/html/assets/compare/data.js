/**
 * The numbers of a comparison: both sides' attention over the places of both texts, and how each head changed.
 */

import { withMask } from "../attention/maths.js";
import { ReportData } from "../report/data.js";
import { shorten } from "../shared/format.js";
import { joinPlanes } from "../shared/numbers.js";

/** @typedef {import("../payload.js").CompareHeader} CompareHeader */
/** @typedef {import("../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../payload.js").Place} Place */

/**
 * @typedef {object} Head
 * @property {number} index which of the layers
 * @property {number} head
 * @property {string} name
 * @property {number} bits how much its attention changed; NaN where it cannot be said
 * @property {[number, number]} cell the query and the key of the largest change, as places
 * @property {number} share of the way that it carries; NaN where it was not patched
 */

/** How many numbers of a head the blob `heads` holds. */
const NUMBERS = 8;

export class CompareData {
  /**
   * @param {CompareHeader} header
   * @param {Map<string, Uint8Array<ArrayBuffer>>} planes
   */
  constructor(header, planes) {
    this.header = header;
    this.sides = header.sides.map((side, at) => {
      const prefix = `${"ab"[at]}.`,
        names = Object.keys(header.blobs).filter((name) => name.startsWith(prefix));
      /** @type {(name: string) => string} */
      const own = (name) => name.slice(prefix.length);
      return new ReportData(
        { ...side, blobs: Object.fromEntries(names.map((name) => [own(name), header.blobs[name]])) },
        new Map(names.map((name) => [own(name), /** @type {Uint8Array<ArrayBuffer>} */ (planes.get(name))])),
        "",
      );
    });
    this.layers = this.sides[0].layers;
    const packed = planes.get("heads");
    /** @type {Head[]} in the order of the layers; none where those of both sides do not correspond */
    this.heads = packed ? this.read(/** @type {Float32Array} */ (joinPlanes(packed, header.blobs.heads))) : [];
  }

  /** @param {Float32Array} numbers @returns {Head[]} */
  read(numbers) {
    let at = 0;
    return this.layers.flatMap(({ site, layer, heads }, index) =>
      Array.from({ length: heads }, (_, head) => {
        const [bits, query, key, , , , , share] = numbers.subarray(at, (at += NUMBERS));
        const { rows, cols } = this.alignmentsOf(index);
        return {
          index,
          head,
          name: `${site === "self" ? "" : `${site} `}${layer}.${head}`,
          bits,
          cell: /** @type {[number, number]} */ ([this.placeOf(rows, query), this.placeOf(cols, key)]),
          share,
        };
      }),
    );
  }

  /** @param {number} index @param {number} head */
  headAt(index, head) {
    return this.heads.find((one) => one.index === index && one.head === head);
  }

  /** @param {number} index which alignments a layer's queries and keys are places of */
  alignmentsOf(index) {
    const { site } = this.layers[index],
      target = this.header.alignments.length - 1;
    return { rows: site === "self" || site === "encoder" ? 0 : target, cols: site === "decoder" ? target : 0 };
  }

  /** @param {number} which @returns {Place[]} */
  placesOf(which) {
    return this.header.alignments[which].places;
  }

  /** @param {number} which an alignment @param {number} first position on the first side; 0 for a place that has none */
  placeOf(which, first) {
    return Math.max(
      0,
      this.placesOf(which).findIndex((place) => place.first === first),
    );
  }

  /**
   * What stands at a place: the same on both sides, one against another, or on one side only.
   * @param {number} which
   * @param {number} at
   */
  nameOf(which, at) {
    const [first, second] = this.namesOf(which, at);
    if (first == null) return `${second} (B)`;
    if (second == null) return `${first} (A)`;
    return first === second ? first : `${first}/${second}`;
  }

  /**
   * @param {number} which
   * @param {number} at
   * @returns {(string | null)[]} on both sides
   */
  namesOf(which, at) {
    const place = this.placesOf(which)[at];
    return this.sides.map(({ source, target }, side) => {
      const token = side ? place.second : place.first,
        of = which && target ? target : source;
      return token == null ? null : shorten(of.names[token], 18);
    });
  }

  /**
   * A head's attention over the places: NaN where a side has none, and where it is masked.
   * @param {number} index
   * @param {number} head
   * @returns {{first: Matrix, second: Matrix, difference: Matrix}}
   */
  matrices(index, head) {
    const { rows, cols } = this.alignmentsOf(index),
      queries = this.placesOf(rows),
      keys = this.placesOf(cols);
    const [first, second] = this.sides.map((side, at) => {
      const whole = withMask(side.shown(index, head), side.visible(index)),
        data = new Float32Array(queries.length * keys.length).fill(NaN);
      /** @param {Place} place */
      const own = (place) => (at ? place.second : place.first);
      queries.forEach((query, i) => {
        const row = own(query);
        if (row == null) return;
        keys.forEach((key, j) => {
          const col = own(key);
          if (col != null) data[i * keys.length + j] = whole.data[row * whole.cols + col];
        });
      });
      return { rows: queries.length, cols: keys.length, data };
    });
    return { first, second, difference: { ...first, data: first.data.map((weight, i) => second.data[i] - weight) } };
  }
}
