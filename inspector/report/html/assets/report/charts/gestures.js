/**
 * Looking closer at a matrix and moving what is looked at: with two fingers, the mouse, the wheel or the arrow keys.
 */

import { windowIn, zoomed } from "../../attention/window.js";
import { windowOf } from "../../shared/matrix_paint.js";

/** @typedef {import("../../attention/window.js").Window} Window */
/** @typedef {import("../../shared/matrix_paint.js").Drawing} Drawing */

/** Pixels of the wheel for e times closer; and those after which a press is a drag. */
const WHEEL = 300,
  SLACK = 4;

/**
 * @param {HTMLElement} field what is pressed
 * @param {HTMLCanvasElement} canvas what the matrix is drawn on
 * @param {() => {drawing: Drawing | null, frame: ReturnType<typeof import("../../shared/matrix_paint.js").layout>}} now
 * @param {(event: MouseEvent) => [number, number]} cellAt the cell that is pointed at, or else the one of the cursor
 * @param {(window: Window | null) => void} onZoom
 */
export function createGestures(field, canvas, now, cellAt, onZoom) {
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
    if (String(next) !== String(now().drawing?.window ?? null)) onZoom(next);
  }

  /** Two fingers look closer, and one or the mouse moves what is looked at. */
  function pull() {
    const { drawing, frame } = now(),
      { x, y, spread } = middle();
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

  field.addEventListener("pointerdown", (event) => {
    const { drawing } = now();
    if (!drawing || event.button) return;
    if (!pressed.size) drag = null;
    pressed.set(event.pointerId, event);
    if (drawing.window || pressed.size > 1) field.setPointerCapture(event.pointerId);
    grip(drawing);
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel", "pointerleave"])) {
    field.addEventListener(end, (event) => {
      if (!pressed.delete(event.pointerId)) return;
      const { drawing } = now();
      // The click that ends a drag comes right after, and is none.
      if (pressed.size && drawing) grip(drawing);
    });
  }
  field.addEventListener(
    "wheel",
    (event) => {
      const { drawing } = now();
      if (!drawing || !event.ctrlKey) return;
      event.preventDefault();
      const { rows, cols } = drawing.matrix;
      // A pinch comes in small pieces: they are kept until they make a row's difference.
      wheel += event.deltaY;
      const seen = windowOf(drawing),
        next = zoomed(seen, Math.exp(-wheel / WHEEL), cellAt(event), rows, cols);
      if (String(next ?? [0, 0, rows, cols]) === String(seen)) return;
      wheel = 0;
      look(next);
    },
    { passive: false },
  );

  return {
    /**
     * @param {PointerEvent} event a movement
     * @returns {boolean} whether it moves the matrix, and so points at no cell
     */
    moves(event) {
      if (!now().drawing || !pressed.has(event.pointerId)) return false;
      pressed.set(event.pointerId, event);
      pull();
      return drag?.moved ?? false;
    },
    /** @returns {boolean} whether the click that just came was the end of a drag */
    settle() {
      const moved = drag?.moved ?? false;
      drag = null;
      return moved;
    },
    /** @param {[number, number]} cell what is looked at moves along just so far that this is seen */
    follow(cell) {
      const { drawing } = now();
      if (drawing?.window) look(around(drawing.window, cell));
    },
  };
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
