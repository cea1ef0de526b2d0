/**
 * One head from far: what stretches give to stretches.
 */

import { largestMagnitude } from "../../attention/maths.js";
import { createMatrix } from "../../report/charts/matrix.js";
import { fixed, percent, shorten } from "../../shared/format.js";
import { View } from "../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").LongData} data
 * @param {import("../state.js").Store} store
 */
export function mountFlow(root, data, store) {
  const view = new View(root, store),
    { spans } = data.header;
  const panel = createMatrix(view, { onCursor: (row, col) => store.set({ from: row, to: col }) });
  view.find("flow-box").append(panel.element);
  const names = spans.map(({ name }, at) => `${at} ${name}`);
  /** @type {import("../../attention/maths.js").Matrix | null} */
  let matrix = null;
  const say = () => {
    const { from, to } = store.get();
    panel.moveCursor(from, to);
    if (!matrix) return;
    const later = data.header.layers[store.get().layer].causal && to > from;
    view.find("flow-says").textContent = later
      ? `“${shorten(spans[to].name, 40)}” comes later than “${shorten(spans[from].name, 40)}”, and cannot be heard there.`
      : `“${shorten(spans[from].name, 40)}” gives ${percent(matrix.data[from * matrix.cols + to])} of its attention to ` +
        `“${shorten(spans[to].name, 40)}”.`;
  };
  view.watch(["layer", "head"], async ({ layer, head }) => {
    view.find("flow-title").textContent = `Layer ${layer}, head ${head}, from far`;
    const found = await data.flow(layer, head);
    const now = store.get();
    if (view.disposed || now.layer !== layer || now.head !== head) return;
    matrix = found;
    // What everybody gives to the first token, to a sink and to what stands beside them would leave no colour for the rest.
    const aside = new Set([0, ...data.header.sinks.map(({ index }) => data.stretchOf[index])]);
    const others = found.data.filter((_, i) => {
      const [row, col] = [Math.floor(i / found.cols), i % found.cols];
      return !aside.has(col) && Math.abs(row - col) > 1;
    });
    const high = largestMagnitude(others) || 1;
    panel.caption("attention", "", ["0", `${fixed(high, 3)} and more`], "");
    panel.draw({
      matrix: found,
      scale: "amount",
      low: 0,
      high,
      rowLabels: names,
      colLabels: names,
      label: `attention of stretches to stretches, ${found.rows} by ${found.cols}; use the arrow keys`,
    });
    say();
  });
  view.watch(["from", "to"], say);
  return view.dispose;
}
