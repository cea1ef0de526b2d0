/**
 * One stretch against another, down to single tokens, computed from the head's own queries and keys.
 */

import { largestMagnitude } from "../../attention/maths.js";
import { createMatrix } from "../../report/charts/matrix.js";
import { el, word } from "../../shared/dom.js";
import { exact, shorten, tiny } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { headName, howToHave, sentFor, whyNot } from "../words.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").LongData} data
 * @param {import("../state.js").Store} store
 */
export function mountZoom(root, data, store) {
  const view = new View(root, store),
    { spans } = data.header;
  /** @type {{data: Float32Array, row: number, col: number, cols: number} | null} */
  let shown = null;
  const panel = createMatrix(view, { onCursor: (row, col) => read(row, col) });
  view.find("zoom-box").append(panel.element);
  /** @param {number} row @param {number} col */
  function read(row, col) {
    if (!shown) return;
    panel.moveCursor(row, col);
    const [query, key] = [shown.row + row, shown.col + col];
    view
      .find("zoom-readout")
      .replaceChildren(
        el("p", {}, "“", word(data.nameOf(query)), "” to “", word(data.nameOf(key)), "”"),
        el(
          "dl",
          {},
          el("div", {}, el("dt", {}, "weight"), el("dd", {}, exact(shown.data[row * shown.cols + col]))),
          el("div", {}, el("dt", {}, "tokens"), el("dd", {}, `${query} and ${key}`)),
        ),
      );
  }
  /** @param {string} text said in place of a picture */
  const sayOnly = (text) => {
    panel.element.hidden = true;
    view.find("zoom-readout").hidden = true;
    view.find("zoom-says").textContent = text;
  };
  const draw = async () => {
    const { layer, head, from, to } = store.get(),
      [asking, heard] = [spans[from], spans[to]];
    const pair = `“${shorten(asking.name, 40)}” listening to “${shorten(heard.name, 40)}”`;
    const at = data.has(layer, head);
    if (!at && !data.supply) {
      sayOnly(
        `${pair}: this page does not have every weight of ${headName(layer, head)}. Choose a head with a ring, ${howToHave(layer, head)}.`,
      );
      return;
    }
    if (data.header.layers[layer].causal && to > from) {
      sayOnly(`${pair}: what comes later cannot be heard in this model.`);
      return;
    }
    if (!at) sayOnly(sentFor(layer, head));
    const isPast = () => {
      const now = store.get();
      return view.disposed || now.layer !== layer || now.head !== head || now.from !== from || now.to !== to;
    };
    let rows;
    try {
      rows = await data.rowsOf(layer, head, asking.start, asking.end);
    } catch (error) {
      if (!data.supply) throw error;
      if (!isPast()) sayOnly(whyNot(error));
      return;
    }
    if (!rows || isPast()) return;
    panel.element.hidden = false;
    view.find("zoom-readout").hidden = false;
    const cols = heard.end - heard.start,
      cut = new Float32Array(rows.rows * cols);
    for (let i = 0; i < rows.rows; i++) {
      cut.set(rows.data.subarray(i * rows.cols + heard.start, i * rows.cols + heard.end), i * cols);
    }
    shown = { data: cut, row: asking.start, col: heard.start, cols };
    const high = largestMagnitude(cut) || 1;
    view.find("zoom-says").textContent =
      `${pair}. Worked out on this page from the head’s queries and keys` +
      (data.has(layer, head) === "carried" ? "" : ", which were loaded from the server") +
      `, within ${tiny(rows.error)} of the forward pass in ${data.header.rows.length} rows of it.`;
    /** @param {{start: number, end: number}} of */
    const labels = (of) => Array.from({ length: of.end - of.start }, (_, i) => data.nameOf(of.start + i));
    panel.caption("attention", "", ["0", exact(high)], "");
    panel.draw({
      matrix: { rows: rows.rows, cols, data: cut },
      scale: "amount",
      low: 0,
      high,
      rowLabels: labels(asking),
      colLabels: labels(heard),
      label: `attention of ${rows.rows} tokens to ${cols}; use the arrow keys`,
    });
    const most = cut.indexOf(high);
    read(Math.max(0, Math.floor(most / cols)), Math.max(0, most % cols));
    performance.mark("zoomed");
  };
  view.watch(["layer", "head", "from", "to"], draw);
  view.hear("serverback", draw);
  return view.dispose;
}
