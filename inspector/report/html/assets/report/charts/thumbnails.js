/**
 * One head as a small picture on a button: its matrix, or its strongest lines.
 */

import { LABELS, LEVELS, linesByLevel } from "../../attention/heads_order.js";
import { setAside, withMask } from "../../attention/maths.js";
import { segmentsOf, splitsOf } from "../../attention/segments.js";
import { patchOf } from "../../attention/window.js";
import { css, currentRamp } from "../../shared/colour.js";
import { el } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";
import { contextOf, picture } from "../../shared/pixels.js";
import { sinkKeys } from "../aside.js";

/** @typedef {import("../data.js").ReportData} ReportData */

/** Pixels each way of a small picture of lines. */
const LINES_SIDE = 96;

/**
 * A head's button, with room for its picture and for a number.
 * @param {ReportData} data
 * @param {number} n
 * @param {number} h
 * @returns {HTMLButtonElement}
 */
export function createThumbnail(data, n, h) {
  const { site, layer, rows } = data.layers[n];
  const reading = data.heads[data.headIndex(n, h)];
  const verdict = data.header.verification.layers[n]?.heads[h];
  const wrong = verdict === "mismatch";
  const prefix = site === "self" ? "" : `${site} `;
  const name = [
    `${prefix}layer ${layer}, head ${h}`,
    reading?.label && `mostly ${LABELS[reading.label]}`,
    reading?.entropy_bits != null && `entropy ${fixed(reading.entropy_bits, 2)} bits`,
    verdict && (verdict === "not_recomputed" ? "not recomputed" : verdict),
  ]
    .filter(Boolean)
    .join("; ");
  const shot = el("span", { class: "shot", "aria-hidden": "true" });
  for (const split of splitsOf(segmentsOf(data, n))) {
    for (const side of /** @type {const} */ (["left", "top"])) {
      const line = shot.appendChild(el("span", { class: `split ${side}` }));
      line.style[side] = `${(split / rows) * 100}%`;
    }
  }
  return el(
    "button",
    {
      type: "button",
      tabindex: "-1",
      "aria-pressed": "false",
      class: wrong ? "thumb wrong" : "thumb",
      title: name,
      "aria-label": name,
    },
    shot,
    el("span", { class: "where", "aria-hidden": "true" }, `${prefix}${layer}·${h}`),
    el("span", { class: "tag", "aria-hidden": "true" }, wrong ? "✕ differs" : (reading?.label ?? "")),
    el("span", { class: "tone", "aria-hidden": "true", hidden: true }),
  );
}

/**
 * A picture and not a canvas: the browser makes a layer of every canvas, and weighs each of them
 * against the rest of the page whenever something moves.
 * @param {ReportData} data
 * @param {{glance: string, sink: boolean}} how
 * @param {HTMLElement} button
 * @param {number} n
 * @param {number} h
 */
export function paintThumbnail(data, { glance, sink }, button, n, h) {
  const pooled = data.part(n, "thumbnail", h);
  const [, rows, cols] = data.header.blobs[`${n}.thumbnail`]?.shape ?? [];
  const all = pooled ? { rows, cols, data: Float32Array.from(pooled) } : data.shown(n, h),
    whole = pooled ? 255 : 1,
    keys = sink ? sinkKeys(data, n).map((key) => patchOf(key, data.layers[n].cols, all.cols)) : [];
  const matrix = keys.length ? setAside(all, keys).matrix : all;
  const masked = glance === "lines" ? null : data.patchesVisible(n, matrix);
  const canvas =
    glance === "lines" ? linesPicture(matrix, whole) : picture(withMask(matrix, masked), "amount", 0, whole);
  const shot = /** @type {HTMLElement} */ (button.firstChild);
  // What is masked or set aside is left open, and the hatch behind it is seen.
  shot.style.backgroundImage = `url(${canvas.toDataURL()})${masked || keys.length ? ", var(--hatch)" : ""}`;
  shot.classList.toggle("lines", glance === "lines");
}

const drawn = document.createElement("canvas");

/**
 * Queries on the left, keys on the right.
 * @param {import("../../attention/maths.js").Matrix} matrix
 * @param {number} whole
 */
function linesPicture(matrix, whole) {
  drawn.width = drawn.height = LINES_SIDE;
  const context = contextOf(drawn, { willReadFrequently: true });
  const colours = currentRamp("amount");
  linesByLevel(matrix, whole).forEach((lines, level) => {
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
