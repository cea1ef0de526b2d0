/**
 * Numbers and sentences of the classroom, as Python writes them on the page that has no script.
 */

import { percent } from "../shared/format.js";
import { classmates, distance, profiles } from "./study.js";

/** From this share on a row listens almost only to itself. */
const ALONE = 0.9;

/**
 * A number with a real minus sign, never “−0”, halves rounded to even as Python rounds them.
 * @param {number} value
 * @param {number} [places]
 * @param {boolean} [whole] whether zeros at its end stay
 */
export function written(value, places = 2, whole = false) {
  const unit = 10 ** places,
    times = value * unit;
  // Only what has few bits can lie exactly between two.
  const between =
    Number.isInteger(value * 2 ** (places + 1)) && !Number.isInteger(times) && Number.isInteger(2 * times);
  const nearest = between ? 2 * Math.round(times / 2) : times;
  const text = (between ? nearest / unit : value).toFixed(places);
  const short = whole || !places ? text : text.replace(/\.?0+$/, "");
  return Number(short) === 0 ? short.replace("-", "") : short.replace("-", "−");
}

/**
 * Whether the class grew more alike.
 * @param {import("./study.js").Table} before
 * @param {import("./study.js").Table} after
 */
export function alikeWords(before, after) {
  const [was, is] = [before, after].map((table) => distance(profiles(table)));
  if (Number.isNaN(was) || Number.isNaN(is)) {
    return "Fewer than two rows have a profile, so there is nothing to compare.";
  }
  const [old, now] = [was, is].map((value) => `${written(100 * value, 0)} %`);
  const said = `Two profiles differ by ${old} on average before and by ${now} after`;
  return old === now ? `${said}.` : `${said}: the class grew ${is < was ? "more" : "less"} alike.`;
}

/**
 * Who listens to whom, as the weights say it.
 * @param {import("./study.js").Table} A rows of weights that add up to 1
 * @param {string[]} names
 * @returns {{alone: boolean, text: string}}
 */
export function listeningWords(A, names) {
  const kept = A.map((row, i) => row[i]),
    least = Math.min(...kept),
    most = Math.max(...kept);
  if (least >= ALONE) {
    const range = percent(least) === percent(most) ? percent(least) : `${percent(least)} to ${percent(most)}`;
    return {
      alone: true,
      text: `Each listens almost only to itself (${range}): a vector is most like itself.`,
    };
  }
  const said = names.map((name, i) => {
    const [first] = classmates(A, i),
      to = A[i][first] > A[i][i] ? `“${names[first]}”` : "itself";
    return `“${name}” most to ${to} (${percent(Math.max(A[i][first], A[i][i]))})`;
  });
  return { alone: false, text: `Now they listen: ${said.join(", ")}.` };
}
