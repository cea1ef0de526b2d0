/**
 * A view: what it puts up on the page, and how all of it is taken down again.
 *
 * Every view is a function `mount(root, data, store)` that finds its elements inside `root` and returns what takes it
 * down; then it can be put up again, with other data.
 */

/**
 * @template {object} S
 * @typedef {import("./store.js").Store<S>} Store
 */

/** @template {object} S the state of the page's store */
export class View {
  /**
   * @param {HTMLElement} root
   * @param {Store<S>} store
   */
  constructor(root, store) {
    this.root = root;
    this.store = store;
    this.untouched = /** @type {HTMLElement} */ (root.cloneNode(true));
    this.ending = new AbortController();
    /** @type {(() => void)[]} */
    this.ends = [];
    this.dispose = this.dispose.bind(this);
  }

  /** True once the view was taken down: what comes late has nowhere to go. */
  get disposed() {
    return this.ending.signal.aborted;
  }

  /**
   * An element inside the root, or the root itself.
   * @template {HTMLElement} [E=HTMLElement]
   * @param {string} id
   * @param {new () => E} [kind] what it has to be
   * @returns {E}
   */
  find(id, kind) {
    const node = this.root.id === id ? this.root : this.root.querySelector(`#${id}`);
    if (!(node instanceof (kind ?? HTMLElement))) throw new Error(`the page has no #${id}`);
    return /** @type {E} */ (node);
  }

  /**
   * @template {keyof HTMLElementEventMap} K
   * @param {EventTarget} target
   * @param {K} type
   * @param {(event: HTMLElementEventMap[K]) => void} listener
   * @param {AddEventListenerOptions} [options]
   */
  listen(target, type, listener, options) {
    target.addEventListener(type, /** @type {EventListener} */ (listener), { ...options, signal: this.ending.signal });
  }

  /**
   * Listen to something of our own that the whole page hears of: another theme, a link to be copied, the tour, a
   * head that the server has sent, the server there again.
   * @param {"themechange" | "copylink" | "tour" | "headsent" | "serverback"} type
   * @param {() => void} listener
   */
  hear(type, listener) {
    document.documentElement.addEventListener(type, listener, { signal: this.ending.signal });
  }

  /**
   * @param {(keyof S)[]} keys
   * @param {(state: Readonly<S>) => void} listener called now and on every change of these
   */
  watch(keys, listener) {
    this.ends.push(this.store.watch(keys, listener));
  }

  /** @param {{disconnect: () => void}} observer */
  observe(observer) {
    this.ends.push(() => observer.disconnect());
  }

  /** @param {() => void} end called when the view is taken down */
  atEnd(end) {
    this.ends.push(end);
  }

  /** Take everything down: the root is as it was found. */
  dispose() {
    if (this.disposed) return;
    this.ending.abort();
    for (const end of this.ends.splice(0)) end();
    const { root, untouched } = this;
    for (const { name } of [...root.attributes]) {
      if (!untouched.hasAttribute(name)) root.removeAttribute(name);
    }
    for (const { name, value } of untouched.attributes) {
      if (root.getAttribute(name) !== value) root.setAttribute(name, value);
    }
    root.replaceChildren(...untouched.childNodes);
  }
}
