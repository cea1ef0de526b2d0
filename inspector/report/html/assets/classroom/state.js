/**
 * What can be changed in the classroom: the class itself, whom one points at, and the three words.
 */

import { study } from "./study.js";

/** @typedef {import("./study.js").Table} Table */
/** @typedef {import("./data.js").ClassroomData} ClassroomData */
/** @typedef {import("./data.js").Cards} Cards */

/**
 * @typedef {object} State
 * @property {string[]} students
 * @property {string[]} traits
 * @property {Table} table
 * @property {import("./study.js").Study} studied what follows from the table
 * @property {[number, number]} pair the cell of R that is unfolded
 * @property {"softmax" | "scaled" | "learned"} step rung of the three words
 * @property {Cards} states
 * @property {Cards} learned
 * @property {[number, number]} wordPair
 */
/** @typedef {import("../shared/store.js").Store<State>} Store */

/**
 * @param {ClassroomData} data
 * @param {import("./data.js").Class} [chosen]
 * @returns {State}
 */
export function firstView(data, chosen = data.first) {
  const nothing = { asks: [], offers: [], shown: [] };
  const studied = study(chosen.table);
  return {
    ...chosen,
    studied,
    pair: [0, mateOf(studied, 0)],
    step: "softmax",
    states: data.words?.states ?? nothing,
    learned: data.words?.learned ?? nothing,
    // The first of the words is who asks: what “it” is about.
    wordPair: [0, 1],
  };
}

/**
 * The classmate with whom a student interacts most.
 * @param {import("./study.js").Study} studied
 * @param {number} i
 */
export const mateOf = ({ R }, i) =>
  R[i].reduce((most, score, j) => (j !== i && (most < 0 || score > R[i][most]) ? j : most), -1);

/**
 * Changes of the class, with all that follows from it.
 * @param {Partial<State>} changes
 * @param {Readonly<State>} before
 * @returns {Partial<State>}
 */
export function settled(changes, before) {
  if (!changes.table || changes.table === before.table) return changes;
  const studied = study(changes.table),
    pair = changes.pair ?? before.pair;
  const fits = pair.every((at) => at < studied.Q.length);
  return { ...changes, studied, pair: fits ? pair : [0, mateOf(studied, 0)] };
}
