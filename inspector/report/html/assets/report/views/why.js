/**
 * Why this number: q and k of one pair of words, dimension by dimension, and every step from there
 * to the share of attention, with this text's own numbers in it.
 */

import { largestMagnitude } from "../../attention/maths.js";
import { cutOf, segmentsOf } from "../../attention/segments.js";
import { layerName } from "../../attention/verdict_words.js";
import { barPath, dimensionOrder, explain } from "../../attention/why.js";
import { svgEl, whenNear } from "../../shared/charts.js";
import { target, toggles } from "../../shared/controls.js";
import { el, fillTo, word } from "../../shared/dom.js";
import { counted, exact, fixed, percent, tiny } from "../../shared/format.js";
import { View } from "../../shared/view.js";

/** @typedef {import("../state.js").Store} Store */
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

/**
 * @param {HTMLElement} root
 * @param {ReportData} data
 * @param {Store} store
 */
export function mountWhy(root, data, store) {
  const view = new View(root, store),
    bars = view.find("why-bars"),
    body = view.find("why-body");
  const rows = ["q", "k", "q × k"].map((kind) => barRow(kind, bars));
  toggles(view, "why-order", "dimensions");
  /** @type {{why: import("../../attention/why.js").Why, q: ArrayLike<number>, k: ArrayLike<number>, order: number[]} | null} */
  let shown = null;

  const update = whenNear(view, root, () => {
    const state = store.get(),
      { index, head } = state;
    const layer = data.layers[index],
      sides = data.sides(index);
    const [row, col] = cellOf(data, state);
    /** @param {number} i @param {"rows" | "cols"} kind */
    const name = (i, kind) => el("b", {}, "“", word(sides[kind].names[i], "clip"), "”");
    const asker = () => name(row, "rows"),
      offerer = () => name(col, "cols");
    const given = data.queryKey(index, head);
    body.hidden = !given;
    view
      .find("why-says")
      .replaceChildren(
        ...(given
          ? [
              `How much does `,
              asker(),
              ` (query, row ${row}) attend to `,
              offerer(),
              ` (key, column ${col}) in ${layerName(layer)}, head ${head}? Every step from the two words to the number:`,
            ]
          : [absent(data, index)]),
      );
    shown = null;
    if (!given) return;
    const { q, k: keys, scale, shared } = given,
      d = q.length / layer.rows;
    const visible = data.visible(index);
    const asked = q.subarray(row * d, (row + 1) * d),
      offered = keys.subarray(col * d, (col + 1) * d);
    const terms = data.scoreTerms(index, head);
    const added = terms?.added ? terms.added.subarray(row * layer.cols, (row + 1) * layer.cols) : null;
    const why = explain(asked, keys, col, scale, visible && ((j) => visible(row, j)), terms && { ...terms, added });
    shown = { why, q: asked, k: offered, order: dimensionOrder(why.products, state.dimensions) };
    const { order } = shown;
    rows[0].show(
      order.map((t) => asked[t]),
      asker(),
      "’s query q",
    );
    rows[1].show(
      order.map((t) => offered[t]),
      offerer(),
      "’s key k",
    );
    rows[2].show(
      order.map((t) => why.products[t]),
      "multiplied: q × k",
    );
    point();
    const model = data.model(index, head)?.data[row * layer.cols + col];
    view.find("why-steps").replaceChildren(
      ...steps({
        why,
        layer,
        scale,
        head,
        d,
        hasMask: Boolean(visible),
        positions: positionWords(data, index, row, col),
        model,
        asker,
        offerer,
        others: others(why.row, col).map((j) => [name(j, "cols"), ` ${percent(why.row[j])}`]),
      }),
    );
    view.find("why-note").textContent = provenance(data, index, head, shared);
  });

  /** Say and mark the chosen dimension; without one, that of the largest product. */
  function point() {
    if (!shown) return;
    const { why, q, k, order } = shown;
    const t = chosen();
    const at = order.indexOf(t);
    for (const row of rows) row.mark(at);
    const text = `dimension ${t}: q ${fixed(q[t], 4)} × k ${fixed(k[t], 4)} = ${fixed(why.products[t], 4)}`;
    view.find("why-dimension").textContent = text;
    bars.setAttribute("aria-valuemax", String(order.length - 1));
    bars.setAttribute("aria-valuenow", String(at));
    bars.setAttribute("aria-valuetext", text);
  }

  function chosen() {
    const products = shown?.why.products ?? [],
      { dimension } = store.get();
    if (dimension != null && dimension < products.length) return dimension;
    const most = largestMagnitude(products);
    return products.findIndex((p) => Math.abs(p) === most);
  }

  /** @param {number} at index in the order */
  const choose = (at) =>
    shown && store.set({ dimension: shown.order[Math.max(0, Math.min(shown.order.length - 1, at))] });
  view.listen(bars, "pointermove", (event) => {
    const { left, width } = rows[0].field.getBoundingClientRect();
    if (shown) choose(Math.floor(((event.clientX - left) / width) * shown.order.length));
  });
  view.listen(bars, "keydown", (event) => {
    if (!shown) return;
    const at = shown.order.indexOf(chosen());
    const to = target(event.key, {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      Home: 0,
      End: shown.order.length - 1,
    });
    if (to == null) return;
    event.preventDefault();
    choose(to);
  });

  view.watch(["index", "head", "cell", "between", "dimensions"], update);
  view.watch(["dimension"], point);
  return view.dispose;
}

/**
 * The cell that the matrices' cursor is on; one that is cut off gives way to the first that is left.
 * @param {ReportData} data
 * @param {import("../state.js").State} state
 */
function cellOf(data, { index, between, cell }) {
  const { rows, cols } = data.layers[index];
  const [row, col] = cell ?? [0, 0];
  const cut = cutOf(segmentsOf(data, index), between);
  if (cut) return [cut.rows[Math.max(0, cut.rows.indexOf(row))], cut.cols[Math.max(0, cut.cols.indexOf(col))]];
  return [Math.min(row, rows - 1), Math.min(col, cols - 1)];
}

/** @param {ReportData} data @param {number} index why there are no steps to show */
function absent(data, index) {
  const why = data.header.verification.reason;
  return data.layers[index].recomputed
    ? "This cannot be shown here: this layer’s attention is not the softmax of the rebuilt scores, so the page carries the attention itself and not its parts."
    : `This cannot be shown here, since the page has no q and no k: ${why ?? "nothing was rebuilt"}.`;
}

/** @param {ReportData} data @param {number} index @param {number} row @param {number} col what positions add here, in words */
function positionWords(data, index, row, col) {
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

/**
 * One row of bars, drawn as two paths.
 * @param {string} kind
 * @param {HTMLElement} parent
 */
function barRow(kind, parent) {
  const up = svgEl("path", { class: "up" }),
    down = svgEl("path", { class: "down" });
  const cursor = svgEl("rect", { y: -1, width: 1, height: 2, class: "bar-cursor" });
  const line = svgEl("path", { class: "bar-line", "vector-effect": "non-scaling-stroke" });
  const field = svgEl("svg", { preserveAspectRatio: "none" }, cursor, up, down, line);
  const title = el("span"),
    end = el("span", { class: "bar-end" });
  parent.append(
    el("div", { class: "bar-row", "data-kind": kind, "aria-hidden": "true" }, el("p", {}, title, end), field),
  );
  return {
    field,
    /** @param {number} at */
    mark: (at) => cursor.setAttribute("x", String(at)),
    /** @param {number[]} values @param {...(Node | string)} words */
    show(values, ...words) {
      const most = largestMagnitude(values);
      const heights = values.map((v) => (most ? v / most : 0));
      title.replaceChildren(...words);
      end.textContent = `up to ±${fixed(most, 2)}`;
      field.setAttribute("viewBox", `0 -1 ${values.length} 2`);
      up.setAttribute("d", barPath(heights, 1));
      down.setAttribute("d", barPath(heights, -1));
      line.setAttribute("d", `M0 0H${values.length}`);
    },
  };
}

/** @param {number[]} row @param {number} col the strongest of the row's other keys */
const others = (row, col) =>
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
function steps({ why, layer, scale, head, d, hasMask, positions, model, asker, offerer, others: strongest }) {
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
function provenance(data, index, head, shared) {
  const layer = data.layers[index];
  const first = Math.floor(head / shared) * shared;
  const captured = data.header.verification.tier === "captured";
  const turned =
    data.header.ladder.some((rung) => rung.name === "position" && rung.sites.includes(layer.site)) &&
    positionWords(data, index, 0, 0) == null;
  return [
    `Worked out on this page from ${captured ? "the model’s own q and k" : "the rebuilt q and k"}, which travel as ${layer.key_precision}` +
      `; so the weight is up to ${tiny(layer.arithmetic_error[head])} away from the model’s, over ${counted(layer.rows * layer.cols, "cell")} of this head.`,
    shared > 1 ? `Heads ${first} to ${first + shared - 1} of this layer share one k.` : "",
    captured ? "How they were made, and where the two words sit, is in them already and was not rebuilt." : "",
    turned ? "Where the two words sit is already turned into q and k." : "",
  ]
    .filter(Boolean)
    .join(" ");
}
