/**
 * What is chosen on a page: one store that views subscribe to, so that no view knows another.
 */

/**
 * @template {object} S
 * @typedef {object} Store
 * @property {() => Readonly<S>} get
 * @property {(changes: Partial<S>) => void} set only the views that look at what changed hear of it
 * @property {(keys: (keyof S)[], listener: (state: Readonly<S>) => void) => () => void} watch calls the listener now and on
 *   every change of these keys, until what it returns is called
 */

/**
 * @template {object} S
 * @param {S} initial
 * @param {(changes: Partial<S>, before: Readonly<S>) => Partial<S>} [settle] what else has to change with them
 * @returns {Store<S>}
 */
export function createStore(initial, settle = (changes) => changes) {
  let state = Object.freeze({ ...initial });
  /** @type {Set<{keys: (keyof S)[], listener: (state: Readonly<S>) => void}>} */
  const subscriptions = new Set();
  return {
    get: () => state,

    set(asked) {
      const changes = settle(asked, state);
      const changed = /** @type {(keyof S)[]} */ (Object.keys(changes)).filter((key) => changes[key] !== state[key]);
      if (!changed.length) return;
      state = Object.freeze({ ...state, ...changes });
      for (const { keys, listener } of subscriptions) {
        if (keys.some((key) => changed.includes(key))) listener(state);
      }
    },

    watch(keys, listener) {
      const subscription = { keys, listener };
      subscriptions.add(subscription);
      listener(state);
      return () => subscriptions.delete(subscription);
    },
  };
}
