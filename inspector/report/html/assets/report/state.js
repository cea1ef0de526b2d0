/**
 * What is chosen on the page: one store that views subscribe to, so that no view knows another.
 */

/**
 * @typedef {object} State
 * @property {number} layer place of the chosen layer in the run (index into the header's sites)
 * @property {number} head
 * @property {number | null} pinned token whose listening is shown until another is pinned; between two texts one of the
 *   text that listens, or, where direction is "in", of the one that is listened to
 * @property {number | null} hovered token under the pointer or the keyboard
 * @property {[number, number] | null} cell row and column under the cursor of the matrices
 * @property {string} rung name of the chosen rung
 * @property {string} part of a pair: one of PARTS
 * @property {[number, number, number, number] | null} zoom part of the head's matrix that is looked at: first row, first
 *   column, rows, columns, as places of tokens; null for all of it
 * @property {"matrix" | "lines"} shape how the head is drawn
 * @property {boolean} sink true while the keys that attention rests on are set aside
 * @property {boolean} log true for colours on a logarithmic scale
 * @property {"head" | "layer" | "all"} scope whose measures the ladder shows
 * @property {"all" | "content"} tokens over which tokens they are taken
 * @property {"out" | "in"} direction of the sentence: whom a word listens to, or who listens to it
 * @property {"head" | "layer" | "all"} whose attention the sentence shows: the head's, or a mean
 * @property {boolean} pieces true where the sentence stands in tokens, not words
 * @property {number | null} compared token of the word that is compared with the pinned one
 * @property {string} measure which measure the chart over the rungs shows
 * @property {"place" | "contribution"} dimensions the order in which those of q and k stand
 * @property {number | null} dimension the one that is pointed at; null for that of the largest product
 * @property {"place" | "entropy" | "distance" | "label" | "agreement"} order how the heads are sorted
 * @property {"none" | "entropy" | "distance" | "agreement"} tone what their bands are coloured by
 * @property {string | null} label the label that stands out, "none" for heads without one, null for all
 * @property {"matrices" | "lines"} glance how each of them is drawn
 */

/**
 * @param {State} initial
 * @param {(changes: Partial<State>, before: State) => Partial<State>} [settle] what else has to change with them
 */
export function createStore(initial, settle = (changes) => changes) {
  let state = Object.freeze({ ...initial });
  /** @type {{keys: string[], listener: (state: State) => void}[]} */
  const subscriptions = [];
  return {
    /** @returns {State} */
    get: () => state,

    /**
     * Change some of it; only the views that look at what changed hear of it.
     * @param {Partial<State>} asked
     */
    set(asked) {
      const changes = settle(asked, state);
      const changed = Object.keys(changes).filter((key) => changes[key] !== state[key]);
      if (!changed.length) return;
      state = Object.freeze({ ...state, ...changes });
      for (const { keys, listener } of subscriptions) {
        if (keys.some((key) => changed.includes(key))) listener(state);
      }
    },

    /**
     * @param {string[]} keys
     * @param {(state: State) => void} listener called now and on every change of these
     */
    watch(keys, listener) {
      subscriptions.push({ keys, listener });
      listener(state);
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */
