/**
 * Every step from two words to the share of attention between them, in words and with the numbers of this text.
 */

import { el, fillTo } from "../../shared/dom.js";
import { counted, exact, percent, tiny } from "../../shared/format.js";
import { PRECISIONS } from "./precision.js";

/** @typedef {import("../data.js").ReportData} ReportData */
/** @typedef {import("../../shared/dom.js").Child[]} Words */

/** How many others of the row are named. */
const MOST_NAMED = 2;

/** @param {number} value with the four digits that an equation needs */
const figure = (value) => {
  const size = Math.abs(value);
  const text = size >= 1e5 || (size < 1e-3 && size > 0) ? value.toExponential(3) : value.toPrecision(4);
  return text.replaceAll("-", "−");
};

/** @param {ReportData} data @param {number} index why there are no steps to show */
export function absent(data, index) {
  const why = data.header.verification.reason;
  return data.layers[index].recomputed
    ? "This cannot be shown here: this layer’s attention is not the softmax of the rebuilt scores, so the page carries the attention itself and not its parts."
    : `This cannot be shown here, since the page has no q and no k: ${why ?? "nothing was rebuilt"}.`;
}

/** @param {ReportData} data @param {number} index @param {number} row @param {number} col what positions add here, in words */
export function positionWords(data, index, row, col) {
  /** @param {string} name */
  const has = (name) => Boolean(data.header.blobs[`${index}.${name}`]);
  const ahead = col - row;
  const where =
    ahead === 0
      ? "none, it is the word itself"
      : `${counted(Math.abs(ahead), "token")} ${ahead > 0 ? "ahead" : "back"}`;
  if (has("by_key"))
    return `ALiBi: this head’s slope times the key’s position, ${col}. In a row only the differences count, so a nearer key gets more.`;
  if (has("by_distance")) return `A number that this head has learned for the distance: ${where}.`;
  return has("distance_rows")
    ? `What q and k make, each by itself, of the distance: ${where}. Distances have vectors of their own here.`
    : null;
}

/** @param {number[]} row @param {number} col the strongest of the row's other keys */
export const others = (row, col) =>
  Array.from(row.keys())
    .filter((j) => j !== col && row[j] > 0)
    .sort((a, b) => row[b] - row[a])
    .slice(0, MOST_NAMED);

/**
 * @param {{why: import("../../attention/why.js").Why, layer: import("../../payload.js").Layer, scale: number, head: number, d: number,
 *   hasMask: boolean, positions: string | null, model: number | undefined,
 *   asker: () => Node, offerer: () => Node, others: Words[]}} known
 * @returns {Node[]}
 */
export function steps({ why, layer, scale, head, d, hasMask, positions, model, asker, offerer, others: strongest }) {
  const { softcap } = layer,
    far = tiny(layer.arithmetic_error[head]);
  const { dot, scaled, capped, added, score, masked, shift, power, sinkPower, total, share } = why;
  /** @type {(kind: string, value: number, text?: string) => HTMLElement} */
  const number = (kind, value, text = figure(value)) => el("b", { "data-why": kind }, text);
  const root = Math.abs(scale * Math.sqrt(d) - 1) < 1e-6;
  /** @param {string} of */
  const exponent = (of) => el("sup", {}, of, shift ? ` − ${figure(shift)}` : "");
  const fill = el("span", { class: "fill" });
  fillTo(fill, share);
  return [
    step(
      "Add up",
      ["q·k = ", number("dot", dot)],
      [
        `All ${d} products in one sum. It grows when `,
        offerer(),
        " offers what ",
        asker(),
        " asks for; below zero they oppose each other.",
      ],
    ),
    step(
      "Scale",
      [
        `${figure(dot)} × `,
        ...(root ? [`1/√${d} = ${figure(dot)} × `] : []),
        number("scale", scale),
        " = ",
        number(positions == null && softcap == null ? "score" : "scaled", scaled),
      ],
      [
        root
          ? "Sums over many dimensions grow large; divided by the root of their number they stay comparable."
          : "The factor that this model itself uses.",
      ],
    ),
    softcap != null &&
      step(
        "Cap",
        [
          `${figure(softcap)} · tanh(${figure(scaled)} / ${figure(softcap)}) = `,
          number(positions == null ? "score" : "capped", capped),
        ],
        [`No score of this model gets beyond ±${figure(softcap)}: large ones are bent towards it.`],
      ),
    positions != null &&
      step(
        "Add position bias",
        [`${figure(capped)} + `, number("added", added), " = ", number("score", score)],
        [positions],
      ),
    hasMask &&
      step(
        "Mask",
        [masked ? el("b", { "data-why": "mask" }, "masked") : el("b", { "data-why": "mask" }, "visible")],
        masked
          ? [asker(), " may not attend to ", offerer(), ": the score is thrown away, whatever it was."]
          : [asker(), " may attend to ", offerer(), ": the score stays."],
      ),
    step(
      "Softmax",
      masked
        ? ["masked = ", number("share", share)]
        : [
            "e",
            exponent(figure(score)),
            " / Σ e",
            exponent("score"),
            " = ",
            number("power", power),
            " / ",
            number("total", total),
            " = ",
            number("share", share),
          ],
      [
        el("span", { class: "bar", "aria-hidden": "true" }, fill),
        offerer(),
        ` gets ${percent(share)} of the attention of the row. `,
        ...(sinkPower == null
          ? []
          : [
              "Part of that total, ",
              number("sink", sinkPower),
              `, is the head’s sink, a key that is no word: ${percent(sinkPower / total)} goes there. `,
            ]),
        ...(strongest.length
          ? ["The strongest others: ", ...strongest.flatMap((words, i) => [i ? ", " : "", ...words]), "."]
          : ["There is no other key to attend to."]),
      ],
    ),
    model == null
      ? step(
          "Compared with the model",
          [`within ${far}`],
          [
            "For a text of this length the page does not carry the model’s own number. Over every cell of this head the two were at most this far apart when the report was made.",
          ],
        )
      : step(
          "Compared with the model",
          [
            number("model", model, exact(model)),
            ", a difference of ",
            number(
              "difference",
              share - model,
              share === model ? "0" : `${share > model ? "+" : ""}${tiny(share - model)}`,
            ),
          ],
          ["What the model itself computed, and these steps minus that."],
        ),
  ].filter((one) => one !== false);
}

/** @param {string} title @param {Words} equation @param {Words} words */
const step = (title, equation, words) =>
  el("li", {}, el("h3", {}, title), el("p", { class: "equation" }, ...equation), el("p", { class: "note" }, ...words));

/**
 * @param {ReportData} data
 * @param {number} index
 * @param {number} head
 * @param {number} shared how many heads use one k
 */
export function provenance(data, index, head, shared) {
  const layer = data.layers[index];
  const first = Math.floor(head / shared) * shared;
  const captured = data.header.verification.tier === "captured";
  const turned =
    data.header.ladder.some((rung) => rung.name === "position" && rung.sites.includes(layer.site)) &&
    positionWords(data, index, 0, 0) == null;
  return [
    `Worked out on this page from ${captured ? "the model’s own q and k" : "the rebuilt q and k"}, which travel ${layer.key_precision && PRECISIONS[layer.key_precision]}` +
      `; so the weight is up to ${tiny(layer.arithmetic_error[head])} away from the model’s, over ${counted(layer.rows * layer.cols, "cell")} of this head.`,
    shared > 1 ? `Heads ${first} to ${first + shared - 1} of this layer share one k.` : "",
    captured ? "How they were made, and where the two words sit, is in them already and was not rebuilt." : "",
    turned ? "Where the two words sit is already turned into q and k." : "",
  ]
    .filter(Boolean)
    .join(" ");
}
