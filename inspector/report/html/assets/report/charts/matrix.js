/**
 * One matrix on one canvas, with labels, a cursor and a legend; usable by pointer and keyboard.
 */

import { isPrinting, whenNear } from "../../shared/charts.js";
import { shownTheme } from "../../shared/colour.js";
import { target } from "../../shared/controls.js";
import { el } from "../../shared/dom.js";
import {
  BARE_GUTTER,
  currentLook,
  LONGEST_LABEL,
  layout,
  longestLabel,
  MOST_LABELLED,
  paintCells,
  paintLabels,
  paintTotals,
  windowOf,
} from "../../shared/matrix_paint.js";
import { contextOf, paintPixels } from "../../shared/pixels.js";
import { createGestures } from "./gestures.js";

/** @typedef {import("../../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../../attention/window.js").Window} Window */
/** @typedef {import("../../shared/matrix_paint.js").Drawing} Drawing */

const STEPS = Uint8Array.from({ length: 256 }, (_, i) => i);
/**
 * @param {import("../../shared/view.js").View<any>} view
 * @param {{onCursor: (row: number, col: number) => void, onPick?: (row: number) => void,
 *   onZoom?: (window: Window | null) => void}} actions without onZoom it is always shown whole
 */
export function createMatrix(view, { onCursor, onPick = () => {}, onZoom }) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  const rowBand = el("div", { class: "band", hidden: true });
  const colBand = el("div", { class: "band", hidden: true });
  const box = el("div", { class: "cell-box", hidden: true });
  const field = el(
    "div",
    {
      class: "matrix-field",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "matrix",
    },
    canvas,
    rowBand,
    colBand,
    box,
  );
  const heading = el("p", { class: "matrix-title" });
  const note = el("p", { class: "note" });
  const bar = el("canvas", { class: "legend-bar", "aria-hidden": "true", width: "256", height: "1" });
  const lowText = el("span"),
    highText = el("span");
  const gapText = el("span", { class: "gap-key", hidden: true });
  const legend = el("p", { class: "legend" }, lowText, bar, highText, gapText);
  const element = el("figure", { class: "matrix" }, el("figcaption", {}, heading, note), field, legend);

  /** @type {Drawing | null} */
  let drawing = null;
  let frame = { left: 0, top: 0, cellWidth: 1, cellHeight: 1, across: 1, down: 1, margin: 0 };
  /** @type {[number, number]} */
  let cursor = [0, 0];
  /** @type {(height: number, top: number) => void} */
  let whenLaidOut = () => {};
  // Known from the observers, since asking the element would make the browser lay out the page.
  let width = 0;
  let legendScale = "";

  /** Sizes now, since the page must not jump when it scrolls; pixels when they can be seen. */
  function repaint() {
    if (isPrinting()) width ||= Math.floor(element.clientWidth);
    if (!drawing || !width) return;
    const { rowLabels } = drawing;
    const context = contextOf(canvas);
    const look = currentLook();
    const dpr = window.devicePixelRatio || 1;
    const labelled = rowLabels && windowOf(drawing)[2] <= MOST_LABELLED;
    const longest = labelled && rowLabels ? longestLabel(context, look.font, rowLabels) : 0;
    frame = layout(width, drawing, Math.max(BARE_GUTTER, Math.min(LONGEST_LABEL, longest)));
    const { left, top, across, down, margin } = frame;
    const wide = Math.ceil((left + across + 1 + margin) * dpr),
      high = Math.ceil((top + down + 1 + margin) * dpr);
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
      canvas.style.width = `${wide / dpr}px`;
      canvas.style.height = `${high / dpr}px`;
    }
    paintSoon();
    moveCursor(...cursor);
    whenLaidOut(down, top);
  }

  const paintSoon = whenNear(
    view,
    element,
    () => {
      if (!drawing) return;
      const context = contextOf(canvas);
      const look = currentLook();
      const dpr = window.devicePixelRatio || 1;
      context.setTransform(dpr, 0, 0, dpr, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      paintCells(context, drawing, frame, dpr, look);
      paintTotals(context, drawing, frame);
      paintLabels(context, drawing, frame, look);
      const legendNow = `${drawing.scale} ${shownTheme()}`;
      if (legendNow !== legendScale) paintPixels(bar, STEPS, drawing.scale, 0, 255);
      legendScale = legendNow;
    },
    false,
  );

  /** @param {number} row @param {number} col */
  function moveCursor(row, col) {
    cursor = [row, col];
    if (!drawing) return;
    const { left, top, cellWidth, cellHeight, across, down } = frame;
    const [fromRow, fromCol, high, wide] = windowOf(drawing),
      { rows, cols } = drawing.matrix;
    const i = Math.min(row, rows - 1) - fromRow,
      j = Math.min(col, cols - 1) - fromCol;
    const x = left + j * cellWidth,
      y = top + i * cellHeight;
    const inRow = i >= 0 && i < high,
      inCol = j >= 0 && j < wide;
    lay(rowBand, inRow, left, y, across, cellHeight);
    lay(colBand, inCol, x, top, cellWidth, down);
    lay(box, inRow && inCol, x, y, cellWidth, cellHeight);
  }

  const gestures =
    onZoom &&
    createGestures(
      field,
      canvas,
      () => ({ drawing, frame }),
      (event) => cellAt(event) ?? cursor,
      onZoom,
    );
  field.addEventListener("pointermove", (event) => {
    if (gestures?.moves(event)) return;
    const cell = cellAt(event);
    if (cell) onCursor(...cell);
  });
  field.addEventListener("click", (event) => {
    const cell = cellAt(event),
      dragged = gestures?.settle();
    if (!cell || dragged) return;
    // A finger does not move over a cell before it taps it.
    onCursor(...cell);
    onPick(cell[0]);
  });
  field.addEventListener("keydown", (event) => {
    if (!drawing) return;
    const next = afterKey(event, cursor, drawing.matrix);
    if (event.key === "Enter") onPick(cursor[0]);
    if (!next) return;
    event.preventDefault();
    gestures?.follow(next);
    onCursor(...next);
  });

  /** @param {MouseEvent} event @returns {[number, number] | null} */
  function cellAt(event) {
    if (!drawing) return null;
    const bounds = canvas.getBoundingClientRect();
    const [row, col, high, wide] = windowOf(drawing);
    const j = Math.floor((event.clientX - bounds.left - frame.left) / frame.cellWidth);
    const i = Math.floor((event.clientY - bounds.top - frame.top) / frame.cellHeight);
    return i >= 0 && j >= 0 && i < high && j < wide ? [row + i, col + j] : null;
  }

  const observer = new ResizeObserver(([entry]) => {
    const seen = Math.floor(entry.contentRect.width);
    if (seen === width) return;
    width = seen;
    repaint();
  });
  observer.observe(element);
  view.observe(observer);
  view.hear("themechange", repaint);

  return {
    element,
    moveCursor,
    /** @param {(height: number, top: number) => void} listener */
    onLayout(listener) {
      whenLaidOut = listener;
    },
    /**
     * @param {string} title
     * @param {string} text
     * @param {[string, string]} ends what the legend's two ends are called
     * @param {string} [gap] what cells without a number are called
     */
    caption(title, text, [low, high], gap = "") {
      gapText.textContent = gap;
      gapText.hidden = !gap;
      heading.textContent = title;
      note.textContent = text;
      lowText.textContent = low;
      highText.textContent = high;
    },
    /** @param {Drawing} next */
    draw(next) {
      drawing = next;
      field.setAttribute("aria-label", next.label);
      field.classList.toggle("closer", Boolean(next.window));
      repaint();
    },
    /** @param {Window | undefined} window the part to look at from now on */
    look(window) {
      if (drawing && String(window) !== String(drawing.window)) this.draw({ ...drawing, window });
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
  const to = target(event.key, {
    ArrowUp: [row - 1, col],
    ArrowDown: [row + 1, col],
    ArrowLeft: [row, col - 1],
    ArrowRight: [row, col + 1],
    PageUp: [row - 10, col],
    PageDown: [row + 10, col],
    Home: [event.ctrlKey ? 0 : row, 0],
    End: [event.ctrlKey ? rows - 1 : row, cols - 1],
  });
  if (!to) return null;
  return [Math.max(0, Math.min(rows - 1, to[0])), Math.max(0, Math.min(cols - 1, to[1]))];
}

/** @param {HTMLElement} node @param {boolean} there @param {number} x @param {number} y @param {number} w @param {number} h */
function lay(node, there, x, y, w, h) {
  node.hidden = !there;
  if (there) Object.assign(node.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
}
