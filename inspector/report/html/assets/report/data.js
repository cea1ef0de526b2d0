/**
 * The numbers of one report, by layer and head: those that travelled, and those that the page works out of them.
 */

import { attention, maskOf } from "../attention/maths.js";
import { joinMeans } from "../attention/means.js";
import { SCORE_TERMS, scoreTermsOf } from "../attention/score_terms.js";
import { poolAny } from "../attention/window.js";
import { createMeans } from "./background.js";
import { Shipped } from "./shipped.js";

/** @typedef {import("../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../attention/maths.js").Visible} Visible */
/** @typedef {import("../attention/score_terms.js").ScoreTerms} ScoreTerms */

/** How many results are kept, to be asked for again. */
const KEPT = 8;

export class ReportData extends Shipped {
  /**
   * @param {import("../payload.js").Header} header
   * @param {Map<string, Uint8Array<ArrayBuffer>>} planes
   * @param {string} worker script of the worker
   */
  constructor(header, planes, worker) {
    super(header, planes);
    /** @type {Map<string, unknown>} what was worked out last */
    this.kept = new Map();
    this.means = createMeans(worker);
    /** @type {Map<string, Visible>} by layer and size, see patchesVisible */
    this.patches = new Map();
    /** @type {Map<string, Matrix | Promise<Matrix>>} */
    this.known = new Map();
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
   * One row of it, without the others where these would have to be worked out.
   * @param {number} index
   * @param {number} head
   * @param {number} row
   * @returns {Float32Array}
   */
  row(index, head, row) {
    const { cols, rows } = this.layers[index],
      shipped = this.model(index, head);
    if (shipped) return shipped.data.subarray(row * cols, (row + 1) * cols);
    const { q, k, scale } = /** @type {NonNullable<ReturnType<Shipped["queryKey"]>>} */ (this.queryKey(index, head)),
      d = q.length / rows,
      visible = this.visible(index),
      terms = this.scoreTerms(index, head),
      added = terms?.added?.subarray(row * cols, (row + 1) * cols) ?? null;
    return attention(
      q.subarray(row * d, (row + 1) * d),
      k,
      1,
      cols,
      scale,
      visible && ((_, col) => visible(row, col)),
      terms && { ...terms, added },
    );
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
