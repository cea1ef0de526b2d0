/**
 * One matrix on one canvas, with labels, a cursor and a legend; usable by pointer and keyboard.
 */

import { shownTheme } from "inspector/colour";
import { el } from "inspector/dom";
import {
  BARE_GUTTER, LONGEST_LABEL, MOST_LABELLED, currentLook, layout, longestLabel, paintCells, paintLabels, paintPixels,
} from "inspector/matrix_paint";

/** @typedef {import("inspector/maths").Matrix} Matrix */
/** @typedef {import("inspector/matrix_paint").Drawing} Drawing */

const STEPS = Uint8Array.from({ length: 256 }, (_, i) => i);

/**
 * @param {{onCursor: (row: number, col: number) => void, onPick?: (row: number) => void}} actions
 */
export function createMatrix({ onCursor, onPick = () => {} }) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  const rowBand = el("div", { class: "band", hidden: true });
  const colBand = el("div", { class: "band", hidden: true });
  const box = el("div", { class: "cell-box", hidden: true });
  const field = el("div", {
    class: "matrix-field", tabindex: "0", role: "application", "aria-roledescription": "matrix",
  }, canvas, rowBand, colBand, box);
  const heading = el("h4");
  const note = el("p", { class: "note" });
  const bar = el("canvas", { class: "legend-bar", "aria-hidden": "true", width: "256", height: "1" });
  const lowText = el("span"), highText = el("span");
  const legend = el("p", { class: "legend" }, lowText, bar, highText);
  const element = el("figure", { class: "matrix" },
    el("figcaption", {}, heading, note), field, legend);

  /** @type {Drawing | null} */
  let drawing = null;
  let place = { left: 0, top: 0, cellWidth: 1, cellHeight: 1 };
  /** @type {[number, number]} */
  let cursor = [0, 0];
  /** @type {(height: number) => void} */
  let whenLaidOut = () => {};
  // Known from the observers, since asking the element would make the browser lay out the page.
  let width = 0, near = false, stale = false;
  let legendScale = "";

  /** Sizes now, since the page must not jump when it scrolls; pixels when they can be seen. */
  function repaint() {
    if (!drawing || !width) return;
    const { matrix, rowLabels } = drawing;
    const context = canvas.getContext("2d");
    const look = currentLook();
    const dpr = window.devicePixelRatio || 1;
    const longest = rowLabels && matrix.rows <= MOST_LABELLED ? longestLabel(context, look.font, rowLabels) : 0;
    place = layout(width, drawing, Math.max(BARE_GUTTER, Math.min(LONGEST_LABEL, longest)));
    const { left, top, cellWidth, cellHeight } = place;
    const across = matrix.cols * cellWidth, down = matrix.rows * cellHeight;
    const wide = Math.ceil((left + across + 1) * dpr), high = Math.ceil((top + down + 1) * dpr);
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
      canvas.style.width = `${wide / dpr}px`;
      canvas.style.height = `${high / dpr}px`;
    }
    stale = true;
    if (near) paint();
    moveCursor(...cursor);
    whenLaidOut(down);
  }

  function paint() {
    if (!drawing || !stale) return;
    stale = false;
    const context = canvas.getContext("2d");
    const look = currentLook();
    const dpr = window.devicePixelRatio || 1;
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    paintCells(context, drawing, place, dpr, look);
    paintLabels(context, drawing, place, look);
    const legendNow = `${drawing.scale} ${shownTheme()}`;
    if (legendNow !== legendScale) paintPixels(bar, STEPS, drawing.scale, 0, 255);
    legendScale = legendNow;
  }

  /** @param {number} row @param {number} col */
  function moveCursor(row, col) {
    cursor = [row, col];
    if (!drawing) return;
    const { rows, cols } = drawing.matrix;
    const { left, top, cellWidth, cellHeight } = place;
    const x = left + Math.min(col, cols - 1) * cellWidth;
    const y = top + Math.min(row, rows - 1) * cellHeight;
    lay(rowBand, left, y, cols * cellWidth, cellHeight);
    lay(colBand, x, top, cellWidth, rows * cellHeight);
    lay(box, x, y, cellWidth, cellHeight);
  }

  field.addEventListener("pointermove", (event) => {
    const cell = cellAt(event);
    if (cell) onCursor(...cell);
  });
  field.addEventListener("click", (event) => {
    const cell = cellAt(event);
    if (cell) onPick(cell[0]);
  });
  field.addEventListener("keydown", (event) => {
    if (!drawing) return;
    const next = afterKey(event, cursor, drawing.matrix);
    if (event.key === "Enter") onPick(cursor[0]);
    if (!next) return;
    event.preventDefault();
    onCursor(...next);
  });

  /** @param {MouseEvent} event @returns {[number, number] | null} */
  function cellAt(event) {
    if (!drawing) return null;
    const bounds = canvas.getBoundingClientRect();
    const col = Math.floor((event.clientX - bounds.left - place.left) / place.cellWidth);
    const row = Math.floor((event.clientY - bounds.top - place.top) / place.cellHeight);
    const { rows, cols } = drawing.matrix;
    return row >= 0 && col >= 0 && row < rows && col < cols ? [row, col] : null;
  }

  new ResizeObserver(([entry]) => {
    const seen = Math.floor(entry.contentRect.width);
    if (seen === width) return;
    width = seen;
    repaint();
  }).observe(element);
  new IntersectionObserver((entries) => {
    near = entries[entries.length - 1].isIntersecting;
    if (near) paint();
  }, { rootMargin: "50%" }).observe(element);
  document.documentElement.addEventListener("themechange", repaint);
  window.addEventListener("beforeprint", paint);

  return {
    element,
    moveCursor,
    /** @param {(height: number) => void} listener */
    onLayout(listener) { whenLaidOut = listener; },
    /**
     * @param {string} title
     * @param {string} text
     * @param {[string, string]} ends what the legend's two ends are called
     */
    caption(title, text, [low, high]) {
      heading.textContent = title;
      note.textContent = text;
      lowText.textContent = low;
      highText.textContent = high;
    },
    /** @param {Drawing} next */
    draw(next) {
      drawing = next;
      field.setAttribute("aria-label", next.label);
      repaint();
    },
  };
}

/**
 * @param {KeyboardEvent} event
 * @param {[number, number]} cursor
 * @param {Matrix} matrix
 * @returns {[number, number] | null}
 */
function afterKey(event, [row, col], { rows, cols }) {
  const moves = {
    ArrowUp: [row - 1, col], ArrowDown: [row + 1, col],
    ArrowLeft: [row, col - 1], ArrowRight: [row, col + 1],
    PageUp: [row - 10, col], PageDown: [row + 10, col],
    Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? rows - 1 : row, cols - 1],
  };
  const to = moves[event.key];
  if (!to) return null;
  return [Math.max(0, Math.min(rows - 1, to[0])), Math.max(0, Math.min(cols - 1, to[1]))];
}

/** @param {HTMLElement} node @param {number} x @param {number} y @param {number} w @param {number} h */
function lay(node, x, y, w, h) {
  node.hidden = false;
  Object.assign(node.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
}
