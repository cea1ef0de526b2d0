/**
 * The lines of a head as a drawing to export, as they are on screen.
 */

import { heightOf, INK, lineEnds, WORD } from "../../attention/lines.js";
import { scaleOf } from "../../attention/window.js";
import { currentRamp } from "../../shared/colour.js";
import { fixed, shorten } from "../../shared/format.js";
import { currentLook, longestLabel } from "../../shared/matrix_paint.js";
import { contextOf } from "../../shared/pixels.js";
import { DASHES, OF_HEADS } from "../charts/lines.js";
import { drawing, EDGE, HEAD, hexOf, tag, textIn } from "./svg_text.js";

const MIDDLE = 320;
/** Room for a number beside a word. */
const VALUE = 34;

/**
 * @param {import("./on_screen.js").OnScreen} view
 * @param {NonNullable<import("./on_screen.js").OnScreen["lines"]>} shown
 * @returns {import("./svg_text.js").Drawn}
 */
export function linesSvg(
  { metadata },
  { rows, cols, lines, heads, named, focus, rowName, colName, weight, high, log, told },
) {
  const look = currentLook(),
    text = textIn(look),
    ink = hexOf(currentRamp("amount"))(INK),
    strength = scaleOf(0, high, log);
  const context = contextOf(document.createElement("canvas"));
  const names = [rows.map(rowName), cols.map(colName)].map((side) => side.map((name) => shorten(name, 24)));
  const room = names.map((side) => Math.ceil(longestLabel(context, look.font, side, 24)));
  const left = EDGE + room[0],
    right = left + MIDDLE,
    top = HEAD;
  const width = Math.max(right + room[1] + VALUE + EDGE, 480),
    tall = Math.max(rows.length, cols.length) * WORD;
  const at = [rows, cols].map(
    (_, which, both) => (/** @type {number} */ position) => top + heightOf(both, which, position),
  );
  const row = focus != null && rows.includes(focus) ? focus : null;
  return drawing(width, top + tall + 44 + named.length * 15, look, metadata, [
    ...(row == null
      ? []
      : [
          tag("rect", {
            x: EDGE,
            y: at[0](row) - WORD / 2,
            width: room[0] - 4,
            height: WORD,
            fill: look.second,
            "fill-opacity": 0.22,
          }),
        ]),
    ...[...lines.entries()].reverse().map(([n, [i, j, value]]) =>
      tag("path", {
        class: i === row ? "line chosen" : "line",
        d: lineEnds(left, at[0](i), right, at[1](j)),
        fill: "none",
        stroke: named.length ? OF_HEADS[heads[n]] : i === row ? look.second : ink,
        ...(named.length && heads[n] ? { "stroke-dasharray": DASHES[heads[n]].join(" ") } : {}),
        "stroke-width": 2,
        "stroke-opacity": (strength(value) / 255).toFixed(4),
      }),
    ),
    ...names[0].map((name, i) => text(left - 8, at[0](rows[i]) + 4, name, { class: "row", "text-anchor": "end" })),
    ...names[1].map((name, j) => text(right + 8, at[1](cols[j]) + 4, name, { class: "column" })),
    ...(row == null
      ? []
      : cols.map((j) =>
          text(right + room[1] + VALUE, at[1](j) + 4, Number.isNaN(weight(row, j)) ? "–" : fixed(weight(row, j)), {
            class: "value",
            "text-anchor": "end",
          }),
        )),
    ...told.map((line, i) => text(EDGE, top + tall + 16 + i * 15, shorten(line, 90))),
    ...named.map((name, i) =>
      text(EDGE, top + tall + 16 + (told.length + i) * 15, `– ${name}`, { fill: OF_HEADS[i], "font-weight": 600 }),
    ),
  ]);
}
