/**
 * What is chosen on a page, written into its address a moment after it was chosen.
 */

/** Browsers refuse an address that changes too often. */
const PAUSE = 300;

/** @param {string} hash true where it is a state and not an anchor on the page */
export const isState = (hash) => hash.includes("=");

/**
 * @param {() => string} hashOf what to write, without the #; empty for the first view
 * @param {AbortSignal} [signal] ends it
 * @returns {() => void} writes it, a moment after the last call
 */
export function addressWriter(hashOf, signal) {
  let timer = 0,
    known = location.hash;
  const write = () => {
    const hash = hashOf(),
      now = location.hash;
    // Somebody has just gone to another address, and the page has not been told yet.
    if (now !== known) return;
    if (`#${hash}` === now || (!hash && !isState(now))) return;
    // A frame without an address of its own refuses; its state then lasts as long as the page.
    try {
      history.replaceState(history.state, "", hash ? `#${hash}` : location.href.split("#")[0]);
      known = location.hash;
    } catch {
      /* see above */
    }
  };
  window.addEventListener(
    "hashchange",
    () => {
      known = location.hash;
    },
    { signal },
  );
  signal?.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    clearTimeout(timer);
    timer = window.setTimeout(write, PAUSE);
  };
}

/**
 * Keep what is chosen in the address, and follow an address that somebody goes to.
 * @template {object} S
 * @param {import("./store.js").Store<S>} store
 * @param {S} first what is chosen before anything is: all of its keys are kept
 * @param {(state: S) => string} hashOf what of a state stands in the address
 * @param {(hash: string) => S} stateOf
 */
export function followAddress(store, first, hashOf, stateOf) {
  let opening = true;
  const later = addressWriter(() => hashOf(store.get()));
  store.watch(/** @type {(keyof S)[]} */ (Object.keys(first)), () => {
    if (!opening) later();
  });
  opening = false;
  window.addEventListener("hashchange", () => {
    // An anchor on the page was gone to: the state stands in the address again a moment later.
    if (location.hash && !isState(location.hash)) later();
    else store.set(stateOf(location.hash));
  });
}
