/**
 * The numbers of one report, by layer and head, whichever way they travelled.
 */

import { attention, maskOf } from "../attention/maths.js";
import { joinMeans } from "../attention/means.js";
import { MEASURES, SIDES } from "../attention/rungs.js";
import { SCORE_TERMS, scoreTermsOf } from "../attention/score_terms.js";
import { poolAny } from "../attention/window.js";
import { tokenNames } from "../shared/format.js";
import { joinPlanes } from "../shared/numbers.js";
import { createMeans } from "./background.js";

/** @typedef {import("../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../attention/maths.js").Visible} Visible */
/** @typedef {import("../attention/score_terms.js").ScoreTerms} ScoreTerms */
/** @typedef {import("../shared/numbers.js").Numbers} Numbers */
/** @typedef {import("../payload.js").Header} Header */

/** @typedef {{name: string, text: string, pair: string | null, tokens: import("../payload.js").Token[], names: string[]}} Side
 *   a text; its own name is empty where there is only one */
/** @typedef {{label: import("../payload.js").Label | null, entropy_bits: number | null, distance: number | null,
 *   score: number | null, masses: (number | null)[]}} Reading */

/** How many numbers of a head the blob `readings` holds. */
const READINGS = 8;
/** How many results are kept, to be asked for again. */
const KEPT = 8;

/**
 * @param {string} name
 * @param {import("../payload.js").Text} text
 * @returns {Side}
 */
const sideOf = (name, { text, pair, tokens }) => ({ name, text, pair, tokens, names: tokenNames(tokens, text, pair) });

/** @param {number[]} numbers */
const product = (numbers) => numbers.reduce((a, b) => a * b, 1);

export class ReportData {
  /**
   * @param {Header} header
   * @param {Map<string, Uint8Array<ArrayBuffer>>} planes
   * @param {string} worker script of the worker
   */
  constructor(header, planes, worker) {
    this.header = header;
    this.planes = planes;
    /** @type {Map<string, Numbers>} */
    this.joined = new Map();
    this.layers = header.layers;
    this.source = sideOf(header.target ? "source" : "", header.text);
    /** What the decoder of an encoder–decoder reads. */
    this.target = header.target && sideOf("target", header.target);
    /** @type {Map<string, unknown>} what was worked out last */
    this.kept = new Map();
    this.means = createMeans(worker);
    /** @type {Map<string, Visible>} by layer and size, see patchesVisible */
    this.patches = new Map();
    /** @type {Map<string, Matrix | Promise<Matrix>>} */
    this.known = new Map();
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
      joinPlanes(/** @type {Uint8Array<ArrayBuffer>} */ (this.planes.get(name)), this.header.blobs[name].dtype);
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

  /**
   * This page's own arithmetic, softmax(scale · q·kᵀ) with the other terms of the scores; null where q and k
   * were not shipped.
   * @param {number} index
   * @param {number} head
   * @param {number | null} [factor] this scale instead of the layer's own, and q·k alone
   * @returns {Matrix | null}
   */
  own(index, head, factor = null) {
    const { rows, cols } = this.layers[index],
      given = this.queryKey(index, head);
    if (!given) return null;
    const { q, k, scale } = given;
    return this.keep(`own ${index} ${head} ${factor}`, () => ({
      rows,
      cols,
      data: attention(
        q,
        k,
        rows,
        cols,
        factor ?? scale,
        this.visible(index),
        factor == null ? this.scoreTerms(index, head) : null,
      ),
    }));
  }

  /**
   * What a head's scores are made of besides q·k; null where there is nothing else.
   * @param {number} index
   * @param {number} head
   * @returns {ScoreTerms | null}
   */
  scoreTerms(index, head) {
    const { rows, cols, softcap } = this.layers[index],
      given = this.queryKey(index, head);
    if (!given) return null;
    /** @type {Record<string, Float32Array | null>} */
    const terms = Object.fromEntries(SCORE_TERMS.map((name) => [name, this.part(index, name, head)]));
    if (terms.distance_keys || terms.distance_queries) terms.distance_rows = this.numbers(`${index}.distance_rows`);
    const { q, k, scale } = given,
      sink = terms.sink?.[0] ?? null;
    return this.keep(`terms ${index} ${head}`, () =>
      scoreTermsOf(/** @type {any} */ ({ ...terms, softcap, sink }), q, k, rows, cols, scale),
    );
  }

  /**
   * The head's attention as the page shows it: the model's where shipped, else the page's own.
   * @param {number} index
   * @param {number} head
   * @returns {Matrix}
   */
  shown(index, head) {
    return /** @type {Matrix} */ (this.model(index, head) ?? this.own(index, head));
  }

  /**
   * @param {number} index
   * @returns {Visible | null} null where every key may be attended to
   */
  visible(index) {
    if (!this.header.blobs[`${index}.visible`]) return null;
    return maskOf(/** @type {any} */ (this.numbers(`${index}.visible`)), this.layers[index].rows);
  }

  /**
   * The same for patches of a layer's matrix, of which some query may attend to some key.
   * @param {number} index
   * @param {{rows: number, cols: number}} patches
   */
  patchesVisible(index, patches) {
    const visible = this.visible(index),
      layer = this.layers[index];
    if (!visible || (patches.rows === layer.rows && patches.cols === layer.cols)) return visible;
    const name = `${index} ${patches.rows} ${patches.cols}`;
    const known = this.patches.get(name) ?? poolAny(visible, layer, patches);
    this.patches.set(name, known);
    return known;
  }

  /**
   * The mean over the heads of a layer, or over those of every layer at its site.
   * @param {number} index
   * @param {"layer" | "all"} whose
   * @param {number} [layers] how many layers are asked for in one go
   * @returns {Matrix | Promise<Matrix>} a promise while it is being worked out
   */
  mean(index, whose, layers = 1) {
    const { site } = this.layers[index],
      name = whose === "layer" ? `${index}` : site;
    const known = this.known.get(name);
    if (known) return known;
    /** @type {<T extends Matrix | Promise<Matrix>>(mean: T) => T} */
    const keep = (mean) => {
      this.known.set(name, mean);
      return mean;
    };
    if (whose === "layer") {
      const mean = this.means.of(this.job(index), layers);
      return keep(mean instanceof Promise ? mean.then(keep) : mean);
    }
    const indices = this.indicesOf(site),
      means = indices.map((one) => this.mean(one, "layer", indices.length));
    const heads = indices.map((one) => this.layers[one].heads);
    const there = means.flatMap((mean) => (mean instanceof Promise ? [] : [mean]));
    return keep(
      there.length === means.length
        ? joinMeans(there, heads)
        : Promise.all(means).then((all) => keep(joinMeans(all, heads))),
    );
  }

  /**
   * What it takes to work out a layer's heads elsewhere.
   * @param {number} index
   * @returns {import("../attention/means.js").Job}
   */
  job(index) {
    const { rows, cols, heads, scale, softcap } = this.layers[index];
    /** @param {string} name */
    const blob = (name) => {
      const planes = this.planes.get(`${index}.${name}`);
      return planes ? { planes, ...this.header.blobs[`${index}.${name}`] } : null;
    };
    const weights = blob("model") ?? blob("attention"),
      query = blob("query"),
      key = blob("key");
    return {
      rows,
      cols,
      heads,
      weights,
      scores:
        weights || !query || !key || scale == null
          ? null
          : {
              query,
              key,
              scale,
              softcap,
              visible: blob("visible"),
              terms: Object.fromEntries(SCORE_TERMS.map((name) => [name, blob(name)])),
            },
    };
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

  /**
   * The classroom's R = X·Xᵀ, where it travelled whole.
   * @param {number} index
   * @returns {Matrix | null}
   */
  interactions(index) {
    const { rows, cols, site } = this.layers[index];
    const how = this.header.ladder.find((rung) => rung.name === "classroom")?.matrices[site];
    if (how !== "whole" && how !== "triangle") return null;
    const part = this.layerPart("classroom", index);
    if (how === "whole") return { rows, cols, data: part };
    return this.keep(`interactions ${index}`, () => {
      const data = new Float32Array(rows * rows);
      for (let i = 0, at = 0; i < rows; i++) {
        for (let j = 0; j <= i; j++, at++) data[i * rows + j] = data[j * rows + i] = part[at];
      }
      return { rows, cols: rows, data };
    });
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

  /** @param {number} index @param {number} head where a head stands among all heads of the run */
  headIndex(index, head) {
    return this.layers.slice(0, index).reduce((sum, layer) => sum + layer.heads, 0) + head;
  }

  /**
   * Keep the last few results, so that views that show the same head share one computation.
   * @template T
   * @param {string} key
   * @param {() => T} make
   * @returns {T}
   */
  keep(key, make) {
    const found = /** @type {T} */ (this.kept.get(key) ?? make());
    this.kept.delete(key);
    this.kept.set(key, found);
    for (const [oldest] of this.kept) if (this.kept.size > KEPT) this.kept.delete(oldest);
    return found;
  }
}
