/**
 * All heads at a glance: layers down, heads across, coloured by any measure.
 */

import { GROUPS, SHARES, groupOf, headName, headTitle, longName, namesOf, scaleFor, shortName, unitOf } from "../data.js";
import { entryWords } from "../interval.js";
import { currentRamp, step, tintsOf } from "../../shared/colour.js";
import { byId, el, rovingTabStop, toggles } from "../../shared/dom.js";
import { counted, fixed } from "../../shared/format.js";
import { paintPixels } from "../../shared/matrix_paint.js";

/** @typedef {import("../data.js").AtlasData} AtlasData */
/** @typedef {import("../../report/state.js").Store} Store */

/** From this many heads in a row on, their numbers are written without the 0 in front. */
const MANY = 17;

/**
 * @param {AtlasData} data
 * @param {Store} store
 */
export function showAtlasGrid(data, store) {
  const grid = byId("grid"), { labels } = data.header, { rows } = data;
  const widest = Math.max(...rows.map((row) => row.heads.length));
  grid.style.setProperty("--heads", String(widest));
  grid.classList.toggle("many", widest >= MANY);
  grid.classList.toggle("sites", rows.some((row) => row.site !== "self"));
  grid.closest(".heads-and-one")?.classList.toggle("many-heads", widest >= MANY);
  const across = Array.from({ length: widest }, (_, at) => el("span", { class: "axis", role: "columnheader" }, `${at}`));
  const down = rows.map(({ site, layer }) =>
    el("span", { class: "axis", role: "rowheader" }, site === "self" ? `${layer}` : `${site} ${layer}`));
  const cells = data.heads.map((_, h) => el("div", { role: "gridcell", class: labels[h].length ? "cell named" : "cell", tabindex: -1 },
    el("span", { class: "mark", "aria-hidden": "true" }, labels[h].map((label) => SHARES[label][1]).join("")), el("span", { class: "number" })));
  const number = new Map(cells.map((cell, h) => [cell, h]));
  const where = new Map(rows.flatMap((row, y) => row.heads.map((h, x) => [h, [y, x]])));
  grid.append(
    el("div", { class: "atlas-row", role: "row" }, el("span", { class: "corner", role: "columnheader" }, "layer \\ head"), ...across),
    ...rows.map((row, y) => el("div", {
      class: y && row.site !== rows[y - 1].site ? "atlas-row apart" : "atlas-row", role: "row",
    }, down[y], ...row.heads.map((h) => cells[h]))));

  chooser(data, store);
  toggles(store, "over", "over");
  marks(labels);

  /** @type {string[]} what is said of each head, without its name */
  let said = [];
  const readout = byId("readout");
  const read = (h) => {
    const [site, layer, head] = data.heads[h];
    readout.replaceChildren(el("b", {}, headTitle([site, layer, head])), ` ${said[h]}`);
  };

  rovingTabStop(grid, () => cells, (h, key) => {
    const [y, x] = where.get(h), row = rows[y].heads;
    if (key === "Home") return row[0];
    if (key === "End") return row[row.length - 1];
    const by = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[key];
    return by ? rows[y + by[0]]?.heads[x + by[1]] ?? null : null;
  });
  // The arrow keys choose as they go, as they do in a group of radio buttons.
  grid.addEventListener("focusin", (event) => {
    const h = number.get(event.target);
    if (h != null) store.set({ head: h });
  });
  grid.addEventListener("pointerover", (event) => {
    const h = number.get(/** @type {Element} */ (event.target).closest(".cell"));
    if (h != null) read(h);
  });
  grid.addEventListener("pointerleave", () => read(store.get().head));
  grid.addEventListener("click", (event) => {
    const cell = /** @type {Element} */ (event.target).closest(".cell");
    if (cell) store.set({ head: number.get(cell) });
  });

  const tint = () => {
    const { measure: name, over } = store.get();
    const measure = data.measures[data.numbers.get(name)], unit = unitOf(measure);
    const values = data.values(name, over), scale = scaleFor(measure, values, over);
    const tints = tintsOf(currentRamp(scale.kind));
    said = values.map((value, h) => [
      `${longName(measure)} ${entryWords(data.entry(name, h), unit)}`,
      over === "beyond" ? (Number.isNaN(value) ? "no chance level" : `${fixed(value)} above chance`) : "",
      labels[h].length ? `its label: ${namesOf(labels[h])}` : "",
    ].filter(Boolean).join("; "));
    cells.forEach((cell, h) => {
      const value = values[h], there = !Number.isNaN(value);
      const { paper, ink } = there ? tints[step(value, scale.low, scale.high)] : { paper: "", ink: "" };
      cell.style.background = paper;
      cell.style.color = ink;
      cell.classList.toggle("gap", !there);
      const text = there ? fixed(value, Math.abs(value) >= 9.995 ? 1 : 2) : "";
      cell.lastChild.textContent = widest >= MANY ? text.replace(/^(−?)0\./, "$1.") : text;
      cell.setAttribute("aria-label", `${headName(data.heads[h])}: ${said[h]}`);
    });
    const [from, bar, to] = byId("grid-legend").children;
    paintPixels(/** @type {any} */ (bar), Array.from({ length: 256 }, (_, i) => i), scale.kind, 0, 255);
    from.textContent = fixed(scale.low, 2);
    to.textContent = `${fixed(scale.high, 2)}${unit && ` ${unit}`}: ${longName(measure)}${over === "beyond" ? ", above chance" : ""}`;
    const gaps = values.filter(Number.isNaN).length;
    byId("measure-says").textContent = [
      groupOf(measure) === "relation" ? "Share of arcs that the head finds, over all sentences: the best of many heads looks better here than it is; what holds on held-out sentences stands under Relations." : "",
      gaps && over === "beyond" ? `${gaps === values.length ? "No head has" : `${counted(gaps, "head has", "heads have")} no`} chance level here: shuffling the words does not change this number.`.replace("has chance", "has a chance") : "",
      gaps && over === "value" ? `${counted(gaps, "head was", "heads were")} not measured.` : "",
    ].join(" ").trim();
    read(store.get().head);
  };
  store.watch(["measure", "over"], tint);
  document.documentElement.addEventListener("themechange", tint);

  let chosen = -1;
  store.watch(["head"], ({ head: h }) => {
    if (chosen >= 0) {
      cells[chosen].tabIndex = -1;
      cells[chosen].removeAttribute("aria-selected");
    }
    chosen = h;
    cells[h].tabIndex = 0;
    cells[h].setAttribute("aria-selected", "true");
    bringNear(grid, cells[h]);
    const [y, x] = where.get(h);
    across.forEach((axis, at) => axis.classList.toggle("here", at === x));
    down.forEach((axis, at) => axis.classList.toggle("here", at === y));
    read(h);
  });
}

/**
 * Scroll a wide grid sideways, and only the grid, until a cell is in it.
 * @param {HTMLElement} grid
 * @param {HTMLElement} cell
 */
function bringNear(grid, cell) {
  if (grid.scrollWidth <= grid.clientWidth) return;
  const side = 120, left = cell.getBoundingClientRect().left - grid.getBoundingClientRect().left;
  if (left < side || left > grid.clientWidth - side / 2) grid.scrollLeft += left - grid.clientWidth / 2;
}

/**
 * Which measure colours the grid.
 * @param {AtlasData} data
 * @param {Store} store
 */
function chooser(data, store) {
  const select = /** @type {HTMLSelectElement} */ (byId("measure"));
  for (const [group, title] of Object.entries(GROUPS)) {
    const there = data.measures.filter((measure) => groupOf(measure) === group);
    if (there.length) {
      select.append(el("optgroup", { label: title }, ...there.map((measure) => el("option", { value: measure.name }, shortName(measure)))));
    }
  }
  select.addEventListener("change", () => store.set({ measure: select.value }));
  store.watch(["measure"], (state) => { select.value = state.measure; });
}

/** @param {string[][]} labels */
function marks(labels) {
  const there = Object.keys(SHARES).filter((name) => labels.some((its) => its.includes(name)));
  byId("grid-marks").replaceChildren(...(there.length
    ? ["Marked heads give at least 40 % to one kind of token, clearly more than by chance: ",
      ...there.flatMap((name, at) => [at ? " · " : "", el("b", {}, SHARES[name][1]), ` ${SHARES[name][0]} (${labels.filter((its) => its.includes(name)).length})`])]
    : ["No head gives at least 40 % to one kind of token, clearly more than by chance."]));
}
