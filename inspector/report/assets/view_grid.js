/**
 * All heads at a glance: layers down, heads across.
 */

import { byId, el, rovingTabStop } from "inspector/dom";
import { fixed } from "inspector/format";
import { picture } from "inspector/matrix_paint";
import { segmentsOf, splitsOf } from "inspector/parts";

/** @typedef {import("inspector/state").Store} Store */
/** @typedef {import("inspector/report_data").ReportData} ReportData */

/**
 * @param {ReportData} data
 * @param {Store} store
 */
export function showGrid(data, store) {
  const grid = byId("grid");
  const widest = Math.max(...data.sites.map((site) => site.heads));
  grid.style.setProperty("--heads", String(widest));
  const corner = el("span", { class: "corner", role: "columnheader" }, "layer \\ head");
  grid.append(el("div", { class: "grid-row", role: "row" }, corner,
    ...Array.from({ length: widest }, (_, h) => el("span", { class: "axis", role: "columnheader" }, `${h}`))));

  /** @type {HTMLElement[]} in reading order */
  const buttons = [];
  const places = [];
  data.sites.forEach((site, n) => {
    const row = el("div", { class: "grid-row", role: "row" },
      el("span", { class: "axis", role: "rowheader" }, site.site === "self" ? `${site.layer}` : `${site.site} ${site.layer}`));
    for (let h = 0; h < site.heads; h++) {
      const button = thumbnail(data, n, h);
      button.addEventListener("click", () => store.set({ layer: n, head: h }));
      row.append(el("div", { role: "gridcell" }, button));
      places.push([n, h]);
      buttons.push(button);
    }
    grid.append(row);
  });

  rovingTabStop(grid, () => buttons, (at, key) => {
    const [n, h] = places[at];
    const find = (layer, head) => {
      const index = places.findIndex(([a, b]) => a === layer && b === head);
      return index < 0 ? null : index;
    };
    if (key === "ArrowRight") return find(n, h + 1);
    if (key === "ArrowLeft") return find(n, h - 1);
    if (key === "ArrowDown") return find(n + 1, h);
    if (key === "ArrowUp") return find(n - 1, h);
    if (key === "Home") return find(n, 0);
    return key === "End" ? find(n, data.sites[n].heads - 1) : null;
  });
  // The arrow keys choose as they go, as they do in a group of radio buttons.
  grid.addEventListener("focusin", (event) => {
    const at = buttons.indexOf(/** @type {HTMLElement} */ (event.target));
    if (at >= 0) store.set({ layer: places[at][0], head: places[at][1] });
  });

  let chosen = -1;
  store.watch(["layer", "head"], ({ layer, head }) => {
    buttons[chosen]?.setAttribute("aria-pressed", "false");
    if (buttons[chosen]) buttons[chosen].tabIndex = -1;
    chosen = data.headIndex(layer, head);
    buttons[chosen].setAttribute("aria-pressed", "true");
    buttons[chosen].tabIndex = 0;
  });

  const paint = () => buttons.forEach((button, at) => paintThumbnail(data, button, ...places[at]));
  paint();
  document.documentElement.addEventListener("themechange", paint);
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
  const name = [`${site === "self" ? "" : `${site} `}layer ${layer}, head ${h}`,
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
    el("span", { class: "tag", "aria-hidden": "true" }, wrong ? "✕ differs" : reading?.label ?? ""));
}

/** What a head's label means, as the end of “mostly …”. */
export const LABELS = {
  previous: "to the word before", next: "to the word after", self: "to itself",
  first: "to the first token", separator: "to the separators",
};

/**
 * A picture and not a canvas: the browser makes a layer of every canvas, and weighs each of them
 * against the rest of the page whenever something moves.
 * @param {ReportData} data
 * @param {HTMLElement} button
 * @param {number} n
 * @param {number} h
 */
function paintThumbnail(data, button, n, h) {
  const pooled = data.part(n, "thumbnail", h);
  const [, rows, cols] = data.header.blobs[`${n}.thumbnail`]?.shape ?? [];
  const canvas = pooled ? picture({ rows, cols, data: pooled }, "amount", 0, 255)
    : picture(data.shown(n, h), "amount", 0, 1);
  /** @type {HTMLElement} */ (button.firstChild).style.backgroundImage = `url(${canvas.toDataURL()})`;
}
