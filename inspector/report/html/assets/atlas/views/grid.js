/**
 * All heads at a glance: layers down, heads across, coloured by any measure.
 */

import { currentRamp, step, tintsOf } from "../../shared/colour.js";
import { rovingTabStop, selects, target, toggles } from "../../shared/controls.js";
import { el } from "../../shared/dom.js";
import { counted, fixed } from "../../shared/format.js";
import { paintPixels } from "../../shared/pixels.js";
import { View } from "../../shared/view.js";
import {
  GROUPS,
  groupOf,
  headName,
  headTitle,
  longName,
  namesOf,
  SHARES,
  scaleFor,
  shortName,
  unitOf,
} from "../data.js";
import { entryWords } from "../interval.js";

/** @typedef {import("../data.js").AtlasData} AtlasData */
/** @typedef {import("../state.js").Store} Store */

/** From this many heads in a row on, their numbers are written without the 0 in front. */
const MANY = 17;

/**
 * @param {HTMLElement} root
 * @param {AtlasData} data
 * @param {Store} store
 */
export function mountGrid(root, data, store) {
  const view = new View(root, store);
  const grid = view.find("grid"),
    { labels } = data.header,
    { rows } = data;
  const widest = Math.max(...rows.map((row) => row.heads.length));
  grid.style.setProperty("--heads", String(widest));
  grid.classList.toggle("many", widest >= MANY);
  grid.classList.toggle(
    "sites",
    rows.some((row) => row.site !== "self"),
  );
  const across = Array.from({ length: widest }, (_, at) =>
    el("span", { class: "axis", role: "columnheader" }, `${at}`),
  );
  const down = rows.map(({ site, layer }) =>
    el("span", { class: "axis", role: "rowheader" }, site === "self" ? `${layer}` : `${site} ${layer}`),
  );
  const cells = data.heads.map((_, h) =>
    el(
      "div",
      { role: "gridcell", class: labels[h].length ? "cell named" : "cell", tabindex: -1 },
      el("span", { class: "mark", "aria-hidden": "true" }, labels[h].map((label) => SHARES[label][1]).join("")),
      el("span", { class: "number" }),
    ),
  );
  /** @type {Map<Element, number>} */
  const number = new Map(cells.map((cell, h) => [cell, h]));
  /** @type {[number, number][]} */
  const where = [];
  rows.forEach((row, y) =>
    row.heads.forEach((h, x) => {
      where[h] = [y, x];
    }),
  );
  grid.append(
    el(
      "div",
      { class: "atlas-row", role: "row" },
      el("span", { class: "corner", role: "columnheader" }, "layer \\ head"),
      ...across,
    ),
    ...rows.map((row, y) =>
      el(
        "div",
        {
          class: y && row.site !== rows[y - 1].site ? "atlas-row apart" : "atlas-row",
          role: "row",
        },
        down[y],
        ...row.heads.map((h) => cells[h]),
      ),
    ),
  );

  selects(
    view,
    "measure",
    "measure",
    Object.entries(GROUPS).flatMap(([group, title]) =>
      data.measures
        .filter((measure) => groupOf(measure) === group)
        .map((measure) => ({ value: measure.name, text: shortName(measure), group: title })),
    ),
  );
  toggles(view, "over", "over");
  view.find("grid-marks").replaceChildren(...marks(labels));

  /** @type {string[]} what is said of each head, without its name */
  let said = [];
  const readout = view.find("readout");
  /** @param {number} h */
  const read = (h) => {
    const [site, layer, head] = data.heads[h];
    readout.replaceChildren(el("b", {}, headTitle([site, layer, head])), ` ${said[h]}`);
  };

  rovingTabStop(
    view,
    grid,
    () => cells,
    (h, key) => {
      const [y, x] = where[h],
        row = rows[y].heads;
      if (key === "Home") return row[0];
      if (key === "End") return row[row.length - 1];
      const by = target(key, { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] });
      return by ? (rows[y + by[0]]?.heads[x + by[1]] ?? null) : null;
    },
  );
  // The arrow keys choose as they go, as they do in a group of radio buttons.
  /** @param {Event} event */
  const at = (event) => {
    const cell = event.target instanceof Element ? event.target.closest(".cell") : null;
    return cell ? number.get(cell) : undefined;
  };
  /** @param {Event} event */
  const choose = (event) => {
    const h = at(event);
    if (h != null) store.set({ head: h });
  };
  view.listen(grid, "focusin", choose);
  view.listen(grid, "click", choose);
  view.listen(grid, "pointerover", (event) => {
    const h = at(event);
    if (h != null) read(h);
  });
  view.listen(grid, "pointerleave", () => read(store.get().head));

  const tint = () => {
    const { measure: name, over } = store.get();
    const measure = data.measures[data.numbers.get(name) ?? 0],
      unit = unitOf(measure);
    const values = data.values(name, over),
      scale = scaleFor(values, over);
    const tints = tintsOf(currentRamp(scale.kind));
    said = values.map((value, h) =>
      [
        `${longName(measure)} ${entryWords(data.entry(name, h), unit)}`,
        over === "beyond" ? (Number.isNaN(value) ? "no chance level" : `${fixed(value)} above chance`) : "",
        labels[h].length ? `its label: ${namesOf(labels[h])}` : "",
      ]
        .filter(Boolean)
        .join("; "),
    );
    cells.forEach((cell, h) => {
      const value = values[h],
        there = !Number.isNaN(value);
      const { paper, ink } = there ? tints[step(value, scale.low, scale.high)] : { paper: "", ink: "" };
      cell.style.background = paper;
      cell.style.color = ink;
      cell.classList.toggle("gap", !there);
      const text = there ? fixed(value, Math.abs(value) >= 9.995 ? 1 : 2) : "";
      /** @type {ChildNode} */ (cell.lastChild).textContent = widest >= MANY ? text.replace(/^(−?)0\./, "$1.") : text;
      cell.setAttribute("aria-label", `${headName(data.heads[h])}: ${said[h]}`);
    });
    const [from, bar, to] = view.find("grid-legend").children;
    paintPixels(
      /** @type {HTMLCanvasElement} */ (bar),
      Array.from({ length: 256 }, (_, i) => i),
      scale.kind,
      0,
      255,
    );
    from.textContent = fixed(scale.low, 2);
    to.textContent = `${fixed(scale.high, 2)}${unit && ` ${unit}`}: ${longName(measure)}${over === "beyond" ? ", above chance" : ""}`;
    const gaps = values.filter(Number.isNaN).length;
    view.find("measure-says").textContent = [
      groupOf(measure) === "relation"
        ? "Share of arcs that the head finds, over all sentences: the best of many heads looks better here than it is; what holds on held-out sentences stands under Relations."
        : "",
      gaps && over === "beyond"
        ? `${gaps === values.length ? "No head has" : `${counted(gaps, "head has", "heads have")} no`} chance level here: shuffling the words does not change this number.`.replace(
            "has chance",
            "has a chance",
          )
        : "",
      gaps && over === "value" ? `${counted(gaps, "head was", "heads were")} not measured.` : "",
    ]
      .join(" ")
      .trim();
    read(store.get().head);
  };
  view.watch(["measure", "over"], tint);
  view.hear("themechange", tint);

  let chosen = -1;
  view.watch(["head"], ({ head: h }) => {
    if (chosen >= 0) {
      cells[chosen].tabIndex = -1;
      cells[chosen].removeAttribute("aria-selected");
    }
    chosen = h;
    cells[h].tabIndex = 0;
    cells[h].setAttribute("aria-selected", "true");
    bringNear(grid, cells[h]);
    const [y, x] = where[h];
    across.forEach((axis, at) => axis.classList.toggle("here", at === x));
    down.forEach((axis, at) => axis.classList.toggle("here", at === y));
    read(h);
  });
  return view.dispose;
}

/**
 * Scroll a wide grid sideways, and only the grid, until a cell is in it.
 * @param {HTMLElement} grid
 * @param {HTMLElement} cell
 */
function bringNear(grid, cell) {
  if (grid.scrollWidth <= grid.clientWidth) return;
  const side = 120,
    left = cell.getBoundingClientRect().left - grid.getBoundingClientRect().left;
  if (left < side || left > grid.clientWidth - side / 2) grid.scrollLeft += left - grid.clientWidth / 2;
}

/** @param {string[][]} labels */
function marks(labels) {
  const there = Object.keys(SHARES).filter((name) => labels.some((its) => its.includes(name)));
  return there.length
    ? [
        "Marked heads give at least 40 % to one kind of token, clearly more than by chance: ",
        ...there.flatMap((name, at) => [
          at ? " · " : "",
          el("b", {}, SHARES[name][1]),
          ` ${SHARES[name][0]} (${labels.filter((its) => its.includes(name)).length})`,
        ]),
      ]
    : ["No head gives at least 40 % to one kind of token, clearly more than by chance."];
}
