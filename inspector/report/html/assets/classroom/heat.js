/**
 * Tables of numbers as heat: the same cells as Python writes, kept while only their numbers change.
 */

import { rovingTabStop, target } from "../shared/controls.js";
import { el, word } from "../shared/dom.js";
import { written } from "./write.js";

/** @typedef {import("./study.js").Table} Table */

/** How many steps the heat classes have (h0 … h9). */
const STEPS = 10;

/**
 * Where a value lies between two, from 0 to 1.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const ratio = (value, low, high) => (high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0);

/** @param {number} value @param {[number, number]} range */
export const heatClass = (value, [low, high]) => `h${Math.min(STEPS - 1, Math.trunc(ratio(value, low, high) * STEPS))}`;

/** @param {Table} table @returns {[number, number]} */
export const rangeOf = (table) => [Math.min(...table.flat()), Math.max(...table.flat())];

/**
 * @typedef {object} Heat
 * @property {string[]} rows
 * @property {string[]} cols
 * @property {Table} values
 * @property {[number, number]} range between which the colours run
 * @property {boolean} [whole] whether zeros at a number's end stay
 * @property {boolean} [diagonal] whether each with itself is set apart
 * @property {boolean} [anew] true where other things are shown than before, so that nothing moved
 */

/**
 * @param {HTMLTableElement} table
 * @returns {{show: (heat: Heat) => void, cells: () => HTMLTableCellElement[][]}}
 */
export function createHeat(table) {
  /** @type {HTMLTableCellElement[][]} */
  let cells = [];
  let size = "";
  return {
    cells: () => cells,
    show({ rows, cols, values, range, whole = false, diagonal = false, anew = false }) {
      const again = size === `${rows.length} ${cols.length}`;
      const [head] = table.tHead?.rows ?? [],
        [body] = table.tBodies;
      if (!again) {
        size = `${rows.length} ${cols.length}`;
        cells = values.map((row) => row.map(() => el("td")));
        head.replaceChildren(el("td"), ...cols.map(() => el("th", { scope: "col" })));
        body.replaceChildren(...cells.map((row) => el("tr", {}, el("th", { scope: "row" }), ...row)));
      }
      name([...head.cells].slice(1), cols);
      name(
        [...body.rows].map((row) => row.cells[0]),
        rows,
      );
      for (const [i, row] of values.entries()) {
        for (const [j, value] of row.entries()) {
          const cell = cells[i][j],
            text = written(value, 2, whole);
          const moved = again && !anew && text !== cell.textContent;
          cell.className = (diagonal && i === j ? "own" : heatClass(value, range)) + (moved ? " moved" : "");
          if (cell.textContent !== text) cell.textContent = text;
        }
      }
    },
  };
}

/** @param {HTMLTableCellElement[]} headers @param {string[]} names */
function name(headers, names) {
  for (const [at, header] of headers.entries()) {
    if (header.textContent !== names[at]) header.replaceChildren(word(names[at]));
  }
}

/**
 * Let the cells of a table be pointed at, and walked over with the arrow keys.
 * @param {import("../shared/view.js").View<any>} view
 * @param {HTMLTableElement} table
 * @param {() => HTMLTableCellElement[][]} cells
 * @param {(i: number, j: number) => void} choose
 */
export function pointed(view, table, cells, choose) {
  table.setAttribute("role", "grid");
  /** @param {EventTarget | null} node */
  const tell = (node) => {
    const cell = node instanceof Element ? node.closest("td") : null;
    for (const [i, row] of cells().entries()) {
      const j = row.indexOf(/** @type {any} */ (cell));
      if (j >= 0) choose(i, j);
    }
  };
  view.listen(table, "pointerover", (event) => tell(event.target));
  view.listen(table, "focusin", (event) => tell(event.target));
  view.listen(table, "click", (event) => tell(event.target));
  rovingTabStop(
    view,
    table,
    () => cells().flat(),
    (at, key) => {
      const wide = cells()[0].length,
        column = at % wide;
      const next = target(key, {
        ArrowRight: column + 1 < wide ? at + 1 : at,
        ArrowLeft: column ? at - 1 : at,
        ArrowDown: at + wide,
        ArrowUp: at - wide,
        Home: at - column,
        End: at - column + wide - 1,
      });
      return next === at ? null : next;
    },
  );
}

/**
 * Which cell is unfolded, which are framed; one of them can be reached with the Tab key.
 * @param {HTMLTableCellElement[][]} cells
 * @param {[number, number]} pair
 * @param {number[]} framed columns of the pair's row
 */
export function markCells(cells, [i, j], framed) {
  for (const [a, row] of cells.entries()) {
    for (const [b, cell] of row.entries()) {
      const here = a === i && b === j;
      cell.classList.toggle("marked", a === i && framed.includes(b));
      cell.classList.toggle("pointed", here);
      cell.tabIndex = here ? 0 : -1;
      if (here) cell.setAttribute("aria-selected", "true");
      else cell.removeAttribute("aria-selected");
    }
  }
}
