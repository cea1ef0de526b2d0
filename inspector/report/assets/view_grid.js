/**
 * All heads at a glance: layers down, heads across.
 */

import { paintPixels } from "inspector/matrix_paint";
import { byId, el, rovingTabStop } from "inspector/dom";
import { fixed } from "inspector/format";

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

  store.watch(["layer", "head"], ({ layer, head }) => {
    buttons.forEach((button, at) => {
      const chosen = places[at][0] === layer && places[at][1] === head;
      button.setAttribute("aria-pressed", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    });
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
  const { site, layer, rows, cols } = data.sites[n];
  const reading = data.header.heads[data.headIndex(n, h)];
  const verdict = data.header.verification.layers[n]?.heads[h];
  const pooled = data.header.blobs[`${n}.thumbnail`]?.shape;
  const wrong = verdict === "mismatch";
  const name = [`${site === "self" ? "" : `${site} `}layer ${layer}, head ${h}`,
    reading?.label && `mostly ${LABELS[reading.label]}`,
    reading?.entropy_bits != null && `entropy ${fixed(reading.entropy_bits, 2)} bits`,
    verdict && (verdict === "not_recomputed" ? "not recomputed" : verdict)].filter(Boolean).join("; ");
  return el("button", { type: "button", class: wrong ? "thumb wrong" : "thumb", title: name, "aria-label": name },
    el("canvas", { width: pooled?.[2] ?? cols, height: pooled?.[1] ?? rows, "aria-hidden": "true" }),
    el("span", { class: "tag", "aria-hidden": "true" }, wrong ? "✕ differs" : reading?.label ?? ""));
}

/** What a head's label means, as the end of “mostly …”. */
export const LABELS = {
  previous: "to the word before", next: "to the word after", self: "to itself",
  first: "to the first token", separator: "to the separators",
};

/**
 * @param {ReportData} data
 * @param {HTMLElement} button
 * @param {number} n
 * @param {number} h
 */
function paintThumbnail(data, button, n, h) {
  const canvas = /** @type {HTMLCanvasElement} */ (button.firstChild);
  const pooled = data.part(n, "thumbnail", h);
  if (pooled) paintPixels(canvas, pooled, "amount", 0, 255);
  else paintPixels(canvas, data.shown(n, h).data, "amount", 0, 1);
}
