/**
 * A drawing as the text of an SVG file: what all exported drawings have in common.
 */

import { shorten } from "../../shared/format.js";

/** @typedef {{svg: string, width: number, height: number}} Drawn */
/** @typedef {import("../../shared/matrix_paint.js").Look} Look */

export const FONT = 11;
/** Room around the drawing. */
export const EDGE = 16;
/** Room above it for what it shows. */
export const HEAD = 96;

/** @param {unknown} text */
const escaped = (text) =>
  String(text)
    .replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`)
    .replace(/[\ufffe\uffff]/g, "\ufffd");

/**
 * @param {string} name
 * @param {Record<string, any>} attributes
 * @param {string} [inside] escaped already
 */
export const tag = (name, attributes, inside = "") =>
  `<${[name, ...Object.entries(attributes).map(([key, value]) => `${key}="${escaped(value)}"`)].join(" ")}>${inside}</${name}>`;

/**
 * Steps of a ramp as every program reads colours.
 * @param {import("../../shared/colour.js").Ramp} ramp
 * @returns {(at: number) => string}
 */
export const hexOf = (ramp) => (at) =>
  `#${[0, 1, 2].map((c) => ramp[at * 3 + c].toString(16).padStart(2, "0")).join("")}`;

/**
 * @param {Look} look
 * @returns {(x: number, y: number, content: string, more?: Record<string, any>) => string}
 */
export const textIn =
  (look) =>
  (x, y, content, more = {}) =>
    tag("text", { x, y, fill: look.muted, ...more }, escaped(content));

/**
 * @param {number} width
 * @param {number} height
 * @param {Look} look
 * @param {string[]} metadata what stands above, the title first
 * @param {string[]} body
 * @returns {Drawn}
 */
export function drawing(width, height, look, metadata, body) {
  const ink = getComputedStyle(document.body).color,
    text = textIn(look);
  const all = [
    tag("title", {}, escaped(metadata.join("; "))),
    tag("rect", { width, height, fill: look.paper }),
    text(EDGE, 28, metadata[0], { fill: ink, "font-size": 17, "font-weight": 600 }),
    ...metadata.slice(1).map((line, i) => text(EDGE, 46 + i * 15, shorten(line, 80))),
    ...body,
  ];
  const svg = tag(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      "font-family": look.font.replaceAll('"', "'"),
      "font-size": FONT,
    },
    all.join("\n"),
  );
  return { svg, width, height };
}
