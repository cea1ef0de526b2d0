/**
 * One head as lines: from each word that listens to the words that it listens to, stronger for more.
 */

import { css, currentRamp } from "../../shared/colour.js";
import { el, rovingTabStop, word } from "../../shared/dom.js";
import { counted, fixed, percent } from "../../shared/format.js";
import { scaleOf } from "../../attention/maths.js";
import { currentLook } from "../../shared/matrix_paint.js";

/** @typedef {import("../../attention/maths.js").Matrix} Matrix */
/** @typedef {{rows: number[], cols: number[], lines: [number, number, number][], left: number, rest: number}} Lines */

/** Up to so many words on each side all of them are drawn; beyond, one word and its strongest keys. */
const MOST_WORDS = 48, MOST_KEYS = 24;
const MOST_LINES = 400;
/** Height of a word in CSS pixels; report.css has the same. */
export const WORD = 22;
/** Step of the ramp that lines are drawn in. */
export const INK = 204;

/**
 * Which words and which lines there is room for.
 * @param {Matrix} matrix NaN where there is no number
 * @param {import("../../attention/maths.js").Window} window
 * @param {number | null} focus the row to draw where there is no room for all
 * @returns {Lines} lines from the strongest on; how many are left out, and their share of the whole
 */
export function linesOf({ cols: width, data }, [row, col, high, wide], focus) {
  const from = (start, n) => Array.from({ length: n }, (_, i) => start + i);
  let rows = from(row, high), cols = from(col, wide);
  const at = (i, j) => data[i * width + j] || 0;
  const total = (is, js) => is.reduce((sum, i) => js.reduce((all, j) => all + at(i, j), sum), 0);
  const alone = high > MOST_WORDS || wide > MOST_WORDS;
  if (alone) rows = [focus != null && focus >= row && focus < row + high ? focus : row];
  const pairs = rows.flatMap((i) => cols.filter((j) => at(i, j) > 0).map((j) => /** @type {[number, number, number]} */ ([i, j, at(i, j)])));
  const lines = pairs.sort((a, b) => b[2] - a[2]).slice(0, alone ? MOST_KEYS : MOST_LINES);
  const all = total(rows, cols), drawn = lines.reduce((sum, line) => sum + line[2], 0);
  if (alone) cols = lines.map((line) => line[1]).sort((a, b) => a - b);
  return { rows, cols, lines, left: pairs.length - lines.length, rest: all > 0 ? Math.max(0, 1 - drawn / all) : 0 };
}

/**
 * Where a word's lines begin; the shorter side stands in the middle of the longer.
 * @param {number[][]} sides the words that listen, and those that are listened to
 * @param {number} which
 * @param {number} place
 */
export function heightOf(sides, which, place) {
  const most = Math.max(...sides.map((side) => side.length));
  return ((most - sides[which].length) / 2 + sides[which].indexOf(place) + 0.5) * WORD;
}

/**
 * A line's path from one side to the other.
 * @param {number} left
 * @param {number} from
 * @param {number} right
 * @param {number} to
 */
export const lineEnds = (left, from, right, to) => `M${left} ${from}C${(left + right) / 2} ${from} ${(left + right) / 2} ${to} ${right} ${to}`;

/**
 * What is said under the lines.
 * @param {Lines} lines
 * @param {{window: import("../../attention/maths.js").Window, high: number, log: boolean, rowName: (i: number) => string}} drawing
 * @returns {string[]}
 */
export function toldOf({ rows, lines, left, rest }, { window: part, high, log, rowName }) {
  const out = left ? `; ${left} weaker ones left out, with ${percent(rest)} of the attention` : "";
  return [
    ...(part[2] === rows.length ? [] : [`Too many words for all their lines: these are “${rowName(rows[0])}” and what it listens to most.`]),
    `${counted(lines.length, "line")} drawn${out}.`,
    `A full line is ${fixed(high)}${log ? ", on a logarithmic scale from 0.0001" : ", a line half as strong is half as clear"}.`,
  ];
}

/**
 * @typedef {object} LinesDrawing
 * @property {Matrix} matrix
 * @property {import("../../attention/maths.js").Window} window
 * @property {number | null} focus row whose lines stand out, and which is drawn alone in a long text
 * @property {[number, number]} cell
 * @property {boolean} pointed true while focus is under the pointer or the keyboard
 * @property {(i: number) => string} rowName
 * @property {(j: number) => string} colName
 * @property {number} high
 * @property {boolean} log
 * @property {string} title
 * @property {string} note
 */

/**
 * @param {{onRow: (row: number | null) => void, onCol: (col: number) => void, onPick: (row: number) => void}} actions
 */
export function createLines({ onRow, onCol, onPick }) {
  const sides = ["that listen", "that are listened to"].map((name) =>
    el("div", { class: "lines-words", role: "group", "aria-label": `Words ${name}; arrow keys move` }));
  const canvas = el("canvas", { "aria-hidden": "true" });
  const middle = el("div", { class: "lines-middle" }, canvas);
  const heading = el("p", { class: "matrix-title" }), note = el("p", { class: "note" }), told = el("p", { class: "note", role: "status" });
  const element = el("figure", { class: "lines" }, el("figcaption", {}, heading, note),
    el("div", { class: "lines-field" }, sides[0], middle, sides[1]), told);

  /** @type {LinesDrawing | null} */
  let drawing = null;
  /** @type {Lines} */
  let shown = { rows: [], cols: [], lines: [], left: 0, rest: 0 };
  /** @type {number | null} the column under the pointer or the keyboard */
  let column = null;
  let width = 0, listed = "";

  const places = () => [shown.rows, shown.cols];
  sides.forEach((side, which) => {
    const buttons = () => /** @type {HTMLElement[]} */ ([...side.children]);
    const placeOf = (event) => places()[which][buttons().indexOf(event.target.closest("button"))];
    const point = (event) => {
      const place = placeOf(event);
      if (place === undefined) return;
      column = which ? place : null;
      if (which) { onCol(place); mark(); } else onRow(place);
    };
    const leave = () => {
      column = null;
      if (which) mark(); else onRow(null);
    };
    side.addEventListener("pointerover", point);
    side.addEventListener("focusin", point);
    side.addEventListener("pointerleave", leave);
    side.addEventListener("focusout", leave);
    side.addEventListener("click", (event) => {
      const place = placeOf(event);
      if (place !== undefined && !which) onPick(place);
    });
    rovingTabStop(side, buttons, (at, key) => ({ ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: side.children.length - 1 })[key] ?? null);
  });

  const height = (which, place) => heightOf(places(), which, place);

  /** The words, when they are others than before. */
  function list() {
    const { rowName, colName } = drawing;
    const names = [shown.rows.map(rowName), shown.cols.map(colName)], now = JSON.stringify([shown.rows, shown.cols, names]);
    if (now === listed) return;
    listed = now;
    sides.forEach((side, which) => side.replaceChildren(...names[which].map((name, i) =>
      el("button", { type: "button", tabindex: i ? "-1" : "0", "aria-pressed": which ? null : "false" },
        word(name, "clip"), el("span", { class: "value" })))));
  }

  /** The lines, and beside the words how much they share with the one pointed at. */
  function mark() {
    if (!drawing) return;
    const { matrix, focus, cell, pointed, high, log } = drawing;
    const row = shown.rows.includes(focus) ? focus : null;
    const weight = (i, j) => {
      const value = matrix.data[i * matrix.cols + j];
      return Number.isNaN(value) ? "–" : fixed(value);
    };
    [...sides[0].children].forEach((button, i) => {
      const place = shown.rows[i];
      button.setAttribute("aria-pressed", String(place === focus));
      button.classList.toggle("source", column == null ? place === row : place === cell[0]);
      button.lastChild.textContent = column == null ? "" : weight(place, column);
    });
    [...sides[1].children].forEach((button, j) => {
      button.classList.toggle("source", shown.cols[j] === column);
      button.lastChild.textContent = row == null || column != null ? "" : weight(row, shown.cols[j]);
    });
    if (!width) return;
    const context = canvas.getContext("2d"), dpr = window.devicePixelRatio || 1;
    const tall = Math.max(shown.rows.length, shown.cols.length) * WORD;
    canvas.width = width * dpr;
    canvas.height = tall * dpr;
    canvas.style.height = `${tall}px`;
    context.scale(dpr, dpr);
    context.lineWidth = 2;
    const strength = scaleOf(0, high, log), ink = css(currentRamp("amount"), INK), { second } = currentLook();
    // The weakest first, so that no strong line is under them.
    for (const [i, j, value] of [...shown.lines].reverse()) {
      const meant = column == null ? i === row : j === column;
      context.strokeStyle = meant ? second : ink;
      context.globalAlpha = (strength(value) / 255) * (meant || !(pointed || column != null) ? 1 : 0.15);
      context.stroke(new Path2D(lineEnds(0, height(0, i), width, height(1, j))));
    }
  }

  new ResizeObserver(([entry]) => {
    width = Math.floor(entry.contentRect.width);
    mark();
  }).observe(middle);
  document.documentElement.addEventListener("themechange", mark);

  return {
    element,
    /** @param {LinesDrawing} next */
    draw(next) {
      drawing = next;
      const { matrix, window: part, focus } = next;
      heading.textContent = next.title;
      note.textContent = next.note;
      shown = linesOf(matrix, part, focus);
      if (column != null && !shown.cols.includes(column)) column = null;
      list();
      mark();
      const said = toldOf(shown, next);
      if (part[2] !== shown.rows.length) said.splice(1, 0, "Point at another word of the sentence, or look closer with +.");
      told.textContent = said.join(" ");
    },
  };
}
