/**
 * One matrix on one canvas, with labels, a cursor and a legend; usable by pointer and keyboard.
 */

import { windowIn, zoomed } from "../../attention/window.js";
import { isPrinting, whenNear } from "../../shared/charts.js";
import { shownTheme } from "../../shared/colour.js";
import { target } from "../../shared/controls.js";
import { el } from "../../shared/dom.js";
import {
  BARE_GUTTER,
  contextOf,
  currentLook,
  LONGEST_LABEL,
  layout,
  longestLabel,
  MOST_LABELLED,
  paintCells,
  paintLabels,
  paintPixels,
  paintTotals,
  windowOf,
} from "../../shared/matrix_paint.js";

/** @typedef {import("../../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../../attention/window.js").Window} Window */
/** @typedef {import("../../shared/matrix_paint.js").Drawing} Drawing */

const STEPS = Uint8Array.from({ length: 256 }, (_, i) => i);
/** Pixels of the wheel for e times closer; and those after which a press is a drag. */
const WHEEL = 300,
  SLACK = 4;

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

  /** @type {Map<number, PointerEvent>} fingers or the mouse, where they went down or are */
  const pressed = new Map();
  /** @type {{x: number, y: number, window: Window, spread: number, moved: boolean} | null} */
  let drag = null;
  let wheel = 0;

  const middle = () => {
    const all = [...pressed.values()];
    /** @param {"clientX" | "clientY"} key */
    const mean = (key) => all.reduce((sum, event) => sum + event[key], 0) / all.length;
    const [a, b] = all;
    return {
      x: mean("clientX"),
      y: mean("clientY"),
      spread: b ? Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) : 0,
    };
  };
  /** @param {Drawing} drawing */
  const grip = (drawing) => {
    drag = pressed.size ? { ...middle(), window: windowOf(drawing), moved: drag?.moved ?? false } : null;
  };

  /** @param {Window | null} next */
  function look(next) {
    if (onZoom && String(next) !== String(drawing?.window ?? null)) onZoom(next);
  }

  /** Two fingers look closer, and one or the mouse moves what is looked at. */
  function pull() {
    const { x, y, spread } = middle();
    if (!drawing || !drag || (!spread && !drawing.window)) return;
    drag.moved ||= Math.hypot(x - drag.x, y - drag.y) > SLACK || Math.abs(spread - drag.spread) > SLACK;
    if (!drag.moved) return;
    const { rows, cols } = drawing.matrix,
      [row, col, high, wide] = drag.window;
    if (spread && drag.spread) {
      const bounds = canvas.getBoundingClientRect();
      look(
        zoomed(
          drag.window,
          spread / drag.spread,
          [
            row + Math.floor(((drag.y - bounds.top - frame.top) / frame.down) * high),
            col + Math.floor(((drag.x - bounds.left - frame.left) / frame.across) * wide),
          ],
          rows,
          cols,
        ),
      );
    } else if (drawing.window) {
      look(
        windowIn(
          [row - ((y - drag.y) / frame.down) * high, col - ((x - drag.x) / frame.across) * wide, high, wide],
          rows,
          cols,
        ),
      );
    }
  }

  field.addEventListener("pointermove", (event) => {
    if (drawing && onZoom && pressed.has(event.pointerId)) {
      pressed.set(event.pointerId, event);
      pull();
      if (drag?.moved) return;
    }
    const cell = cellAt(event);
    if (cell) onCursor(...cell);
  });
  field.addEventListener("pointerdown", (event) => {
    if (!onZoom || !drawing || event.button) return;
    if (!pressed.size) drag = null;
    pressed.set(event.pointerId, event);
    if (drawing.window || pressed.size > 1) field.setPointerCapture(event.pointerId);
    grip(drawing);
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel", "pointerleave"])) {
    field.addEventListener(end, (event) => {
      if (!pressed.delete(event.pointerId)) return;
      // The click that ends a drag comes right after, and is none.
      if (pressed.size && drawing) grip(drawing);
    });
  }
  field.addEventListener("click", (event) => {
    const cell = cellAt(event),
      moved = drag?.moved;
    drag = null;
    if (!cell || moved) return;
    // A finger does not move over a cell before it taps it.
    onCursor(...cell);
    onPick(cell[0]);
  });
  field.addEventListener(
    "wheel",
    (event) => {
      if (!onZoom || !drawing || !event.ctrlKey) return;
      event.preventDefault();
      const { rows, cols } = drawing.matrix;
      // A pinch comes in small pieces: they are kept until they make a row's difference.
      wheel += event.deltaY;
      const now = windowOf(drawing),
        next = zoomed(now, Math.exp(-wheel / WHEEL), cellAt(event) ?? cursor, rows, cols);
      if (String(next ?? [0, 0, rows, cols]) === String(now)) return;
      wheel = 0;
      look(next);
    },
    { passive: false },
  );
  field.addEventListener("keydown", (event) => {
    if (!drawing) return;
    const next = afterKey(event, cursor, drawing.matrix);
    if (event.key === "Enter") onPick(cursor[0]);
    if (!next) return;
    event.preventDefault();
    if (drawing.window) look(around(drawing.window, next));
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

/**
 * The window moved just so far that it holds a cell.
 * @param {Window} window
 * @param {[number, number]} cell
 * @returns {Window}
 */
function around([row, col, high, wide], [i, j]) {
  return [Math.min(i, Math.max(row, i - high + 1)), Math.min(j, Math.max(col, j - wide + 1)), high, wide];
}

/** @param {HTMLElement} node @param {boolean} there @param {number} x @param {number} y @param {number} w @param {number} h */
function lay(node, there, x, y, w, h) {
  node.hidden = !there;
  if (there) Object.assign(node.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
}
