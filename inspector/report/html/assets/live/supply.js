/**
 * Heads of a long text that its page leaves out: the server is asked for them, and the last ones are kept.
 */

import { wholeOf } from "../long/data.js";
import { joinPlanes } from "../shared/numbers.js";

/** @typedef {import("../long/data.js").Whole} Whole */
/** @typedef {{name: string, promise: Promise<Whole | null> | null}} Pending */

/** Bytes of queries and keys that are kept: some sixty heads of 4,096 tokens. */
const MOST = 128 * 2 ** 20;

export class Supply {
  /**
   * @param {string} reading which text through which model the page is of, as its server names it
   * @param {Pick<import("./asking.js").Asking, "ask" | "back">} asking
   * @param {(what: "headsent" | "serverback") => void} tell says that other heads are at hand, or the server is again
   * @param {number} [most] bytes
   */
  constructor(reading, asking, tell, most = MOST) {
    this.reading = reading;
    this.asking = asking;
    this.tell = tell;
    this.most = most;
    /** @type {Map<string, Whole>} by layer and head, the one that was looked at last behind all others */
    this.kept = new Map();
    /** @type {Pending | null} what is under way: only the newest is waited for */
    this.pending = null;
    this.waits = false;
  }

  /** @param {number} layer @param {number} head */
  has(layer, head) {
    return this.kept.has(`${layer}.${head}`);
  }

  /**
   * @param {number} layer
   * @param {number} head
   * @returns {Promise<Whole | null>} null where another one was asked for meanwhile
   */
  head(layer, head) {
    const name = `${layer}.${head}`,
      known = this.kept.get(name);
    if (known) {
      this.kept.delete(name);
      this.kept.set(name, known);
      return Promise.resolve(known);
    }
    if (this.pending?.name === name && this.pending.promise) return this.pending.promise;
    /** @type {Pending} */
    const pending = { name, promise: null };
    this.pending = pending;
    pending.promise = this.load(name, layer, head).finally(() => {
      if (this.pending === pending) this.pending = null;
    });
    return pending.promise;
  }

  /**
   * @param {string} name
   * @param {number} layer
   * @param {number} head
   * @returns {Promise<Whole | null>}
   */
  async load(name, layer, head) {
    const outcome = await this.asking.ask("head", { reading: this.reading, layer, head });
    if (outcome.kind === "newer") return null;
    if (outcome.kind !== "answer") {
      if (outcome.kind === "lost") this.wait();
      throw new Error(outcome.message);
    }
    const { header, planes } = outcome.answer,
      { carried, blobs } = /** @type {import("../payload.js").LongHead} */ (/** @type {unknown} */ (header));
    const whole = await wholeOf(carried, (of) =>
      joinPlanes(/** @type {Uint8Array<ArrayBuffer>} */ (planes.get(of)), blobs[of]),
    );
    this.kept.set(name, whole);
    this.forget();
    this.tell("headsent");
    return whole;
  }

  /** Let those go that were not looked at for longest, but never the newest. */
  forget() {
    let bytes = 0;
    for (const [name, whole] of [...this.kept].reverse()) {
      bytes += sizeOf(whole);
      if (bytes > this.most && bytes > sizeOf(whole)) this.kept.delete(name);
    }
  }

  /** Say when the server is there again; once, however often it was asked meanwhile. */
  wait() {
    if (this.waits) return;
    this.waits = true;
    this.asking.back().then(() => {
      this.waits = false;
      this.tell("serverback");
    });
  }
}

/** @param {Whole} whole */
const sizeOf = ({ query, key, terms }) =>
  [query, key, ...Object.values(terms)].reduce((bytes, numbers) => bytes + numbers.byteLength, 0);
