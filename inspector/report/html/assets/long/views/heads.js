/**
 * Every head, and the strongest links between stretches.
 */

import { css, currentRamp } from "../../shared/colour.js";
import { rovingTabStop, target } from "../../shared/controls.js";
import { el, word } from "../../shared/dom.js";
import { fixed, percent } from "../../shared/format.js";
import { View } from "../../shared/view.js";

/** What a head's label is called in a sentence. */
const LABELS = {
  previous: "mostly to the token before",
  next: "mostly to the token behind",
  self: "mostly to itself",
  first: "mostly to the first token",
  separator: "mostly to the last separator",
};

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").LongData} data
 * @param {import("../state.js").Store} store
 */
export function mountHeads(root, data, store) {
  const view = new View(root, store),
    { layers, labels, links } = data.header,
    grid = view.find("grid");
  grid.style.setProperty("--heads", String(data.most));
  /** @type {HTMLButtonElement[]} */
  const cells = [];
  for (const { layer, heads } of layers) {
    const row = el(
      "div",
      { class: "change-row", role: "row" },
      el("span", { class: "axis", role: "rowheader" }, `${layer}`),
    );
    for (let head = 0; head < heads; head++) {
      const whole = data.carried.has(`${layer}.${head}`);
      const cell = el("button", {
        type: "button",
        class: whole ? "change-cell whole" : "change-cell",
        role: "gridcell",
        tabindex: "-1",
        "aria-label": `layer ${layer}, head ${head}${whole ? ", every weight" : ""}`,
        onclick: () => store.set({ layer, head }),
      });
      cells.push(cell);
      row.append(cell);
    }
    grid.append(row);
  }
  const paint = () => {
    const colours = currentRamp("amount"),
      high = Math.max(...data.written.filter((share) => !Number.isNaN(share)));
    let at = 0;
    for (const { layer, heads } of layers) {
      for (let head = 0; head < heads; head++, at++) {
        const share = data.written[layer * data.most + head];
        cells[at].style.background = css(colours, Math.round((share / high) * 255));
      }
    }
  };
  paint();
  view.hear("themechange", paint);
  rovingTabStop(
    view,
    grid,
    () => cells,
    (at, key) => {
      const to = target(key, {
        ArrowRight: at + 1,
        ArrowLeft: at - 1,
        ArrowDown: at + data.most,
        ArrowUp: at - data.most,
        Home: 0,
        End: cells.length - 1,
      });
      if (to != null && cells[to]) cells[to].click();
      return to;
    },
  );
  view.find("links").append(
    ...links.map((link) =>
      el(
        "li",
        {},
        el(
          "button",
          {
            type: "button",
            class: "change-head",
            onclick: () =>
              store.set({
                layer: link.layer,
                head: link.head,
                from: data.stretchOf[link.source_token],
                to: data.stretchOf[link.target_token],
                token: link.source_token,
              }),
          },
          el(
            "span",
            { class: "change-name" },
            word(link.source),
            " → ",
            word(link.target),
            el(
              "small",
              {},
              `layer ${link.layer}, head ${link.head}, ${Math.abs(link.source_token - link.target_token)} tokens apart`,
            ),
          ),
          el("span", { class: "value" }, fixed(link.weight, 2)),
        ),
      ),
    ),
  );
  view.watch(["layer", "head"], ({ layer, head }) => {
    const at = data.indexOf(layer, head),
      [entropy, distance] = data.readings.subarray(2 * at, 2 * at + 2),
      label = labels[at],
      share = data.written[layer * data.most + head];
    cells.forEach((cell, i) => {
      cell.setAttribute("aria-selected", String(i === at));
      cell.tabIndex = i === at ? 0 : -1;
    });
    view.find("head-says").textContent =
      `Layer ${layer}, head ${head}: ${label ? `it listens ${LABELS[label]}; ` : ""}its attention is spread over ` +
      `${fixed(entropy, 1)} bits and reaches ${fixed(distance, 0)} tokens on average; it writes ${percent(share)} of what ` +
      `its layer’s heads write.` +
      (data.carried.has(`${layer}.${head}`)
        ? ""
        : ` Its single weights are not in this page: --heads ${layer}.${head} puts them there.`);
  });
  return view.dispose;
}
