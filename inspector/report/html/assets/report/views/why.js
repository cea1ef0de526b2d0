/**
 * Why this number: q and k of one pair of words, dimension by dimension, and every step from there
 * to the share of attention, with this text's own numbers in it.
 */

import { largestMagnitude } from "../../attention/maths.js";
import { cutOf, segmentsOf } from "../../attention/segments.js";
import { headName } from "../../attention/verdict_words.js";
import { dimensionOrder, explain } from "../../attention/why.js";
import { whenNear } from "../../shared/charts.js";
import { target, toggles } from "../../shared/controls.js";
import { el, word } from "../../shared/dom.js";
import { fixed, percent } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { barRow } from "../charts/bars.js";
import { absent, others, positionWords, provenance, steps } from "../words/why.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */

/**
 * @param {HTMLElement} root
 * @param {ReportData} data
 * @param {Store} store
 */
export function mountWhy(root, data, store) {
  const view = new View(root, store),
    bars = view.find("why-bars"),
    body = view.find("why-body");
  const rows = ["q", "k", "q × k"].map((kind) => barRow(kind, bars));
  toggles(view, "why-order", "dimensions");
  /** @type {{why: import("../../attention/why.js").Why, q: ArrayLike<number>, k: ArrayLike<number>, order: number[]} | null} */
  let shown = null;

  const update = whenNear(view, root, () => {
    const state = store.get(),
      { index, head } = state;
    const layer = data.layers[index],
      sides = data.sides(index);
    const [row, col] = cellOf(data, state);
    /** @param {number} i @param {"rows" | "cols"} kind */
    const name = (i, kind) => el("b", {}, "“", word(sides[kind].names[i], "clip"), "”");
    const asker = () => name(row, "rows"),
      offerer = () => name(col, "cols");
    const given = data.queryKey(index, head);
    body.hidden = !given;
    view
      .find("why-says")
      .replaceChildren(
        ...(given
          ? [
              `How much does `,
              asker(),
              ` (query, row ${row}) attend to `,
              offerer(),
              ` (key, column ${col}) in ${headName(layer, head)}? Every step from the two words to the number:`,
            ]
          : [absent(data, index)]),
      );
    shown = null;
    if (!given) return;
    const { q, k: keys, scale, shared } = given,
      d = q.length / layer.rows;
    const visible = data.visible(index);
    const asked = q.subarray(row * d, (row + 1) * d),
      offered = keys.subarray(col * d, (col + 1) * d);
    const terms = data.scoreTerms(index, head);
    const added = terms?.added ? terms.added.subarray(row * layer.cols, (row + 1) * layer.cols) : null;
    const why = explain(asked, keys, col, scale, visible && ((j) => visible(row, j)), terms && { ...terms, added });
    shown = { why, q: asked, k: offered, order: dimensionOrder(why.products, state.dimensions) };
    const { order } = shown;
    rows[0].show(
      order.map((t) => asked[t]),
      asker(),
      "’s query q",
    );
    rows[1].show(
      order.map((t) => offered[t]),
      offerer(),
      "’s key k",
    );
    rows[2].show(
      order.map((t) => why.products[t]),
      "multiplied: q × k",
    );
    point();
    const model = data.model(index, head)?.data[row * layer.cols + col];
    view.find("why-steps").replaceChildren(
      ...steps({
        why,
        layer,
        scale,
        head,
        d,
        hasMask: Boolean(visible),
        positions: positionWords(data, index, row, col),
        model,
        asker,
        offerer,
        others: others(why.row, col).map((j) => [name(j, "cols"), ` ${percent(why.row[j])}`]),
      }),
    );
    view.find("why-note").textContent = provenance(data, index, head, shared);
  });

  /** Say and mark the chosen dimension; without one, that of the largest product. */
  function point() {
    if (!shown) return;
    const { why, q, k, order } = shown;
    const t = chosen();
    const at = order.indexOf(t);
    for (const row of rows) row.mark(at);
    const text = `dimension ${t}: q ${fixed(q[t], 4)} × k ${fixed(k[t], 4)} = ${fixed(why.products[t], 4)}`;
    view.find("why-dimension").textContent = text;
    bars.setAttribute("aria-valuemax", String(order.length - 1));
    bars.setAttribute("aria-valuenow", String(at));
    bars.setAttribute("aria-valuetext", text);
  }

  function chosen() {
    const products = shown?.why.products ?? [],
      { dimension } = store.get();
    if (dimension != null && dimension < products.length) return dimension;
    const most = largestMagnitude(products);
    return products.findIndex((p) => Math.abs(p) === most);
  }

  /** @param {number} at index in the order */
  const choose = (at) =>
    shown && store.set({ dimension: shown.order[Math.max(0, Math.min(shown.order.length - 1, at))] });
  view.listen(bars, "pointermove", (event) => {
    const { left, width } = rows[0].field.getBoundingClientRect();
    if (shown) choose(Math.floor(((event.clientX - left) / width) * shown.order.length));
  });
  view.listen(bars, "keydown", (event) => {
    if (!shown) return;
    const at = shown.order.indexOf(chosen());
    const to = target(event.key, {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      Home: 0,
      End: shown.order.length - 1,
    });
    if (to == null) return;
    event.preventDefault();
    choose(to);
  });

  view.watch(["index", "head", "cell", "between", "dimensions"], update);
  view.watch(["dimension"], point);
  return view.dispose;
}

/**
 * The cell that the matrices' cursor is on; one that is cut off gives way to the first that is left.
 * @param {ReportData} data
 * @param {import("../state.js").State} state
 */
function cellOf(data, { index, between, cell }) {
  const { rows, cols } = data.layers[index];
  const [row, col] = cell ?? [0, 0];
  const cut = cutOf(segmentsOf(data, index), between);
  if (cut) return [cut.rows[Math.max(0, cut.rows.indexOf(row))], cut.cols[Math.max(0, cut.cols.indexOf(col))]];
  return [Math.min(row, rows - 1), Math.min(col, cols - 1)];
}
