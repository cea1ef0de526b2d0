/**
 * The server asked: of several questions only the newest counts, and one that cannot be reached is asked again.
 */

import { unpack } from "./unpack.js";

/** @typedef {import("./unpack.js").Answer} Answer */
/** @typedef {{text: string, target?: string, before?: string, silence: import("../payload.js").HeadPath[],
 *   block: [string, number][], ladder?: boolean, effects?: boolean}} Question */
/** @typedef {{reading: string, layer: number, head: number}} HeadQuestion */
/** @typedef {{kind: "answer", answer: Answer} | {kind: "refused", message: string} | {kind: "lost", message: string}
 *   | {kind: "newer"}} Outcome */

/** Milliseconds between two looks whether the server is back. */
const AGAIN = 700;
const GONE = "The server does not answer: it has ended, or is busy. The page goes on as soon as it is back.";
const OTHER =
  "The server is another one now and does not know this page: open the address that it printed when it was started.";

/** Statuses: something newer was asked; the address is not this server's; what is asked of its kind of page is not
 *  asked here, since it shows another kind now; it has too much to do. */
const NEWER = 409,
  FOREIGN = 403,
  NOWHERE = 404,
  BUSY = 503;

export class Asking {
  constructor() {
    /** @type {AbortController | null} what is under way */
    this.going = null;
    // Two tabs ask beside each other.
    this.page = Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(16)).join("");
  }

  /** Whatever is under way is not waited for any more. */
  drop() {
    this.going?.abort();
    this.going = null;
  }

  /**
   * @param {"inspect" | "prove" | "head"} what
   * @param {Question | HeadQuestion} question
   * @returns {Promise<Outcome>}
   */
  async ask(what, question) {
    this.drop();
    const going = new AbortController();
    this.going = going;
    try {
      const response = await fetch(what, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...question, page: this.page }),
        credentials: "omit",
        signal: going.signal,
      });
      if (response.status === NEWER) return { kind: "newer" };
      if (!response.ok) return refused(response.status, await response.json().catch(() => null));
      const buffer = await response.arrayBuffer();
      return going.signal.aborted ? { kind: "newer" } : { kind: "answer", answer: unpack(buffer) };
    } catch (error) {
      if (going.signal.aborted) return { kind: "newer" };
      // fetch says no more than that there was no answer.
      if (error instanceof TypeError) return { kind: "lost", message: GONE };
      // The hint is for who types commands.
      return { kind: "refused", message: error instanceof Error ? `${error.message}.` : String(error) };
    } finally {
      if (this.going === going) this.going = null;
    }
  }

  /** @returns {Promise<void>} when the server answers again */
  async back() {
    for (;;) {
      await new Promise((go) => setTimeout(go, AGAIN));
      try {
        if ((await fetch("alive", { credentials: "omit" })).ok) return;
      } catch {
        // Not yet.
      }
    }
  }
}

/**
 * @param {number} status
 * @param {{error?: string, hint?: string} | null} said
 * @returns {Outcome}
 */
function refused(status, said) {
  if (status === FOREIGN || status === NOWHERE) return { kind: "lost", message: OTHER };
  if (!said?.error && status === BUSY) return { kind: "lost", message: GONE };
  // The hint is for who types commands.
  return { kind: "refused", message: said?.error ?? `The server answers ${status}.` };
}
