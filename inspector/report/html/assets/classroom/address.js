/**
 * The class in the page's address: names and marks, nothing where it is the page's own.
 */

import { FEWEST, isMark, refusedName } from "./data.js";

/** @typedef {import("./data.js").Class} Class */
/** @typedef {import("./data.js").Limits} Limits */

/** No class that fits the page needs a longer address. */
const LONGEST = 20_000;
const KEYS = ["students", "traits", "marks"];

/** @param {string[]} names each by itself, so that a comma in one is none between two */
const listed = (names) => names.map(encodeURIComponent).join(",");

/**
 * @param {Class} chosen
 * @param {Class} first the page's own
 * @returns {string} without the #; empty for the page's own class
 */
export function hashOf(chosen, first) {
  const [now, usual] = [chosen, first].map(
    ({ students, traits, table }) =>
      `students=${listed(students)}&traits=${listed(traits)}&marks=${table.map((row) => row.join(",")).join(";")}`,
  );
  return now === usual ? "" : now;
}

/**
 * The class that an address names, or why there is none that this page can show.
 * @param {string} hash
 * @param {Limits} limits
 * @returns {Class | string}
 */
export function classOf(hash, limits) {
  const text = hash.replace(/^#/, "");
  if (text.length > LONGEST) return `it is longer than ${LONGEST} characters`;
  /** @type {Record<string, string>} */
  const given = {};
  for (const part of text.split("&")) {
    const key = part.slice(0, part.indexOf("="));
    if (!KEYS.includes(key)) return "it names something that a class does not have";
    if (Object.hasOwn(given, key)) return `it names its ${key} twice`;
    given[key] = part.slice(key.length + 1);
  }
  const missing = KEYS.find((key) => !Object.hasOwn(given, key));
  if (missing) return `it does not name the ${missing}`;
  /** @type {string[][]} */
  let names;
  try {
    names = ["students", "traits"].map((key) => given[key].split(",").map(decodeURIComponent));
  } catch {
    return "a name in it is garbled";
  }
  const [students, traits] = names;
  for (const [kind, its] of /** @type {["students" | "traits", string[]][]} */ (Object.entries({ students, traits }))) {
    if (its.length < FEWEST[kind] || its.length > limits[kind]) {
      return `it has ${its.length} ${kind}, and this page shows ${FEWEST[kind]} to ${limits[kind]}`;
    }
    for (const [at, name] of its.entries()) {
      const why = refusedName(name, its.slice(0, at), limits);
      if (why) return `of its ${kind}, number ${at + 1} will not do: ${why}`;
    }
  }
  const table = given.marks.split(";").map((row) => row.split(",").map((mark) => (mark.trim() ? Number(mark) : NaN)));
  if (table.length !== students.length || table.some((row) => row.length !== traits.length)) {
    return "its marks do not fit its students and traits";
  }
  if (!table.flat().every((mark) => isMark(mark, limits))) {
    return `a mark in it is no number from −${limits.mark} to ${limits.mark}`;
  }
  return { students, traits, table };
}
