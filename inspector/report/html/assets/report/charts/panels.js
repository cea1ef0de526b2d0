/**
 * One head's matrices side by side: the model's, the rebuild's and what is between them. Where the page has only its own
 * arithmetic, the largest difference in each row stands beside it.
 */

import { largestMagnitude, totals } from "../../attention/maths.js";
import { betweenName, segmentsOf, splitsOf } from "../../attention/segments.js";
import { tiny } from "../../shared/format.js";
import { endsOf } from "../head_matrices.js";
import { sourceOf } from "../words/head.js";
import { createMatrix } from "./matrix.js";

/** @typedef {import("../../attention/window.js").Window} Window */
/** @typedef {ReturnType<typeof import("../head_matrices.js").headMatrices>} HeadMatrices */

/**
 * @typedef {object} Asked
 * @property {import("../state.js").State} state
 * @property {import("../../attention/segments.js").Cut | null} cut what is left of a pair's matrices
 * @property {Pick<HeadMatrices, "model" | "rebuilt" | "difference" | "main" | "visible">} matrices as they are cut
 * @property {ReturnType<typeof totals>} sums of `main`
 * @property {number} high the largest of `main`
 * @property {Window | undefined} window the part that is looked at; undefined for all of it
 */

/**
 * @param {import("../../shared/view.js").View<any>} view
 * @param {import("../data.js").ReportData} data
 * @param {HTMLElement} box
 * @param {{onCursor: (row: number, col: number) => void, onRow: (row: number) => void, onPick: (row: number) => void,
 *   onZoom: (window: Window | null) => void}} actions in places of what is drawn
 */
export function createPanels(view, data, box, { onCursor, onRow, onPick, onZoom }) {
  const [first, second, third] = Array.from({ length: 3 }, () => createMatrix(view, { onCursor, onPick, onZoom }));
  const rowsOnly = createMatrix(view, { onCursor: onRow, onPick });
  /** @type {Asked} */
  let asked;
  first.onLayout((...field) => {
    if (rowsOnly.element.isConnected) drawRowErrors(...field);
  });

  /** @param {number} fieldHeight @param {number} fieldTop of the matrix beside it */
  function drawRowErrors(fieldHeight, fieldTop) {
    const { state, cut, window } = asked;
    const whole = data.rowError(state.index, state.head);
    if (!whole) return;
    const errors = cut ? Float32Array.from(cut.rows, (i) => whole[i]) : whole;
    const most = largestMagnitude(errors);
    rowsOnly.caption(
      "model against rebuilt",
      "The largest difference in each row, over all keys, measured when the report was made.",
      ["0", tiny(most)],
    );
    rowsOnly.draw({
      matrix: { rows: errors.length, cols: 1, data: errors },
      scale: "amount",
      low: 0,
      high: most,
      rowLabels: null,
      colLabels: null,
      fieldHeight,
      fieldTop,
      window: window && [window[0], 0, window[2], 1],
      label: "largest difference between model and rebuild in each row",
    });
  }

  /** @param {{element: HTMLElement}[]} shown what stands in the box from now on */
  function place(...shown) {
    box.dataset.panels = String(shown.length);
    if ([...box.children].some((child, i) => child !== shown[i]?.element) || box.children.length !== shown.length) {
      box.replaceChildren(...shown.map((panel) => panel.element));
    }
  }

  return {
    place,
    /** @param {Asked} next */
    draw(next) {
      asked = next;
      const { state, cut, matrices, sums, high, window } = next;
      const { index, head, between, sink, log } = state;
      const { model, rebuilt, difference, main, visible } = matrices;
      const layer = data.layers[index],
        sides = data.sides(index);
      /** @param {"rows" | "cols"} kind */
      const labels = (kind) => (cut ? cut[kind].map((i) => sides[kind].names[i]) : sides[kind].names);
      const splits = cut ? [] : splitsOf(segmentsOf(data, index));
      const common = {
        low: 0,
        high,
        rowLabels: labels("rows"),
        colLabels: labels("cols"),
        gaps: sink || Boolean(visible),
        log,
        window,
        splits: { rows: splits, cols: splits },
        scale: /** @type {const} */ ("amount"),
      };
      const where =
        (cut ? betweenName(between) + ", " : "") +
        `layer ${layer.layer}, head ${head}, ${main.rows} by ${main.cols}; use the arrow keys, and + and − to zoom`;
      const ends = endsOf(high, log);
      const gap = [visible && "masked", sink && "set aside"].filter(Boolean).join(" or ");
      const beside = model && rebuilt && difference && data.header.verification.verdict !== "unproved";
      // They are put up before they are drawn, since on their way to paper they ask how wide they are.
      if (beside) place(first, second, third);
      else if (layer.recomputed) place(first, rowsOnly);
      else place(first);
      first.caption(...sourceOf(data, state, model != null), ends, gap);
      first.draw({ ...common, matrix: main, totals: sums, label: `attention, ${where}` });
      if (!beside) return;
      second.caption("rebuilt", "The same, from the layer’s input and the weights.", ends, gap);
      const most = largestMagnitude(difference.data);
      third.caption(
        "difference",
        most ? "rebuilt − model, on a scale of its own." : "rebuilt − model: none at all.",
        [most ? tiny(-most) : "0", most ? `+${tiny(most)}` : "0"],
        gap,
      );
      second.draw({ ...common, matrix: rebuilt, totals: totals(rebuilt), label: `rebuilt attention, ${where}` });
      third.draw({
        ...common,
        matrix: difference,
        totals: null,
        scale: "difference",
        log: false,
        low: -most || -1,
        high: most || 1,
        label: `difference, ${where}`,
      });
    },
    /** @param {Window | undefined} window the part to look at from now on */
    look(window) {
      asked = { ...asked, window };
      for (const panel of [first, second, third]) if (panel.element.isConnected) panel.look(window);
    },
    /** @param {number} row @param {number} col */
    moveCursor(row, col) {
      for (const panel of [first, second, third]) panel.moveCursor(row, col);
      rowsOnly.moveCursor(row, 0);
    },
  };
}
