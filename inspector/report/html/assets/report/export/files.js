/**
 * A view as files: a drawing, a picture, a table.
 */

import { currentRamp } from "../../shared/colour.js";
import { shorten } from "../../shared/format.js";
import { currentLook, longestLabel } from "../../shared/matrix_paint.js";
import { contextOf, picture } from "../../shared/pixels.js";
import { linesSvg } from "./lines.js";
import { drawing, EDGE, FONT, HEAD, hexOf, tag, textIn } from "./svg_text.js";

/** @typedef {import("./on_screen.js").OnScreen} OnScreen */

/** Up to this many rows and columns each cell is a shape of its own. */
const MOST_SHAPES = 64;
const FIELD = 768;
const FOOT = 44;
const STOPS = 16;
/** Milliseconds of writing before the page gets a breath. */
const SLICE = 30;

/**
 * The view as an SVG that any program opens: colours in hex, tokens as text.
 * @param {OnScreen} view
 * @returns {import("./svg_text.js").Drawn}
 */
export const svgOf = (view) => (view.lines ? linesSvg(view, view.lines) : matrixSvg(view));

/**
 * @param {OnScreen} view
 * @returns {import("./svg_text.js").Drawn}
 */
function matrixSvg({ matrix, rows, cols, gap, stepOf, ends, splits, metadata }) {
  const look = currentLook(),
    hex = hexOf(currentRamp("amount")),
    text = textIn(look);
  /** @param {string[]} names */
  const shown = (names) => names.map((name) => shorten(name, 14));
  const most = Math.max(matrix.rows, matrix.cols),
    shapes = most <= MOST_SHAPES;
  const cell = Math.max(shapes ? 12 : 2, Math.min(30, Math.floor(FIELD / most)));
  const context = contextOf(document.createElement("canvas"));
  /** @param {string[]} names */
  const room = (names) => Math.ceil(longestLabel(context, look.font, names));
  const left = EDGE + room(rows),
    top = HEAD + room(cols);
  const across = matrix.cols * cell,
    down = matrix.rows * cell;
  const width = Math.max(left + across + EDGE, 480),
    height = top + down + FOOT;
  /** @param {number} i @param {number} j */
  const missing = (i, j) => Number.isNaN(matrix.data[i * matrix.cols + j]);

  /** @type {string[]} */
  const cells = [];
  if (shapes) {
    matrix.data.forEach((value, at) => {
      const i = Math.floor(at / matrix.cols),
        j = at % matrix.cols,
        no = missing(i, j);
      cells.push(
        tag("rect", {
          class: no ? "masked" : "cell",
          x: left + j * cell,
          y: top + i * cell,
          width: cell - 1,
          height: cell - 1,
          fill: no ? look.rule : hex(Math.round(stepOf(value))),
        }),
      );
    });
  } else {
    const canvas = picture({ ...matrix, data: matrix.data.map(stepOf) }, "amount", 0, 255);
    const pixels = contextOf(canvas);
    pixels.fillStyle = look.rule;
    for (let i = 0; gap && i < matrix.rows; i++) {
      for (let j = 0, from = 0; j < matrix.cols; j = from) {
        for (from = j; from < matrix.cols && missing(i, from); ) from++;
        if (from > j) pixels.fillRect(j, i, from - j, 1);
        else from++;
      }
    }
    cells.push(
      tag("image", {
        x: left,
        y: top,
        width: across,
        height: down,
        preserveAspectRatio: "none",
        "image-rendering": "pixelated",
        href: canvas.toDataURL(),
      }),
    );
  }
  const every = Math.ceil((FONT + 1) / cell);
  /** @type {(names: string[], make: (name: string, at: number) => string) => string[]} */
  const picked = (names, make) => shown(names).map((name, i) => (i % every ? "" : make(name, (i + 0.5) * cell + 4)));
  const stops = Array.from({ length: STOPS + 1 }, (_, i) =>
    tag("stop", { offset: i / STOPS, "stop-color": hex(Math.round((i / STOPS) * 255)) }),
  );
  const y = top + down + 20;
  return drawing(width, height, look, metadata, [
    ...cells,
    tag("rect", { x: left - 0.5, y: top - 0.5, width: across, height: down, fill: "none", stroke: look.rule }),
    ...splits.rows.map((i) =>
      tag("rect", { x: left, y: top + i * cell - 1, width: across, height: 1, fill: look.second }),
    ),
    ...splits.cols.map((j) =>
      tag("rect", { x: left + j * cell - 1, y: top, width: 1, height: down, fill: look.second }),
    ),
    tag(
      "g",
      { "text-anchor": "end" },
      picked(rows, (name, at) => text(left - 6, top + at, name, { class: "row" })).join(""),
    ),
    tag(
      "g",
      {},
      picked(cols, (name, at) =>
        text(0, 0, name, { class: "column", transform: `translate(${left + at},${top - 6}) rotate(-90)` }),
      ).join(""),
    ),
    tag("linearGradient", { id: "scale" }, stops.join("")),
    text(left, y + 9, ends[0]),
    tag("rect", { x: left + 12, y, width: 120, height: 10, fill: "url(#scale)", stroke: look.rule }),
    text(left + 138, y + 9, `${ends[1]}${gap ? `; grey: ${gap}` : ""}`),
  ]);
}

/**
 * The drawing as pixels, two for each of the page's.
 * @param {OnScreen} view
 * @returns {Promise<Blob>}
 */
export async function pngOf(view) {
  const { svg, width, height } = svgOf(view);
  const image = new Image(),
    address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * width;
    canvas.height = 2 * height;
    contextOf(canvas).drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, failed) =>
      canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture came of it")))),
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}

/**
 * A name for a table: quoted, and never the beginning of a formula.
 * @param {string} name
 */
export const csvName = (name) => `"${name.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;

/**
 * The numbers as RFC 4180 has them, with all the digits that a float32 has.
 * @param {OnScreen} view
 * @returns {Promise<string>}
 */
export async function csvOf({ matrix, rows, cols }) {
  const lines = [["", ...cols].map(csvName).join(",")];
  let end = performance.now() + SLICE;
  for (let i = 0; i < matrix.rows; i++) {
    const line = [csvName(rows[i])];
    for (let j = 0; j < matrix.cols; j++) {
      const value = matrix.data[i * matrix.cols + j];
      line.push(Number.isNaN(value) ? "" : String(Number(value.toPrecision(9))));
    }
    lines.push(line.join(","));
    if (performance.now() > end) {
      await new Promise((go) => setTimeout(go));
      end = performance.now() + SLICE;
    }
  }
  return `${lines.join("\r\n")}\r\n`;
}
