/**
 * Marks that can be changed where they stand: a number to type in, or to step with the arrow keys.
 */

import { target } from "../shared/controls.js";
import { el } from "../shared/dom.js";

const STEP = 0.5,
  FINE = 0.1;

/**
 * A mark as somebody may have typed it; NaN for what is none.
 * @param {HTMLInputElement} input
 */
const typed = (input) => (input.value.trim() === "" ? NaN : Number(input.value));

/**
 * @param {import("../shared/view.js").View<any>} view
 * @param {HTMLElement} table in whose rows the inputs stand
 * @param {object} how
 * @param {() => HTMLInputElement[][]} how.inputs
 * @param {(i: number, k: number) => number} how.mark as it is
 * @param {(i: number, k: number, mark: number) => boolean} how.change false where it cannot be
 * @param {(i: number, k: number) => void} [how.enter]
 */
export function editMarks(view, table, { inputs, mark, change, enter = () => {} }) {
  /** @type {(event: Event, then: (input: HTMLInputElement, i: number, k: number) => void) => void} */
  const at = ({ target: node }, then) => {
    for (const [i, row] of inputs().entries()) {
      const k = row.indexOf(/** @type {any} */ (node));
      if (k >= 0) return then(row[k], i, k);
    }
  };
  /** @param {HTMLInputElement} input @param {boolean} wrong */
  const say = (input, wrong) =>
    wrong ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
  view.listen(table, "input", (event) => at(event, (input, i, k) => say(input, !change(i, k, typed(input)))));
  view.listen(table, "focusin", (event) => at(event, (_, i, k) => enter(i, k)));
  // What was no mark is again what it was.
  view.listen(table, "focusout", (event) =>
    at(event, (input, i, k) => {
      say(input, false);
      input.value = String(mark(i, k));
    }),
  );
  view.listen(table, "keydown", (event) =>
    at(event, (input, i, k) => {
      const by = target(event.key, { ArrowUp: 1, ArrowDown: -1 });
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "Enter") inputs()[(i + 1) % inputs().length][k].focus();
      else if (by) {
        event.preventDefault();
        // Steps of a tenth would else add up what a double cannot hold.
        const next = Number((mark(i, k) + by * (event.shiftKey ? FINE : STEP)).toFixed(9));
        if (change(i, k, next)) {
          say(input, false);
          input.value = String(next);
        }
      }
    }),
  );
}

/**
 * @param {string} label
 * @param {number} mark
 */
export const markInput = (label, mark) =>
  el("input", { class: "mark", type: "number", step: "any", "aria-label": label, value: mark });
