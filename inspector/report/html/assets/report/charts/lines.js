/**
 * One head as lines: from each word to the words that it attends to, stronger for more.
 */

import { heightOf, INK, lineEnds, linesOfSeveral, toldOf, WORD } from "../../attention/lines.js";
import { scaleOf } from "../../attention/window.js";
import { css, currentRamp } from "../../shared/colour.js";
import { rovingTabStop, target } from "../../shared/controls.js";
import { el, word } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";
import { currentLook } from "../../shared/matrix_paint.js";
import { contextOf } from "../../shared/pixels.js";

/** @typedef {import("../../attention/maths.js").Matrix} Matrix */

/** A colour for each head where there are several, told apart by everybody (Okabe & Ito 2008), and how it is dashed. */
export const OF_HEADS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
export const DASHES = [[], [8, 4], [2, 4], [12, 4, 2, 4], [5, 5], [14, 5]];

/**
 * @typedef {object} LinesDrawing
 * @property {Matrix} matrix
 * @property {Matrix[]} beside those of other heads between the same words, drawn in colours of their own
 * @property {import("../../attention/window.js").Window} window
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
 * @param {import("../../shared/view.js").View<any>} view
 * @param {{onRow: (row: number | null) => void, onCol: (col: number) => void, onPick: (row: number) => void}} actions
 */
export function createLines(view, { onRow, onCol, onPick }) {
  const sides = ["that attend", "that are attended to"].map((name) =>
    el("div", { class: "lines-words", role: "group", "aria-label": `Words ${name}; arrow keys move` }),
  );
  const canvas = el("canvas", { "aria-hidden": "true" });
  const middle = el("div", { class: "lines-middle" }, canvas);
  const heading = el("p", { class: "matrix-title" }),
    note = el("p", { class: "note" }),
    told = el("p", { class: "note", role: "status" });
  const element = el(
    "figure",
    { class: "lines" },
    el("figcaption", {}, heading, note),
    el("div", { class: "lines-field" }, sides[0], middle, sides[1]),
    told,
  );

  /** @type {LinesDrawing | null} */
  let drawing = null;
  let shown = linesOfSeveral([{ rows: 0, cols: 0, data: new Float32Array() }], [0, 0, 0, 0], null);
  /** @type {number | null} the column under the pointer or the keyboard */
  let column = null;
  let width = 0,
    listed = "";

  const ends = () => [shown.rows, shown.cols];
  sides.forEach((side, which) => {
    const buttons = () => [...side.querySelectorAll("button")];
    /** @param {Event} event @returns {number | undefined} */
    const positionOf = ({ target: on }) => {
      const button = /** @type {Element} */ (on).closest("button");
      return button ? ends()[which][buttons().indexOf(button)] : undefined;
    };
    /** @param {Event} event */
    const point = (event) => {
      const position = positionOf(event);
      if (position === undefined) return;
      column = which ? position : null;
      if (which) {
        onCol(position);
        mark();
      } else onRow(position);
    };
    const leave = () => {
      column = null;
      if (which) mark();
      else onRow(null);
    };
    side.addEventListener("pointerover", point);
    side.addEventListener("focusin", point);
    side.addEventListener("pointerleave", leave);
    side.addEventListener("focusout", leave);
    side.addEventListener("click", (event) => {
      const position = positionOf(event);
      if (position !== undefined && !which) onPick(position);
    });
    rovingTabStop(view, side, buttons, (at, key) =>
      target(key, { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: side.children.length - 1 }),
    );
  });

  /** @param {number} which @param {number} position */
  const height = (which, position) => heightOf(ends(), which, position);

  /** The words, when they are others than before. */
  /** @param {LinesDrawing} drawing */
  function list({ rowName, colName }) {
    const names = [shown.rows.map(rowName), shown.cols.map(colName)],
      now = JSON.stringify([shown.rows, shown.cols, names]);
    if (now === listed) return;
    listed = now;
    sides.forEach((side, which) =>
      side.replaceChildren(
        ...names[which].map((name, i) =>
          el(
            "button",
            { type: "button", tabindex: i ? "-1" : "0", "aria-pressed": which ? null : "false" },
            word(name, "clip"),
            el("span", { class: "value" }),
          ),
        ),
      ),
    );
  }

  /** The lines, and beside the words how much they share with the one pointed at. */
  function mark() {
    if (!drawing) return;
    const { matrix, focus, cell, pointed, high, log } = drawing;
    const row = focus != null && shown.rows.includes(focus) ? focus : null;
    /** @param {number} i @param {number} j */
    const weight = (i, j) => {
      const value = matrix.data[i * matrix.cols + j];
      return Number.isNaN(value) ? "–" : fixed(value);
    };
    const write = (/** @type {Element} */ button, /** @type {string} */ text) => {
      /** @type {ChildNode} */ (button.lastChild).textContent = text;
    };
    [...sides[0].children].forEach((button, i) => {
      const position = shown.rows[i];
      button.setAttribute("aria-pressed", String(position === focus));
      button.classList.toggle("source", column == null ? position === row : position === cell[0]);
      write(button, column == null ? "" : weight(position, column));
    });
    [...sides[1].children].forEach((button, j) => {
      button.classList.toggle("source", shown.cols[j] === column);
      write(button, row == null || column != null ? "" : weight(row, shown.cols[j]));
    });
    if (!width) return;
    const context = contextOf(canvas),
      dpr = window.devicePixelRatio || 1;
    const tall = Math.max(shown.rows.length, shown.cols.length) * WORD;
    canvas.width = width * dpr;
    canvas.height = tall * dpr;
    canvas.style.height = `${tall}px`;
    context.scale(dpr, dpr);
    context.lineWidth = 2;
    const strength = scaleOf(0, high, log),
      ink = css(currentRamp("amount"), INK),
      { second } = currentLook();
    // The weakest first, so that no strong line is under them.
    for (const [at, [i, j, value]] of [...shown.lines.entries()].reverse()) {
      const meant = column == null ? i === row : j === column,
        whose = shown.heads[at];
      context.strokeStyle = drawing.beside.length ? OF_HEADS[whose] : meant ? second : ink;
      context.setLineDash(DASHES[whose]);
      context.globalAlpha = (strength(value) / 255) * (meant || !(pointed || column != null) ? 1 : 0.15);
      context.stroke(new Path2D(lineEnds(0, height(0, i), width, height(1, j))));
    }
  }

  const observer = new ResizeObserver(([entry]) => {
    width = Math.floor(entry.contentRect.width);
    mark();
  });
  observer.observe(middle);
  view.observe(observer);
  view.hear("themechange", mark);

  return {
    element,
    /** @param {LinesDrawing} next */
    draw(next) {
      drawing = next;
      const { matrix, window: part, focus } = next;
      heading.textContent = next.title;
      note.textContent = next.note;
      shown = linesOfSeveral([matrix, ...next.beside], part, focus);
      if (column != null && !shown.cols.includes(column)) column = null;
      list(next);
      mark();
      const said = toldOf(shown, next);
      if (part[2] !== shown.rows.length)
        said.splice(1, 0, "Hover over another word of the sentence, or zoom in with +.");
      told.textContent = said.join(" ");
    },
  };
}
