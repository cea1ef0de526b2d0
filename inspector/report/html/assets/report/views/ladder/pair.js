/**
 * The chosen rung's matrix beside the real one.
 */

import { largestMagnitude, withMask } from "../../../attention/maths.js";
import { isMasked, rungTitle } from "../../../attention/rungs.js";
import { segmentsOf, splitsOf } from "../../../attention/segments.js";
import { headName } from "../../../attention/verdict_words.js";
import { fixed, shorten } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";
import { fadeFrom } from "../../charts/fade.js";
import { createMatrix } from "../../charts/matrix.js";
import { rungMatrix } from "../../rung_matrices.js";
import { pinRow } from "../../selection.js";

/** @typedef {import("../../../attention/maths.js").Matrix} Matrix */

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountLadderPair(root, data, store) {
  const view = new View(root, store);
  root.hidden = !data.header.ladder.some((rung) => rung.measured);
  if (root.hidden) return view.dispose;
  /** @param {number} row */
  const onPick = (row) => store.set({ ...pinRow(data, store.get(), row), cell: store.get().cell });
  /** @param {number} i @param {number} j */
  const onCursor = (i, j) => store.set({ cell: [i, j] });
  const modelPanel = createMatrix(view, { onCursor, onPick });
  // The patches of a pooled matrix are no cells.
  const rungPanel = createMatrix(view, {
    onCursor: (i, j) => isWhole() && onCursor(i, j),
    onPick: (row) => isWhole() && onPick(row),
  });
  const readout = view.find("ladder-readout");
  view.find("ladder-pair").append(rungPanel.element, modelPanel.element);
  /** @type {Matrix | null} */
  let shown = null;
  let shownRung = "";
  const none = view.find("ladder-no-matrix"),
    noMatrix = none.textContent;

  const isWhole = () => {
    const { rows, cols } = data.layers[store.get().index];
    return shown?.rows === rows && shown.cols === cols;
  };
  /** @param {import("../../state.js").State} state */
  function say({ index, head, rung, cell }) {
    if (!cell) return;
    const [i, j] = cell,
      layer = data.layers[index],
      { rows, cols } = data.sides(index),
      whole = isWhole();
    if (shown) {
      rungPanel.moveCursor(Math.floor((i * shown.rows) / layer.rows), Math.floor((j * shown.cols) / layer.cols));
    }
    modelPanel.moveCursor(i, j);
    const visible = data.visible(index),
      barred = visible && !visible(i, j);
    /** @param {Matrix} matrix @param {boolean} masked */
    const told = (matrix, masked) => (barred && masked ? "masked" : fixed(matrix.data[i * matrix.cols + j], 4));
    readout.textContent =
      `row ${i} “${shorten(rows.names[i])}”, column ${j} “${shorten(cols.names[j])}”: ` +
      `${shown && whole ? `rung ${told(shown, isMasked(rung))}, ` : ""}head ${told(data.shown(index, head), true)}` +
      (shown && !whole ? "; the rung’s matrix is averaged over patches" : "");
  }

  /** @param {import("../../state.js").State} state */
  const show = ({ index, head, rung }) => {
    const layer = data.layers[index],
      sides = data.sides(index);
    const known = rungMatrix(data, rung, index, head),
      pending = known?.matrix instanceof Promise ? known.matrix : null;
    const found = pending ? null : /** @type {{matrix: Matrix, note: string} | null} */ (known);
    // It comes back here when it is worked out, unless something else was chosen meanwhile.
    pending?.then(() => {
      const now = store.get();
      if (!view.disposed && now.index === index && now.rung === rung) show(now);
    });
    none.textContent = pending ? "Working it out…" : noMatrix;
    shown = found?.matrix ?? null;
    rungPanel.element.hidden = !found;
    none.hidden = Boolean(found);
    /** @param {Matrix} matrix @param {"rows" | "cols"} kind */
    const labels = (matrix, kind) =>
      matrix.rows === layer.rows && matrix.cols === layer.cols ? sides[kind].names : null;
    const splits = splitsOf(segmentsOf(data, index));
    const common = { scale: /** @type {const} */ ("amount"), low: 0 };
    const visible = data.visible(index),
      gap = visible ? "masked" : "";
    const main = withMask(data.shown(index, head), visible);
    const high = largestMagnitude(main.data);
    modelPanel.caption(
      headName(layer, head),
      data.model(index, head) ? "the model’s own attention" : "this page’s arithmetic from q and k",
      ["0", fixed(high)],
      gap,
    );
    modelPanel.draw({
      ...common,
      gaps: gap !== "",
      matrix: main,
      high,
      rowLabels: labels(main, "rows"),
      colLabels: labels(main, "cols"),
      splits: { rows: splits, cols: splits },
      label: "the head’s attention; use the arrow keys",
    });
    if (!found) return say(store.get());
    const before = rungPanel.element.querySelector("canvas");
    if (before && shownRung && shownRung !== rung) fadeFrom(before);
    shownRung = rung;
    const { note } = found,
      masked = visible && isMasked(rung);
    const matrix = masked ? withMask(found.matrix, data.patchesVisible(index, found.matrix)) : found.matrix;
    const most = largestMagnitude(matrix.data);
    const raw = rung === "classroom";
    rungPanel.caption(
      rungTitle(rung),
      note,
      raw ? [fixed(-most, 1), fixed(most, 1)] : ["0", fixed(most)],
      masked ? gap : "",
    );
    rungPanel.draw({
      ...common,
      gaps: Boolean(masked),
      matrix,
      scale: raw ? "difference" : "amount",
      low: raw ? -most : 0,
      high: most,
      rowLabels: labels(matrix, "rows"),
      colLabels: labels(matrix, "cols"),
      splits: labels(matrix, "rows") && { rows: splits, cols: splits },
      label: `the rung’s weights, ${note}; use the arrow keys`,
    });
    say(store.get());
  };
  view.watch(["index", "head", "rung"], show);
  view.watch(["cell"], say);
  return view.dispose;
}
