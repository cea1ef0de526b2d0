/**
 * The mix: whose traits a word comes away with, in the classroom and in the real head.
 */

import { asRow } from "../selection.js";
import { LEVELS, closeness } from "../../attention/closeness.js";
import { byId, el, word } from "../../shared/dom.js";
import { counted, percent } from "../../shared/format.js";
import { shares } from "../../attention/maths.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */

const MOST_SHOWN = 10;
/** How many words of one level a sentence names. */
const MOST_NAMED = 3;
/** Attention and what it moved are worth a sentence when they are this far apart. */
const WORTH_SAYING = 0.1;

/**
 * @param {ReportData} data
 * @param {Store} store
 */
export function showMix(data, store) {
  const body = byId("mix-rows"), says = byId("mix-says");
  const table = /** @type {HTMLElement} */ (body.parentElement);
  store.watch(["layer", "head", "pinned", "direction"], (state) => {
    const { layer, head } = state, pinned = asRow(data, state, state.pinned);
    const { cols, site, layer: number } = data.sites[layer], sides = data.sides(layer), { names } = sides.cols;
    // Between two texts nobody takes from itself.
    const self = sides.rows === sides.cols ? pinned : -1, asker = pinned == null ? "" : sides.rows.names[pinned];
    byId("mix-head").textContent = `${site === "self" ? "Layer" : `${site[0].toUpperCase()}${site.slice(1)} layer`} ${number}, head ${head}`;
    if (pinned == null) {
      says.textContent = `Click a word ${sides.rows.name ? `of the ${sides.rows.name}` : "in the sentence"} to see what it is mixed from.`;
      body.replaceChildren();
      return;
    }
    const { classroom, signs, real, heard } = mixOf(data, layer, head, pinned);
    table.hidden = !classroom && !real;
    if (table.hidden) {
      says.textContent = "It cannot be shown here: without a rebuild from the weights it is not known how much each word moves.";
      return;
    }
    const visible = data.visible(layer);
    const levels = real && closeness(real, self, visible && ((j) => visible(pinned, j)));
    const size = (j) => Math.max(classroom?.[j] ?? 0, real?.[j] ?? 0, heard[j]);
    const order = Array.from({ length: cols }, (_, j) => j).sort((a, b) => size(b) - size(a));
    const shown = order.slice(0, MOST_SHOWN).sort((a, b) => (real ?? classroom)[b] - (real ?? classroom)[a]);
    const rest = order.slice(MOST_SHOWN);
    const sum = (values) => rest.reduce((total, j) => total + values[j], 0);
    const which = (j) => (names.indexOf(names[j]) === names.lastIndexOf(names[j]) ? null : el("span", { class: "hint" }, ` (token ${j})`));
    says.replaceChildren(...(levels ? [...taken(levels, real, self, names, asker), ...gap(real, heard, self, names)] : []),
      ...(classroom ? [] : [" The classroom’s side is not shown: for a text this long the page does not carry every interaction."]),
      ...(real ? [] : [" The head’s side is not shown: without a rebuild from the weights it is not known how much each token moves."]));
    const row = (j) => mixRow([word(names[j], "clip"), j === self ? el("span", { class: "hint" }, " (itself)") : which(j) ?? ""],
      classroom?.[j], signs?.[j] < 0, real?.[j], real && heard[j]);
    // Itself first, then from the closest on; what may not be heard, or has no level, last.
    const groups = levels ? [[null, shown.filter((j) => j === self)],
      ...LEVELS.map((level) => [level, shown.filter((j) => levels[j] === level)]),
      ["not heard", shown.filter((j) => j !== self && !levels[j])]] : [[null, shown]];
    const kinds = levels && LEVELS.map((level) => [level, rest.filter((j) => levels[j] === level).length])
      .flatMap(([level, n]) => (n ? [`${n} ${level}`] : []));
    body.replaceChildren(...groups.filter(([, members]) => members.length).flatMap(([level, members]) => [
      ...(level ? [el("tr", { class: "level", "data-level": level }, el("th", { colspan: 3, scope: "rowgroup" }, level))] : []),
      ...members.map(row)]),
    ...(rest.length ? [mixRow([el("em", {}, counted(rest.length, "other")), ...(kinds?.length ? [" ", el("span", { class: "hint" }, kinds.join(", "))] : [])],
      classroom && sum(classroom), false, real && sum(real), real && sum(heard), "rest")] : []));
  });
}

/**
 * @param {ReportData} data
 * @param {number} n
 * @param {number} head
 * @param {number} i
 */
function mixOf(data, n, head, i) {
  const R = data.interactions(n), moved = data.moved(n, head), norms = data.norms(n);
  const signs = R && R.data.subarray(i * R.cols, (i + 1) * R.cols);
  const A = data.shown(n, head);
  return {
    signs,
    heard: A.data.subarray(i * A.cols, (i + 1) * A.cols),
    classroom: signs && shares(signs.map((r, j) => Math.abs(r) * norms[j])),
    real: moved && shares(A.data.subarray(i * A.cols, (i + 1) * A.cols).map((a, j) => a * moved[j])),
  };
}

/**
 * Whom a word takes from, in a sentence.
 * @param {(string | null)[]} levels
 * @param {number[]} real
 * @param {number} self
 * @param {string[]} names
 * @param {string} asker
 * @returns {(Node | string)[]}
 */
function taken(levels, real, self, names, asker) {
  const me = ["“", word(asker, "clip"), "”"];
  const of = (level) => Array.from(levels.keys()).filter((j) => levels[j] === level).sort((a, b) => real[b] - real[a]);
  const [close, formal, hardly] = LEVELS.map(of);
  const list = (members) => {
    const named = members.slice(0, MOST_NAMED), more = members.length - named.length;
    return [...named.flatMap((j, i) => [i ? (i === named.length - 1 && !more ? " and " : ", ") : "", "“", word(names[j], "clip"), "”"]),
      ...(more ? [` and ${more} more`] : [])];
  };
  if (!close.length && !formal.length) return ["In this head ", ...me, " takes nothing from others."];
  return ["In this head ", ...me, ...(close.length ? [" takes most from ", ...list(close)] : [" is close to nobody"]),
    ...(formal.length ? [close.length ? ", something from " : " and takes something from ", ...list(formal)] : []),
    hardly.length ? `, and hardly anything from ${counted(hardly.length, "other")}. ` : ". ",
    self < 0 ? "" : `${percent(real[self])} of what it takes is its own.`];
}

/**
 * The word whose attention says least about what it moved, where that is worth a sentence.
 * @param {number[]} real
 * @param {ArrayLike<number>} heard
 * @param {number} self
 * @param {string[]} names
 */
function gap(real, heard, self, names) {
  const apart = (j) => Math.abs(heard[j] - real[j]);
  const at = real.reduce((best, _, j) => (apart(j) > apart(best) ? j : best), 0);
  if (apart(at) < WORTH_SAYING) return [];
  return [" ", ...(at === self ? ["Itself"] : ["“", word(names[at], "clip"), "”"]), ` it hears with ${percent(heard[at])} of its attention, but `,
    heard[at] > real[at] ? "only " : "", `${percent(real[at])} of what moves comes from there.`];
}

/**
 * @param {(Node | string)[]} name
 * @param {number | null | undefined} classroom
 * @param {boolean} negative
 * @param {number | null | undefined} real
 * @param {number | null} [heard] attention alone
 * @param {string} [className]
 */
function mixRow(name, classroom, negative, real, heard, className) {
  const amount = (value, text, sign, kind = "value") => {
    const fill = el("span", { class: sign ? "fill negative" : "fill" });
    fill.style.width = `${value * 100}%`;
    return [el("span", { class: "bar", "aria-hidden": "true" }, fill), el("span", { class: kind }, `${text}${percent(value)}`)];
  };
  const cell = (value, kind, sign, also) => el("td", { class: `mix-${kind}` }, ...(value == null ? ["–"]
    : [...amount(value, sign ? "against: " : "", sign), also ?? ""]));
  return el("tr", { class: className }, cell(classroom, "classroom", negative, null), el("th", { scope: "row" }, ...name),
    cell(real, "real", false, heard == null ? null : el("span", { class: "heard" }, ...amount(heard, "heard ", false, "value-heard"))));
}
