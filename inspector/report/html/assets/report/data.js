/**
 * The numbers of one report, by layer and head, whichever way they travelled.
 */

import { besideOf, PARTS } from "../attention/score_terms.js";
import { joinPlanes } from "../shared/numbers.js";
import { tokenNames } from "../shared/format.js";
import { attention, identity, maskOf, poolAny, share, softmaxOf } from "../attention/maths.js";
import { joinMeans } from "../attention/means.js";
import { createMeans } from "./background.js";

/** @typedef {import("../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../shared/numbers.js").Numbers} Numbers */

/** @typedef {{name: string, text: string, pair: string | null, tokens: import("../shared/format.js").Token[], names: string[]}} Side
 *   a text; its own name is empty where there is only one */

/** The sides and the measures of the blob `measures`, in its order. */
export const SIDES = ["all", "content"];
export const MEASURES = ["jsd_bits", "rank_correlation", "top1_agreement"];
/** How many numbers of a head the blob `readings` holds. */
const READINGS = 8;

export class ReportData {
  /**
   * @param {any} header
   * @param {Map<string, Uint8Array>} planes
   * @param {string} worker script of the worker
   */
  constructor(header, planes, worker) {
    this.header = header;
    this.planes = planes;
    /** @type {Map<string, Numbers>} */
    this.joined = new Map();
    this.sites = header.sites;
    const side = (name, { text, pair, tokens }) => ({ name, text, pair, tokens, names: tokenNames(tokens, text, pair) });
    /** @type {Side} */
    this.source = side(header.target ? "source" : "", header.text);
    /** @type {Side | null} what the decoder of an encoder–decoder reads */
    this.target = header.target && side("target", header.target);
    /** @type {Map<string, any>} what was worked out last, to be asked for again */
    this.kept = new Map();
    this.means = createMeans(worker);
    /** @type {Map<string, (i: number, j: number) => boolean>} by layer and size, see patchesHeard */
    this.heard = new Map();
    /** @type {Map<string, Matrix | Promise<Matrix>>} */
    this.known = new Map();
    header.heads = header.labels.map((label, i) => {
      const [entropy_bits, distance, score, ...masses] = Array.from(
        this.numbers("readings").subarray(i * READINGS, (i + 1) * READINGS), (v) => (Number.isNaN(v) ? null : v));
      return { label, entropy_bits, distance, score, masses };
    });
  }

  /**
   * Place of a layer in the run.
   * @param {string} site
   * @param {number} layer
   */
  place(site, layer) {
    const place = this.sites.findIndex((s) => s.site === site && s.layer === layer);
    if (place < 0) throw new RangeError(`there is no layer ${layer} at ${site}`);
    return place;
  }

  /**
   * Which text listens at a layer, and which is listened to.
   * @param {number} n
   * @returns {{rows: Side, cols: Side}}
   */
  sides(n) {
    const { site } = this.sites[n], { source, target } = this;
    return { rows: target && site !== "encoder" ? target : source, cols: target && site === "decoder" ? target : source };
  }

  /**
   * Those of numbers, one row a layer, that are about a layer's site: its layers stand together.
   * @param {any} numbers (N, H)
   * @param {number} n
   */
  ofSite(numbers, n) {
    const { site } = this.sites[n], heads = numbers.length / this.sites.length;
    const places = [...this.sites.keys()].filter((m) => this.sites[m].site === site);
    return numbers.subarray(places[0] * heads, (places[places.length - 1] + 1) * heads);
  }

  /**
   * A blob as numbers. Most layers are never looked at, so they are put together when asked for.
   * @param {string} name
   * @returns {any}
   */
  numbers(name) {
    const known = this.joined.get(name);
    if (known) return known;
    const planes = /** @type {Uint8Array} */ (this.planes.get(name));
    const numbers = joinPlanes(planes, this.header.blobs[name].dtype);
    this.joined.set(name, numbers);
    return numbers;
  }

  /**
   * One head's part of a blob whose first axis is the heads.
   * @param {number} n
   * @param {string} name
   * @param {number} head
   * @returns {Float32Array | null}
   */
  part(n, name, head) {
    const entry = this.header.blobs[`${n}.${name}`];
    if (!entry) return null;
    const size = entry.shape.slice(1).reduce((a, b) => a * b, 1);
    return this.numbers(`${n}.${name}`).subarray(head * size, (head + 1) * size);
  }

  /**
   * The model's own attention as it was shipped; null where only q and k were.
   * @param {number} n
   * @param {number} head
   * @returns {Matrix | null}
   */
  model(n, head) {
    const { rows, cols } = this.sites[n];
    const data = this.part(n, "model", head) ?? this.part(n, "attention", head);
    return data && { rows, cols, data };
  }

  /**
   * rebuilt − model, where both are known.
   * @param {number} n
   * @param {number} head
   * @returns {Matrix | null}
   */
  difference(n, head) {
    const model = this.model(n, head), rebuilt = this.rebuilt(n, head);
    return model && rebuilt && { ...model, data: rebuilt.data.map((r, i) => r - model.data[i]) };
  }

  /**
   * The rebuild's attention, where it was shipped: how many float32 numbers on from the model's.
   * @param {number} n
   * @param {number} head
   * @returns {Matrix | null}
   */
  rebuilt(n, head) {
    const model = this.model(n, head), steps = this.part(n, "difference", head);
    if (!model || !steps) return null;
    const data = model.data.slice(), bits = new Int32Array(data.buffer);
    // A step's sign is its last bit.
    for (let i = 0; i < bits.length; i++) bits[i] += (steps[i] >>> 1) ^ -(steps[i] & 1);
    return { ...model, data };
  }

  /**
   * This page's own arithmetic, softmax(scale · q·kᵀ) with what stands beside q·k; null where q and k
   * were not shipped.
   * @param {number} n
   * @param {number} head
   * @param {number | null} [factor] this scale instead of the site's own, and nothing beside q·k
   * @returns {Matrix | null}
   */
  own(n, head, factor = null) {
    const { rows, cols, heads } = this.sites[n];
    const q = this.part(n, "query", head);
    if (!q) return null;
    const shared = heads / this.header.blobs[`${n}.key`].shape[0];
    const k = /** @type {Float32Array} */ (this.part(n, "key", Math.floor(head / shared)));
    return this.keep(`own ${n} ${head} ${factor}`, () => (
      { rows, cols, data: attention(q, k, rows, cols, factor ?? this.sites[n].scale, this.visible(n),
        factor == null ? this.beside(n, head) : null) }));
  }

  /**
   * What stands beside q·k in a head's scores; null where nothing does.
   * @param {number} n
   * @param {number} head
   * @returns {import("../attention/score_terms.js").Beside | null}
   */
  beside(n, head) {
    const { rows, cols, scale, softcap, heads } = this.sites[n], q = this.part(n, "query", head);
    if (!q) return null;
    const shared = heads / this.header.blobs[`${n}.key`].shape[0];
    const k = /** @type {Float32Array} */ (this.part(n, "key", Math.floor(head / shared)));
    const parts = Object.fromEntries(PARTS.map((name) => [name, this.part(n, name, head)]));
    if (parts.place_keys || parts.place_queries) parts.place_rows = this.numbers(`${n}.place_rows`);
    return this.keep(`beside ${n} ${head}`, () => besideOf(
      /** @type {any} */ ({ ...parts, softcap, sink: parts.sink?.[0] ?? null }), q, k, rows, cols, scale));
  }

  /**
   * The head's attention as the page shows it: the model's where shipped, else the page's own.
   * @param {number} n
   * @param {number} head
   * @returns {Matrix}
   */
  shown(n, head) {
    return /** @type {Matrix} */ (this.model(n, head) ?? this.own(n, head));
  }

  /**
   * @param {number} n
   * @returns {((i: number, j: number) => boolean) | null} null where every key may be heard
   */
  visible(n) {
    return this.header.blobs[`${n}.visible`] ? maskOf(this.numbers(`${n}.visible`), this.sites[n].rows) : null;
  }

  /**
   * The same for patches of a layer's matrix, of which some key of some row may be heard.
   * @param {number} n
   * @param {{rows: number, cols: number}} patches
   */
  patchesHeard(n, patches) {
    const visible = this.visible(n), site = this.sites[n];
    if (!visible || (patches.rows === site.rows && patches.cols === site.cols)) return visible;
    const name = `${n} ${patches.rows} ${patches.cols}`, known = this.heard.get(name) ?? poolAny(visible, site, patches);
    this.heard.set(name, known);
    return known;
  }

  /**
   * The mean over the heads of a layer, or over those of every layer at its site.
   * @param {number} n
   * @param {"layer" | "all"} whose
   * @param {number} [layers] how many layers are asked for in one go
   * @returns {Matrix | Promise<Matrix>} a promise while it is being worked out
   */
  mean(n, whose, layers = 1) {
    const { site } = this.sites[n], name = whose === "layer" ? `${n}` : site;
    const known = this.known.get(name);
    if (known) return known;
    const keep = (mean) => {
      this.known.set(name, mean);
      return mean;
    };
    let mean;
    if (whose === "layer") {
      mean = this.means.of(this.job(n), layers);
    } else {
      const places = [...this.sites.keys()].filter((m) => this.sites[m].site === site);
      const means = places.map((m) => this.mean(m, "layer", places.length));
      const join = (all) => joinMeans(all, places.map((m) => this.sites[m].heads));
      mean = means.some((one) => one instanceof Promise) ? Promise.all(means).then(join) : join(means);
    }
    return keep(mean instanceof Promise ? mean.then(keep) : mean);
  }

  /**
   * What it takes to work out a layer's heads elsewhere.
   * @param {number} n
   * @returns {import("../attention/means.js").Job}
   */
  job(n) {
    const { rows, cols, heads, scale, softcap } = this.sites[n];
    const blob = (name) => {
      const planes = this.planes.get(`${n}.${name}`);
      return planes ? { planes, ...this.header.blobs[`${n}.${name}`] } : null;
    };
    const made = { rows, cols, heads, scale }, weights = blob("model") ?? blob("attention");
    return weights ? { ...made, weights } : { ...made, query: blob("query"), key: blob("key"), visible: blob("visible"), softcap,
      parts: Object.fromEntries(PARTS.map((name) => [name, blob(name)])) };
  }

  /** @param {number} n @param {number} head largest |model − rebuilt| of each row, or null where they travel themselves */
  rowError(n, head) { return this.part(n, "row_error", head); }

  /** @param {number} n @param {number} head what the head moves per unit of attention, or null */
  moved(n, head) { return this.part(n, "moved", head); }

  /** @param {number} n length of each token's vector */
  norms(n) { return this.numbers(`${n}.norm`); }

  /**
   * The classroom's R = X·Xᵀ, where it travelled whole.
   * @param {number} n
   * @returns {Matrix | null}
   */
  interactions(n) {
    const how = this.header.ladder.find((rung) => rung.name === "classroom")?.matrices[this.sites[n].site];
    if (how !== "whole" && how !== "triangle") return null;
    const part = this.layerPart("classroom", n);
    const { rows, cols } = this.sites[n];
    if (how === "whole") return { rows, cols, data: part };
    return this.keep(`interactions ${n}`, () => {
      const data = new Float32Array(rows * rows);
      for (let i = 0, at = 0; i < rows; i++) {
        for (let j = 0; j <= i; j++, at++) data[i * rows + j] = data[j * rows + i] = part[at];
      }
      return { rows, cols: rows, data };
    });
  }

  /** @param {string} rung @param {number} n a layer's part of a ladder blob */
  layerPart(rung, n) {
    const { site } = this.sites[n], name = `ladder.${rung}.${site}`;
    const size = this.header.blobs[name].shape.slice(1).reduce((a, b) => a * b, 1);
    const at = n - this.sites.findIndex((one) => one.site === site);
    return this.numbers(name).subarray(at * size, (at + 1) * size);
  }

  /**
   * A rung's weights, for one layer or head, and how the page came by them.
   * @param {string} name
   * @param {number} n
   * @param {number} head
   * @returns {{matrix: Matrix | Promise<Matrix>, note: string} | null} null where the page cannot show them
   */
  rungMatrix(name, n, head) {
    const rung = this.header.ladder.find((r) => r.name === name);
    if (!rung?.applies) return null;
    const { rows, cols, site } = this.sites[n], how = rung.matrices[site];
    if (name === "layer_mean") {
      return { matrix: this.mean(n, "layer"), note: "worked out on this page from the layer’s heads" };
    }
    if (how === "pooled") {
      const [, r, c] = this.header.blobs[`ladder.${name}.${site}`].shape;
      return { matrix: { rows: r, cols: c, data: this.layerPart(name, n) },
        note: `averaged over patches of tokens down to ${r} × ${c}, since the text is long` };
    }
    const R = this.interactions(n);
    const D = this.header.model.width;
    const fromR = "worked out on this page from R";
    if (name === "classroom" && R) return { matrix: R, note: "as measured" };
    if (name === "share" && R) return { matrix: share(R, site === "cross"), note: fromR };
    if (name === "softmax" && R) return { matrix: softmaxOf(R, 1), note: fromR };
    if (name === "scaled" && R) return { matrix: softmaxOf(R, 1 / Math.sqrt(D)), note: fromR };
    if (name === "learned" && how) {
      return { matrix: { rows, cols, data: this.layerPart(name, n) }, note: "as measured" };
    }
    if (name === "strangers" && site !== "cross") {
      return { matrix: identity(rows, cols), note: "everybody hears only themselves" };
    }
    if (name === "uniform") return { matrix: this.uniform(n), note: "the same for every key" };
    const whole = this.headsAreWhole(n);
    if (name === "heads" && whole) {
      const { exact, scale } = this.sites[n];
      const factor = 1 / Math.sqrt(this.header.blobs[`${n}.query`]?.shape[2]);
      // Where the model's scale is the rung's, the rebuild that travelled is nearer than q·k is.
      const own = exact && Math.abs(scale - factor) < 1e-6 && !this.beside(n, head) ? null : this.own(n, head, factor);
      if (own) return { matrix: own, note: "worked out on this page from q and k" };
    }
    // Without positions and a mask, one head's softmax(q·k/√d) is the rebuild itself.
    if (name === "model" || (name === "heads" && whole)) {
      const rebuilt = this.rebuilt(n, head);
      if (rebuilt) return { matrix: rebuilt, note: "the rebuild" };
      const own = this.own(n, head);
      return own && { matrix: own, note: "worked out on this page from q and k" };
    }
    return null;
  }

  /** @param {number} n true where q and k are as the rung “heads” means them: no rotation in them, no mask after */
  headsAreWhole(n) {
    const { site } = this.sites[n];
    return !this.header.ladder.some((r) => (r.name === "position" || r.name === "mask") && r.sites.includes(site));
  }

  /** @param {number} n @returns {Matrix} 1 / number of visible keys */
  uniform(n) {
    const { rows, cols } = this.sites[n];
    const visible = this.visible(n);
    const data = new Float32Array(rows * cols).fill(visible ? 0 : 1 / cols);
    for (let i = 0; visible && i < rows; i++) {
      const heard = Array.from({ length: cols }, (_, j) => j).filter((j) => visible(i, j));
      for (const j of heard) data[i * cols + j] = 1 / heard.length;
    }
    return { rows, cols, data };
  }

  /**
   * One measure of one rung: a head's number, or those of all heads.
   * @param {number} rung place in the ladder
   * @param {string} side one of SIDES
   * @param {string} measure one of MEASURES
   * @returns {Float32Array} (N, H)
   */
  measures(rung, side, measure) {
    const [, sides, kinds, layers, heads] = this.header.blobs.measures.shape;
    const numbers = this.numbers("measures");
    const size = layers * heads;
    const at = (rung * sides + SIDES.indexOf(side)) * kinds + MEASURES.indexOf(measure);
    return numbers.subarray(at * size, (at + 1) * size);
  }

  /** @param {number} n @param {number} head place of a head among all heads of the run */
  headIndex(n, head) {
    return this.sites.slice(0, n).reduce((sum, site) => sum + site.heads, 0) + head;
  }

  /**
   * Keep the last few results, so that views that show the same head share one computation.
   * @template T
   * @param {string} key
   * @param {() => T} make
   * @returns {T}
   */
  keep(key, make) {
    const found = this.kept.get(key) ?? make();
    this.kept.delete(key);
    this.kept.set(key, found);
    if (this.kept.size > 8) this.kept.delete(this.kept.keys().next().value);
    return found;
  }
}
