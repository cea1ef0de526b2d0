/**
 * Every head, and the strongest links between stretches.
 */

import { css, currentRamp } from "../../shared/colour.js";
import { rovingTabStop, target } from "../../shared/controls.js";
import { el, word } from "../../shared/dom.js";
import { fixed, percent } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { headName, howToHave } from "../words.js";

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
  /** @type {{layer: number, head: number}[]} what each cell is of */
  const places = [];
  for (const { layer, heads } of layers) {
    const row = el(
      "div",
      { class: "change-row", role: "row" },
      el("span", { class: "axis", role: "rowheader" }, `${layer}`),
    );
    for (let head = 0; head < heads; head++) {
      const cell = el("button", {
        type: "button",
        class: "change-cell",
        role: "gridcell",
        tabindex: "-1",
        onclick: () => store.set({ layer, head }),
      });
      cells.push(cell);
      row.append(cell);
      places.push({ layer, head });
    }
    grid.append(row);
  }
  /** Mark the heads of which every weight is at hand. */
  const ring = () =>
    cells.forEach((cell, i) => {
      const { layer, head } = places[i],
        at = data.has(layer, head);
      cell.classList.toggle("whole", at === "carried");
      cell.classList.toggle("sent", at === "sent");
      cell.setAttribute("aria-label", headName(layer, head) + (at ? ", every weight" : ""));
    });
  ring();
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
  const say = () => {
    const { layer, head } = store.get(),
      at = data.indexOf(layer, head),
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
      origins(layer, head);
  };
  /** @param {number} layer @param {number} head where its single weights come from */
  const origins = (layer, head) => {
    const at = data.has(layer, head);
    if (at === "carried") return "";
    if (at === "sent") return " Its single weights, which the page leaves out, were loaded from the server.";
    return data.supply ? "" : ` Its single weights are not in this page: ${howToHave(layer, head)}.`;
  };
  view.watch(["layer", "head"], say);
  view.hear("headsent", () => {
    ring();
    say();
  });
  return view.dispose;
}
