/**
 * All heads at a glance: layers down, heads across; or one after another, sorted by a number.
 */

import { css, currentRamp, step, tintsOf } from "../../shared/colour.js";
import { byId, el, rovingTabStop, toggles } from "../../shared/dom.js";
import { counted, fixed } from "../../shared/format.js";
import { LEVELS, amounts, ascending, linesOf } from "../../attention/heads_order.js";
import { forbid } from "../../attention/maths.js";
import { paintPixels, picture } from "../../shared/matrix_paint.js";
import { segmentsOf, splitsOf } from "../../attention/segments.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */

/** What a head's label means, as the end of “mostly …”. */
export const LABELS = {
  previous: "to the word before", next: "to the word after", self: "to itself",
  first: "to the first token", separator: "to the separators",
};
const NAMES = Object.keys(LABELS);
const ABSENT = "Agreement with this rung was not measured.";
/** Milliseconds of drawing before the page gets a breath. */
const SLICE = 20;
/** Pixels each way of a small picture of lines. */
const LINES_SIDE = 96;

/**
 * @param {ReportData} data
 * @param {Store} store
 * @returns {(by: number) => void} goes to a head before or after the chosen one, as they now stand
 */
export function showGrid(data, store) {
  const grid = byId("grid");
  const { heads, ladder } = data.header;
  const widest = Math.max(...data.sites.map((site) => site.heads));
  grid.style.setProperty("--heads", String(widest));
  const across = Array.from({ length: widest }, (_, h) => el("span", { class: "axis", role: "columnheader" }, `${h}`));
  const down = data.sites.map(({ site, layer }) =>
    el("span", { class: "axis", role: "rowheader" }, site === "self" ? `${layer}` : `${site} ${layer}`));
  /** @type {[number, number][]} in reading order, as are the buttons */
  const places = data.sites.flatMap((site, n) => Array.from({ length: site.heads }, (_, h) => [n, h]));
  const buttons = places.map(([n, h]) => thumbnail(data, n, h));
  const said = buttons.map((button) => button.title), labels = places.map((_, i) => heads[i]?.label ?? "none");
  const cells = buttons.map((button) => el("div", { role: "gridcell" }, button));
  const rows = data.sites.map((_, n) => el("div", { class: "grid-row", role: "row" }, down[n]));
  rows.unshift(el("div", { class: "grid-row", role: "row" },
    el("span", { class: "corner", role: "columnheader" }, "layer \\ head"), ...across));
  const flow = el("div", { class: "grid-flow", role: "row" });

  const count = (label) => labels.filter((one) => one === label).length;
  const measured = [["entropy", "entropy"], ["distance", "distance"],
    ["agreement", "agreement", !ladder.some((rung) => rung.measured)]];
  selects(store, "order", [["place", "layer and head"], ...measured, ["label", "what they listen to"]]);
  selects(store, "tone", [["none", "nothing"], ...measured]);
  selects(store, "label", [["", "every head"],
    ...NAMES.map((name) => [name, `${name} (${count(name)})`, !count(name)]),
    ["none", `no label (${count("none")})`, !count("none")]]);
  toggles(store, "grid-glance", "glance");
  byId("grid-forbidden").hidden = data.sites.every((_, n) => !data.visible(n));

  /** @type {number[]} the heads as they stand now */
  let line = [];
  /** @type {boolean[]} which of them are filtered out */
  let out = [];
  let sorted = false, chosen = -1, stop = 0;

  /** One way in for the Tab key: the chosen head, or the first that is not filtered out. */
  function setStop() {
    buttons[stop].tabIndex = -1;
    stop = out[chosen] ? line.find((i) => !out[i]) ?? chosen : chosen;
    buttons[stop].tabIndex = 0;
  }

  rovingTabStop(grid, () => line.map((i) => buttons[i]), (at, key) => {
    let [n, h] = places[line[at]];
    const row = line.map((_, i) => i).filter((i) => !out[line[i]] && (sorted || places[i][0] === n));
    if (key === "Home") return row[0];
    if (key === "End") return row[row.length - 1];
    const by = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[key];
    if (!by) return null;
    const wide = sorted ? cells.filter((cell) => cell.offsetTop === cells[line[0]].offsetTop).length : 0;
    do {
      [n, h] = [n + by[0], h + by[1]];
      if (sorted) at += by[0] * wide + by[1];
      else at = h >= 0 && h < data.sites[n]?.heads ? data.headIndex(n, h) : -1;
    } while (out[line[at]]);
    return at in line ? at : null;
  });
  // The arrow keys choose as they go, as they do in a group of radio buttons.
  grid.addEventListener("focusin", (event) => {
    const at = buttons.indexOf(/** @type {HTMLElement} */ (event.target));
    if (at >= 0) store.set({ layer: places[at][0], head: places[at][1] });
  });
  grid.addEventListener("click", (event) => {
    const at = buttons.indexOf(/** @type {Element} */ (event.target).closest("button"));
    if (at >= 0) store.set({ layer: places[at][0], head: places[at][1] });
  });

  store.watch(["order", "label", "rung", "tokens"], (state) => {
    const { order, label } = state;
    const by = order === "label" ? null : amounts(data, state, order);
    const place = (i) => (labels[i] === "none" ? NAMES.length : NAMES.indexOf(labels[i]));
    const next = order === "label" ? ascending(places.map((_, i) => place(i) + 1 - (heads[i]?.score ?? 0)))
      : by ? ascending(by.values) : places.map((_, i) => i);
    sorted = order === "label" || by != null;
    if (grid.firstChild !== (sorted ? flow : rows[0]) || next.some((i, at) => i !== line[at])) {
      line = next;
      line.forEach((i) => (sorted ? flow : rows[places[i][0] + 1]).append(cells[i]));
      grid.replaceChildren(...(sorted ? [flow] : rows));
    }
    out = labels.map((one) => label != null && one !== label);
    cells.forEach((cell, i) => { cell.inert = out[i]; });
    if (chosen >= 0) setStop();
    byId("grid-says").textContent = [
      order === "label" ? "Sorted by what they listen to, the clearest of each kind first."
        : by ? `Sorted by ${by.name}, ${by.order}; each is named layer·head.` : "",
      order === "agreement" && !by ? ABSENT : "",
      label == null ? "" : `${counted(count(label), "head")} of ${places.length} ${count(label) === 1 ? "stands" : "stand"} out; the others are faded.`,
    ].join(" ").trim();
  });

  store.watch(["layer", "head"], ({ layer, head }) => {
    buttons[chosen]?.setAttribute("aria-pressed", "false");
    chosen = data.headIndex(layer, head);
    buttons[chosen].setAttribute("aria-pressed", "true");
    setStop();
    across.forEach((axis, h) => axis.classList.toggle("here", h === head));
    down.forEach((axis, n) => axis.classList.toggle("here", n === layer));
  });

  let toned = false;
  const tint = () => {
    const state = store.get(), found = amounts(data, state, state.tone);
    if (!found && !toned && state.tone === "none") return;
    toned = found != null;
    byId("grid-tones").hidden = state.tone === "none";
    const there = found?.values.filter((value) => !Number.isNaN(value)) ?? [];
    const low = Math.min(...there), high = Math.max(...there), tints = tintsOf(currentRamp("amount"));
    buttons.forEach((button, i) => {
      const band = /** @type {HTMLElement} */ (button.lastChild), value = found?.values[i] ?? NaN;
      band.hidden = !found;
      band.textContent = fixed(value, 2);
      const { paper, ink } = Number.isNaN(value) ? { paper: "", ink: "" } : tints[step(value, low, high)];
      band.style.background = paper;
      band.style.color = ink;
      button.setAttribute("aria-label", said[i] + (found ? `; ${found.name} ${fixed(value, 2)}` : ""));
    });
    const [from, bar, to] = byId("grid-tones").children;
    paintPixels(/** @type {any} */ (bar), Array.from({ length: 256 }, (_, i) => i), "amount", 0, 255);
    from.textContent = found ? fixed(low, 2) : "";
    /** @type {HTMLElement} */ (bar).hidden = !found;
    to.textContent = found ? `${fixed(high, 2)}${found.unit}: ${found.name}, measured when the report was made`
      : ABSENT;
  };
  store.watch(["tone", "rung", "tokens"], tint);

  let turn = 0;
  const paint = () => {
    const mine = ++turn, { glance } = store.get();
    let at = 0;
    byId("grid-lede").hidden = glance === "lines";
    byId("grid-lines").hidden = glance !== "lines";
    const slice = () => {
      const end = performance.now() + SLICE;
      while (mine === turn && at < buttons.length && performance.now() < end) paintThumbnail(data, glance, buttons[at], ...places[at++]);
      if (mine === turn && at < buttons.length) setTimeout(slice);
    };
    slice();
  };
  store.watch(["glance"], paint);
  document.documentElement.addEventListener("themechange", () => { paint(); tint(); });

  return (by) => {
    const there = line.filter((i) => !out[i] || i === chosen);
    const next = there[there.indexOf(chosen) + by];
    if (next == null) return;
    store.set({ layer: places[next][0], head: places[next][1] });
    if (grid.contains(document.activeElement)) buttons[next].focus();
  };
}

/**
 * @param {Store} store
 * @param {string} key
 * @param {any[][]} options value, words, and true for what cannot be chosen
 */
function selects(store, key, options) {
  const select = /** @type {HTMLSelectElement} */ (byId(`grid-${key}`));
  select.append(...options.map(([value, text, disabled]) => el("option", { value, disabled }, text)));
  select.addEventListener("change", () => store.set({ [key]: select.value || null }));
  store.watch([key], (state) => { select.value = state[key] ?? ""; });
}

/**
 * @param {ReportData} data
 * @param {number} n
 * @param {number} h
 * @returns {HTMLElement}
 */
function thumbnail(data, n, h) {
  const { site, layer, rows } = data.sites[n];
  const reading = data.header.heads[data.headIndex(n, h)];
  const verdict = data.header.verification.layers[n]?.heads[h];
  const wrong = verdict === "mismatch";
  const prefix = site === "self" ? "" : `${site} `;
  const name = [`${prefix}layer ${layer}, head ${h}`,
    reading?.label && `mostly ${LABELS[reading.label]}`,
    reading?.entropy_bits != null && `entropy ${fixed(reading.entropy_bits, 2)} bits`,
    verdict && (verdict === "not_recomputed" ? "not recomputed" : verdict)].filter(Boolean).join("; ");
  const shot = el("span", { class: "shot", "aria-hidden": "true" });
  for (const split of splitsOf(segmentsOf(data, n))) {
    for (const side of ["left", "top"]) {
      const line = shot.appendChild(el("span", { class: `split ${side}` }));
      line.style[side] = `${(split / rows) * 100}%`;
    }
  }
  return el("button", { type: "button", tabindex: "-1", "aria-pressed": "false", class: wrong ? "thumb wrong" : "thumb", title: name, "aria-label": name },
    shot,
    el("span", { class: "where", "aria-hidden": "true" }, `${prefix}${layer}·${h}`),
    el("span", { class: "tag", "aria-hidden": "true" }, wrong ? "✕ differs" : reading?.label ?? ""),
    el("span", { class: "tone", "aria-hidden": "true", hidden: true }));
}

/**
 * A picture and not a canvas: the browser makes a layer of every canvas, and weighs each of them
 * against the rest of the page whenever something moves.
 * @param {ReportData} data
 * @param {string} glance
 * @param {HTMLElement} button
 * @param {number} n
 * @param {number} h
 */
function paintThumbnail(data, glance, button, n, h) {
  const pooled = data.part(n, "thumbnail", h);
  const [, rows, cols] = data.header.blobs[`${n}.thumbnail`]?.shape ?? [];
  const matrix = pooled ? { rows, cols, data: pooled } : data.shown(n, h), whole = pooled ? 255 : 1;
  const barred = glance === "lines" ? null : data.patchesHeard(n, matrix);
  const canvas = glance === "lines" ? linesPicture(matrix, whole) : picture(forbid(matrix, barred), "amount", 0, whole);
  const shot = /** @type {HTMLElement} */ (button.firstChild);
  // What is forbidden is left open, and the hatch behind it is seen.
  shot.style.backgroundImage = `url(${canvas.toDataURL()})${barred ? ", var(--hatch)" : ""}`;
  shot.classList.toggle("lines", glance === "lines");
}

const drawn = document.createElement("canvas");

/**
 * Who listens on the left, to whom on the right.
 * @param {import("../../attention/maths.js").Matrix} matrix
 * @param {number} whole
 */
function linesPicture(matrix, whole) {
  drawn.width = drawn.height = LINES_SIDE;
  const context = /** @type {CanvasRenderingContext2D} */ (drawn.getContext("2d", { willReadFrequently: true }));
  const colours = currentRamp("amount");
  linesOf(matrix, whole).forEach((lines, level) => {
    context.beginPath();
    for (const [i, j] of lines) {
      context.moveTo(0, ((i + 0.5) / matrix.rows) * LINES_SIDE);
      context.lineTo(LINES_SIDE, ((j + 0.5) / matrix.cols) * LINES_SIDE);
    }
    context.strokeStyle = css(colours, Math.round((LEVELS[level] + 0.2) * 255));
    context.lineWidth = 1 + level * 0.7;
    context.stroke();
  });
  return drawn;
}
