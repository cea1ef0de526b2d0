/**
 * What can be changed in the classroom: the class itself, whom one points at, and the three words.
 */

import { strongest, study } from "./study.js";

/** @typedef {import("./study.js").Table} Table */
/** @typedef {{students: string[], traits: string[], table: Table}} Class */
/** @typedef {import("../payload.js").ClassroomHeader} Header */

/**
 * What the three words bring: their cards as such, or what a head's queries ask for and its keys offer.
 * @typedef {{asks: Table, offers: Table, shown: number[]}} Cards shown are the dimensions told one by one
 */

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

/** A class of more is shown as it is, and not changed on the page. */
export const LARGEST = 24;
/** So many may be added to a smaller one. */
const ROOM = 12;
/** Dimensions of the words that are told one by one. */
const SHOWN = 6;

/**
 * Within what a class of this page may be changed: what the page came with is always allowed.
 * @param {Class} first
 */
export function limitsOf({ students, traits, table }) {
  return {
    students: Math.max(ROOM, students.length),
    traits: Math.max(ROOM, traits.length),
    mark: Math.max(1000, ...table.flat().map(Math.abs)),
    name: Math.max(40, ...[...students, ...traits].map((name) => Array.from(name).length)),
  };
}
/** @typedef {ReturnType<typeof limitsOf>} Limits */

/** The fewest of each: an interaction takes two. */
export const FEWEST = { students: 2, traits: 1 };

export class ClassroomData {
  /**
   * @param {Header} header
   * @param {(name: string) => Table | null} rows those of a blob
   */
  constructor(header, rows) {
    this.header = header;
    /** @type {Class} */
    this.first = { students: header.students, traits: header.traits, table: header.table };
    this.limits = limitsOf(this.first);
    /** What the words bring, null on a page without them. @type {{states: Cards, learned: Cards} | null} */
    this.words = null;
    const states = rows("states"),
      asks = rows("query"),
      offers = rows("key");
    if (header.words && states && asks && offers) {
      this.words = {
        states: { asks: states, offers: states, shown: strongest(states, states, SHOWN) },
        learned: { asks, offers, shown: strongest(asks, offers, SHOWN) },
      };
    }
  }
}

/**
 * @param {ClassroomData} data
 * @param {Class} [chosen]
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
export const mateOf = ({ R }, i) => R[i].reduce((most, score, j) => (j !== i && (most < 0 || score > R[i][most]) ? j : most), -1);

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

/**
 * Why a name cannot be had; empty where it can.
 * @param {string} name
 * @param {string[]} others
 * @param {Limits} limits
 */
export function refusedName(name, others, limits) {
  if (!name.trim()) return "a name cannot be empty";
  if (Array.from(name).length > limits.name) return `a name has at most ${limits.name} characters`;
  return others.includes(name) ? "there is one of that name already" : "";
}

/**
 * @param {number} mark
 * @param {Limits} limits
 */
export const isMark = (mark, limits) => Number.isFinite(mark) && Math.abs(mark) <= limits.mark;
