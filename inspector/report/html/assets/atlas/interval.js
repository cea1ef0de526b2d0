/**
 * A number as a bar with its interval and its chance level, one element that the style sheet draws.
 */

import { el } from "../shared/dom.js";
import { fixed } from "../shared/format.js";

/** @typedef {import("./data.js").Entry} Entry */

/**
 * @param {Entry} entry
 * @param {{low: number, high: number}} scale its two ends
 * @returns {HTMLElement}
 */
export function intervalBar(entry, scale) {
  const bar = el("span", { class: "mini", "aria-hidden": "true" });
  /** @param {number} value */
  const offset = (value) => `${Math.max(0, Math.min(100, ((value - scale.low) / (scale.high - scale.low)) * 100))}%`;
  // What is not there is drawn outside, where nothing is seen.
  /** @param {string} name @param {number} value */
  const at = (name, value) => bar.style.setProperty(name, Number.isNaN(value) ? "-9%" : offset(value));
  at("--from", Math.max(scale.low, Math.min(0, scale.high)));
  at("--value", entry.value);
  at("--low", entry.low);
  at("--high", entry.high);
  at("--null", entry.null);
  return bar;
}

/**
 * Ends of a scale that hold every number of these entries.
 * @param {Entry[]} entries
 */
export function endsOf(entries) {
  const all = entries
    .flatMap(({ value, low, high, null: chance }) => [value, low, high, chance])
    .filter((v) => !Number.isNaN(v));
  return { low: Math.min(0, ...all), high: Math.max(...all, 1e-9) };
}

/**
 * The same in words: “0.912 (0.905–0.919), by chance 0.051”.
 * @param {Entry} entry
 * @param {string} [unit]
 */
export function entryWords(entry, unit = "") {
  if (Number.isNaN(entry.value)) return "not measured";
  const interval = Number.isNaN(entry.low) ? "" : `, 95 % interval ${fixed(entry.low)} to ${fixed(entry.high)}`;
  const chance = Number.isNaN(entry.null) ? "" : `, by chance ${fixed(entry.null)}`;
  return `${fixed(entry.value)}${unit && ` ${unit}`}${interval}${chance}`;
}
