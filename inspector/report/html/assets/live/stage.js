/**
 * The report's views on a page whose numbers change: section by section they are taken down and put up again with other
 * data. Those on the screen come first, in one go; the others follow when there is time, or at once when somebody acts.
 */

import { ReportData } from "../report/data.js";
import { followAddress, hashOf, stateOf, wholeHashOf } from "../report/permalink.js";
import { SECTIONS } from "../report/sections.js";
import { settled } from "../report/selection.js";
import { firstView } from "../report/state.js";
import { isState } from "../shared/address.js";
import { createStore } from "../shared/store.js";
import { carried, moves } from "./carry.js";

/** @typedef {import("../report/state.js").State} State */
/** @typedef {import("./unpack.js").Answer} Answer */

/** Sections that need the ladder, which follows the rest of an answer. */
const OF_LADDER = new Set(["#ladder", "#mix"]);
/** What may need a section that is not drawn yet. */
const ACTIONS = ["keydown", "pointerdown", "click", "focusin", "change", "hashchange", "beforeprint", "scroll"];

/** @typedef {{name: string, where: HTMLElement, views: Record<string, import("../report/sections.js").Mount>,
 *   ends: (() => void)[]}} Place a section, its views, and what takes them down */

/** Where the focus is inside an element, as the way to it; null where it is elsewhere. @param {HTMLElement} root */
function wayToFocus(root) {
  const way = [];
  let node = /** @type {Element | null} */ (document.activeElement);
  if (!node || !root.contains(node)) return null;
  for (; node && node !== root; node = node.parentElement) {
    way.unshift([...(node.parentElement?.children ?? [])].indexOf(node));
  }
  return way;
}

/** @param {HTMLElement} root @param {number[]} way */
function focusAgain(root, way) {
  let node = /** @type {Element} */ (root);
  for (const at of way) node = node.children[Math.min(at, node.children.length - 1)] ?? node;
  if (node instanceof HTMLElement) node.focus({ preventScroll: true });
}

export class Stage {
  /** @param {string} worker script of the worker for means */
  constructor(worker) {
    this.worker = worker;
    /** @type {Place[]} */
    this.places = SECTIONS.flatMap(({ section, views }) => {
      const where = /** @type {HTMLElement | null} */ (document.querySelector(section));
      return where ? [{ name: section, where, views, ends: [] }] : [];
    });
    /** @type {Place[]} still with the numbers of the answer before */
    this.waiting = [];
    /** @type {((before: Readonly<State>) => void)[]} */
    this.listeners = [];
    /** @type {ReportData | null} */
    this.data = null;
    /** @type {import("../report/state.js").Store | null} */
    this.store = null;
    /** @type {State | null} */
    this.first = null;
    this.ladder = false;
    this.drawing = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.later = undefined;
    this.unfollow = () => {};
    this.unwatch = () => {};
    for (const action of ACTIONS) {
      window.addEventListener(
        action,
        (event) => {
          // The keys of the line to type in change the text, and then all of this comes again.
          if (event.target instanceof Element && event.target.closest("#live")) return;
          this.finish();
        },
        { capture: true, passive: true },
      );
    }
  }

  /** @param {() => void} listener called whenever something was chosen, and after every answer */
  onChange(listener) {
    this.listeners.push(listener);
  }

  /** What is shown: the numbers, and what is chosen. @returns {import("../report/program.js").Shown} */
  get shown() {
    return {
      data: /** @type {ReportData} */ (this.data),
      store: /** @type {import("../report/state.js").Store} */ (this.store),
    };
  }

  /**
   * Show an answer about a text: now what is on the screen, the rest soon.
   * @param {Pick<Answer, "header" | "planes">} answer
   */
  show({ header, planes }) {
    const before = this.data,
      was = this.store?.get();
    before?.means.end();
    const data = new ReportData(header, planes, this.worker),
      first = firstView(data);
    const state = before && was ? carriedState(before, was, data, first) : stateOf(location.hash, first, data);
    const store = createStore(state, (changes, old) => settled(this.shown.data, changes, old));
    this.data = data;
    this.store = store;
    this.first = first;
    this.ladder = header.ladder.length > 0;
    this.follow(before != null);
    this.unwatch();
    const keys = /** @type {(keyof State)[]} */ (["index", "head", "pinned", "direction"]);
    this.unwatch = store.watch(keys, () => this.tell());
    this.swap(this.places);
  }

  /**
   * Show more of the same answer: its ladder, its effects, its proof. What is chosen stays as it is.
   * @param {Pick<Answer, "header" | "planes">} answer
   * @param {"ladder" | "all"} what is new in it
   */
  add({ header, planes }, what) {
    this.data?.means.end();
    this.data = new ReportData(header, planes, this.worker);
    this.ladder = true;
    this.follow(true);
    const later = new Set(this.waiting);
    this.swap(
      this.places.filter((one) => what === "all" || later.has(one) || needsLadder(one, this.shown.store.get())),
    );
    this.tell();
  }

  tell() {
    for (const listener of this.listeners) listener(this.shown.store.get());
  }

  /** @param {boolean} written whether the address is to name what is chosen at once */
  follow(written) {
    this.unfollow();
    const { data, store } = this.shown,
      first = /** @type {State} */ (this.first);
    if (written && (isState(location.hash) || !location.hash)) {
      const hash = hashOf(store.get(), first, data);
      try {
        history.replaceState(history.state, "", hash ? `#${hash}` : location.href.split("#")[0]);
      } catch {
        // A browser that refuses has its reasons: the address then names what was chosen before.
      }
    }
    this.unfollow = followAddress(store, first, data);
  }

  /** @param {Place[]} places */
  swap(places) {
    clearTimeout(this.later);
    this.waiting = this.places.filter((one) => places.includes(one) || this.waiting.includes(one));
    // All of this is asked before anything moves: then it costs one layout. Where the text is out of sight, a strip of it
    // is not.
    const seen = new Set(
      this.waiting.filter(({ where, views }) =>
        [where, ...Object.keys(views).map((view) => document.querySelector(view))].some((root) => {
          const { top, bottom, height } = root?.getBoundingClientRect() ?? new DOMRect();
          return height > 0 && bottom > 0 && top < innerHeight;
        }),
      ),
    );
    const [opening] = this.waiting;
    if (!seen.size && opening) seen.add(opening);
    for (const place of [...this.waiting]) if (seen.has(place)) this.draw(place);
    this.soon();
  }

  /** Draw the next one when the browser has nothing better to do. */
  soon() {
    const next = this.waiting.find((one) => this.isReady(one));
    if (!next) return;
    this.later = setTimeout(() => {
      this.draw(next);
      this.soon();
    });
  }

  /** Draw at once whatever waits. */
  finish() {
    // The focus that a section gets back is nobody's doing.
    if (this.drawing) return;
    clearTimeout(this.later);
    for (const place of [...this.waiting]) if (this.isReady(place)) this.draw(place);
  }

  /** True where nothing waits for its numbers. */
  get isDrawn() {
    return this.waiting.length === 0;
  }

  /** @param {Place} place the ladder's old numbers stay until it is measured anew */
  isReady(place) {
    return this.ladder || !OF_LADDER.has(place.name) || !place.ends.length;
  }

  /** @param {Place} place */
  draw(place) {
    if (!this.isReady(place)) return;
    this.waiting = this.waiting.filter((one) => one !== place);
    this.drawing = true;
    const { where, views, ends } = place,
      { data, store } = this.shown;
    const mounts = Object.entries(views).flatMap(([view, mount]) => {
      const root = /** @type {HTMLElement | null} */ (document.querySelector(view));
      return root ? [{ root, mount }] : [];
    });
    // Some views of a section have their root elsewhere on the page.
    const inside = mounts.find(({ root }) => root.contains(document.activeElement))?.root,
      way = inside ? wayToFocus(inside) : null;
    for (const end of ends.splice(0)) end();
    where.dataset.drawn = "";
    for (const { root, mount } of mounts) ends.push(mount(root, data, store));
    if (inside && way) focusAgain(inside, way);
    this.drawing = false;
  }
}

/** @param {Place} place @param {Readonly<State>} state whether it shows anything of the ladder */
const needsLadder = ({ name }, { order, tone }) =>
  OF_LADDER.has(name) || name === "footer" || (name === "#heads" && (order === "agreement" || tone === "agreement"));

/**
 * What is chosen, of another text.
 * @param {ReportData} before
 * @param {Readonly<State>} was
 * @param {ReportData} data
 * @param {State} first
 * @returns {State}
 */
function carriedState(before, was, data, first) {
  const there = before.sides(was.index),
    here = data.sides(was.index);
  const rows = moves(there.rows.tokens, here.rows.tokens),
    cols = moves(there.cols.tokens, here.cols.tokens);
  const same =
    there.rows.tokens.length === here.rows.tokens.length && there.cols.tokens.length === here.cols.tokens.length;
  const next = { ...first, ...carried(was, rows, cols, same) };
  // The ladder of this text may still be to come: every text of a model has the same rungs.
  return {
    ...stateOf(wholeHashOf(/** @type {State} */ (next)), first, data),
    rung: was.rung,
    telling: was.telling,
    own: was.own,
  };
}
