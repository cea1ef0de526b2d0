/**
 * What can be chosen on a report, and what it shows first.
 */

import { restsOnFirst } from "./aside.js";
import { isFoldable } from "./charts/layer_rows.js";
import { cellOfPinned, firstWord, usualTone } from "./selection.js";

/** @typedef {import("./data.js").ReportData} ReportData */
/** @typedef {import("../attention/heads_order.js").Statistic} Statistic */

/**
 * @typedef {object} State
 * @property {number} index which of the header's layers
 * @property {number} head
 * @property {number | null} pinned token whose attention is shown until another is pinned; between two texts a query, or,
 *   where direction is "in", a key
 * @property {boolean} own true where that word was pinned by hand: then another one is asked about together with it
 * @property {number | null} hovered token under the pointer or the keyboard
 * @property {[number, number] | null} peek layer index and head under the pointer: the words show it, and it is not chosen
 * @property {[number, number] | null} cell row and column under the cursor of the matrices
 * @property {string} rung name of the chosen rung
 * @property {string} between of a pair or a chat: one of what betweenOf gives
 * @property {import("../attention/window.js").Window | null} zoom part of the head's matrix that is looked at, in positions
 *   of tokens; null for all of it
 * @property {"matrix" | "lines"} shape how the head is drawn
 * @property {boolean} sink true while the keys that attention rests on are set aside
 * @property {boolean} log true for colours on a logarithmic scale
 * @property {"head" | "layer" | "all"} scope whose measures the ladder shows
 * @property {"all" | "content"} tokens over which tokens they are taken
 * @property {"out" | "in" | "does"} direction of the sentence: the attention that a word gives, or that it receives; or what
 *   becomes of the answer without it, and then a word is asked about as for "out"
 * @property {"head" | "layer" | "all"} whose attention the sentence shows: the head's, or an average
 * @property {boolean} subwords true where the sentence stands in tokens, not words
 * @property {number | null} compared token of the second word, that is asked about together with the pinned one
 * @property {"link" | "contrast"} together what is asked about the two: which heads link them, or how their attention differs
 * @property {string} measure which measure the chart over the rungs shows
 * @property {"index" | "contribution"} dimensions the order in which those of q and k stand
 * @property {number | null} dimension the one that is pointed at; null for that of the largest product
 * @property {Statistic | "link" | "index" | "label"} order how the heads are sorted
 * @property {Statistic | "link" | "none"} tone what their bands are coloured by
 * @property {Statistic} across what the heads are set out by from left to right
 * @property {Statistic} upward and from below
 * @property {string} telling name of the chosen rung of the second ladder
 * @property {boolean} folded whether layers of many heads are folded, but for the chosen one
 * @property {string} label the label that stands out, "none" for heads without one, empty for all
 * @property {"matrices" | "lines"} glance how each of them is drawn
 * @property {number[] | number | null} beside other heads whose lines are drawn with the chosen one's, by their place in the run
 * @property {boolean} projected whether the page fills a wall
 */
/** @typedef {import("../shared/store.js").Store<State>} Store */

/**
 * The first thing to look at: the strongest link between two words, if there is one, and between two texts if
 * there are two.
 * @param {ReportData} data
 * @returns {State}
 */
export function firstView(data) {
  const { links, asked } = data.header,
    link = asked ?? links.find(({ site }) => site === "cross") ?? links[0];
  const { rows, cols } = data.sides(0);
  /** @type {State} */
  const state = {
    index: link ? data.indexOf(link.site, link.layer) : 0,
    head: link ? link.head : 0,
    pinned: link ? link.source_token : firstWord(rows),
    own: false,
    hovered: null,
    peek: null,
    cell: link ? [link.source_token, link.target_token] : [firstWord(rows), firstWord(cols)],
    rung: "classroom",
    between: "all",
    zoom: null,
    shape: "matrix",
    sink: restsOnFirst(data),
    log: false,
    scope: "head",
    tokens: "all",
    direction: "out",
    whose: "head",
    subwords: data.header.subwords,
    compared: asked ? asked.target_token : null,
    together: "link",
    measure: "jsd_bits",
    dimensions: "index",
    dimension: null,
    order: "index",
    tone: asked ? "link" : usualTone(data),
    folded: isFoldable(data),
    label: "",
    glance: "matrices",
    beside: null,
    projected: false,
    across: "words",
    upward: "effect",
    telling: "all_layers",
  };
  return link ? state : { ...state, cell: cellOfPinned(data, state) };
}
