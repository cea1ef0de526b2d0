/**
 * The class that a page came with, within which bounds it may be changed, and the three words.
 */

import { joinPlanes } from "../shared/numbers.js";
import { strongest } from "./study.js";

/** @typedef {import("./study.js").Table} Table */
/** @typedef {{students: string[], traits: string[], table: Table}} Class */

/**
 * What the three words bring: their cards as such, or what a head's queries ask for and its keys offer.
 * @typedef {{asks: Table, offers: Table, shown: number[]}} Cards shown are the dimensions told one by one
 */

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

export class ClassroomData {
  /**
   * @param {import("../payload.js").ClassroomHeader} header
   * @param {Map<string, Uint8Array<ArrayBuffer>>} planes
   */
  constructor(header, planes) {
    /** @type {Class} */
    this.first = { students: header.students, traits: header.traits, table: header.table };
    this.limits = limitsOf(this.first);
    this.header = header;
    /** What the words bring, null on a page without them. @type {{states: Cards, learned: Cards} | null} */
    this.words = null;
    if (!header.words) return;
    const [states, asks, offers] = ["states", "query", "key"].map((name) => {
      const entry = header.blobs[name],
        [rows, wide] = entry.shape;
      const numbers = Array.from(joinPlanes(/** @type {Uint8Array<ArrayBuffer>} */ (planes.get(name)), entry));
      return Array.from({ length: rows }, (_, i) => numbers.slice(i * wide, (i + 1) * wide));
    });
    this.words = {
      states: { asks: states, offers: states, shown: strongest(states, states, SHOWN) },
      learned: { asks, offers, shown: strongest(asks, offers, SHOWN) },
    };
  }
}
