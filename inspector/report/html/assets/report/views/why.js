/**
 * Why this number: q and k of one pair of words, dimension by dimension, and every step from there
 * to the share of attention, with this text's own numbers in it.
 */

import { byId, el, toggles, word } from "../../shared/dom.js";
import { counted, exact, fixed, percent, tiny } from "../../shared/format.js";
import { largestMagnitude } from "../../attention/maths.js";
import { cutOf, segmentsOf } from "../../attention/segments.js";
import { svgEl, whenNear } from "../../shared/charts.js";
import { barPath, dimensionOrder, explain } from "../../attention/why.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */
/** @typedef {(Node | string | null)[]} Words */

/** How many others of the row are named. */
const MOST_NAMED = 2;

/** @param {number} value with the four digits that an equation needs */
const figure = (value) => {
  const size = Math.abs(value);
  const text = size >= 1e5 || (size < 1e-3 && size > 0) ? value.toExponential(3) : value.toPrecision(4);
  return text.replaceAll("-", "−");
};

/**
 * @param {ReportData} data
 * @param {Store} store
 */
export function showWhy(data, store) {
  const bars = byId("why-bars"), body = byId("why-body");
  const rows = ["q", "k", "q × k"].map((kind) => barRow(kind, bars));
  toggles(store, "why-order", "dimensions");
  /** @type {{why: import("../../attention/why.js").Why, q: ArrayLike<number>, k: ArrayLike<number>, order: number[]} | null} */
  let shown = null;

  const update = whenNear(byId("why"), () => {
    const state = store.get(), { layer, head } = state;
    const site = data.sites[layer], sides = data.sides(layer);
    const [row, col] = cellOf(data, state);
    const name = (i, kind) => el("b", {}, "“", word(sides[kind].names[i], "clip"), "”");
    const asker = () => name(row, "rows"), offerer = () => name(col, "cols");
    const q = data.part(layer, "query", head);
    body.hidden = !q;
    byId("why-says").replaceChildren(...(q ? [`How much does ${site.site === "self" ? "" : `${site.site} `}layer ${site.layer}, head ${head} let `, asker(),
      ` (row ${row}) listen to `, offerer(), ` (column ${col})? Every step from the two words to the number:`]
      : [absent(data, layer)]));
    shown = null;
    if (!q) return;
    const d = q.length / site.rows;
    const shared = site.heads / data.header.blobs[`${layer}.key`].shape[0];
    const keys = /** @type {Float32Array} */ (data.part(layer, "key", Math.floor(head / shared)));
    const visible = data.visible(layer);
    const asked = q.subarray(row * d, (row + 1) * d), offered = keys.subarray(col * d, (col + 1) * d);
    const beside = data.beside(layer, head);
    const added = beside?.added ? beside.added.subarray(row * site.cols, (row + 1) * site.cols) : null;
    const why = explain(asked, keys, col, site.scale, visible && ((j) => visible(row, j)), beside && { ...beside, added });
    shown = { why, q: asked, k: offered, order: dimensionOrder(why.products, state.dimensions) };
    const { order } = shown;
    rows[0].show(order.map((t) => asked[t]), "what ", asker(), " asks: q");
    rows[1].show(order.map((t) => offered[t]), "what ", offerer(), " offers: k");
    rows[2].show(order.map((t) => why.products[t]), "multiplied: q × k");
    point();
    const model = data.model(layer, head)?.data[row * site.cols + col];
    byId("why-steps").replaceChildren(...steps({ why, site, head, d, masked: Boolean(visible), placed: placing(data, layer, row, col), model, asker, offerer,
      others: others(why.row, col).map((j) => [name(j, "cols"), ` ${percent(why.row[j])}`]) }));
    byId("why-note").textContent = provenance(data, site, head, shared);
  });

  /** Say and mark the chosen dimension; without one, that of the largest product. */
  function point() {
    if (!shown) return;
    const { why, q, k, order } = shown;
    const t = chosen();
    const at = order.indexOf(t);
    for (const row of rows) row.mark(at);
    const text = `dimension ${t}: q ${fixed(q[t], 4)} × k ${fixed(k[t], 4)} = ${fixed(why.products[t], 4)}`;
    byId("why-dimension").textContent = text;
    bars.setAttribute("aria-valuemax", String(order.length - 1));
    bars.setAttribute("aria-valuenow", String(at));
    bars.setAttribute("aria-valuetext", text);
  }

  function chosen() {
    const { products } = /** @type {any} */ (shown).why, { dimension } = store.get();
    if (dimension != null && dimension < products.length) return dimension;
    const most = largestMagnitude(products);
    return products.findIndex((p) => Math.abs(p) === most);
  }

  /** @param {number} at place in the order */
  const choose = (at) => shown
    && store.set({ dimension: shown.order[Math.max(0, Math.min(shown.order.length - 1, at))] });
  bars.addEventListener("pointermove", (event) => {
    const { left, width } = rows[0].field.getBoundingClientRect();
    if (shown) choose(Math.floor(((event.clientX - left) / width) * shown.order.length));
  });
  bars.addEventListener("keydown", (event) => {
    if (!shown) return;
    const at = shown.order.indexOf(chosen());
    const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: shown.order.length - 1 }[event.key];
    if (to == null) return;
    event.preventDefault();
    choose(to);
  });

  store.watch(["layer", "head", "cell", "part", "dimensions"], update);
  store.watch(["dimension"], point);
}

/**
 * The cell that the matrices' cursor is on; one that is cut off gives way to the first that is left.
 * @param {ReportData} data
 * @param {import("../state.js").State} state
 */
function cellOf(data, { layer, part, cell }) {
  const { rows, cols } = data.sites[layer];
  const [row, col] = cell ?? [0, 0];
  const cut = cutOf(segmentsOf(data, layer), part);
  if (cut) return [cut.rows[Math.max(0, cut.rows.indexOf(row))], cut.cols[Math.max(0, cut.cols.indexOf(col))]];
  return [Math.min(row, rows - 1), Math.min(col, cols - 1)];
}

/** @param {ReportData} data @param {number} n why there are no steps to show */
function absent(data, n) {
  const why = data.header.verification.reason;
  return data.sites[n].recomputed
    ? "This cannot be shown here: this layer’s attention is not the softmax of the rebuilt scores, so the page carries the attention itself and not its parts."
    : `This cannot be shown here, since the page has no q and no k: ${why ?? "nothing was rebuilt"}.`;
}

/** @param {ReportData} data @param {number} n @param {number} row @param {number} col what positions add here, in words */
function placing(data, n, row, col) {
  const has = (name) => Boolean(data.header.blobs[`${n}.${name}`]), ahead = col - row;
  const where = ahead === 0 ? "none, it is the word itself" : `${counted(Math.abs(ahead), "token")} ${ahead > 0 ? "ahead" : "back"}`;
  if (has("by_key")) return `ALiBi: this head’s slope times the key’s place, ${col}. In a row only the differences count, so a nearer key gets more.`;
  if (has("by_distance")) return `A number that this head has learned for the distance: ${where}.`;
  return has("place_rows") ? `What q and k make, each by itself, of the distance: ${where}. Distances have vectors of their own here.` : null;
}

/**
 * One row of bars, drawn as two paths.
 * @param {string} kind
 * @param {HTMLElement} parent
 */
function barRow(kind, parent) {
  const up = svgEl("path", { class: "up" }), down = svgEl("path", { class: "down" });
  const cursor = svgEl("rect", { y: -1, width: 1, height: 2, class: "bar-cursor" });
  const line = svgEl("path", { class: "bar-line", "vector-effect": "non-scaling-stroke" });
  const field = svgEl("svg", { preserveAspectRatio: "none" }, cursor, up, down, line);
  const title = el("span"), end = el("span", { class: "bar-end" });
  parent.append(el("div", { class: "bar-row", "data-kind": kind, "aria-hidden": "true" },
    el("p", {}, title, end), field));
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
const others = (row, col) => Array.from(row.keys()).filter((j) => j !== col && row[j] > 0)
  .sort((a, b) => row[b] - row[a]).slice(0, MOST_NAMED);

/**
 * @param {{why: import("../../attention/why.js").Why, site: any, head: number, d: number, masked: boolean, placed: string | null, model: number | undefined,
 *   asker: () => Node, offerer: () => Node, others: Words[]}} known
 * @returns {Node[]}
 */
function steps({ why, site, head, d, masked, placed, model, asker, offerer, others: strongest }) {
  const { dot, scaled, capped, added, score, forbidden, shift, power, sinkPower, total, share } = why;
  const number = (kind, value, text = figure(value)) => el("b", { "data-why": kind }, text);
  const root = Math.abs(site.scale * Math.sqrt(d) - 1) < 1e-6;
  const exponent = (of) => el("sup", {}, of, shift ? ` − ${figure(shift)}` : "");
  const fill = el("span", { class: "fill" });
  fill.style.width = `${share * 100}%`;
  return [
    step("Add up", ["q·k = ", number("dot", dot)],
      [`All ${d} products in one sum: the more of what `, asker(), " asks for is offered by ", offerer(), ", the larger. Below zero they speak against each other."]),
    step("Scale", [`${figure(dot)} × `, ...(root ? [`1/√${d} = ${figure(dot)} × `] : []), number("scale", site.scale), " = ", number(placed == null && site.softcap == null ? "score" : "scaled", scaled)],
      [root ? "Sums over many dimensions grow large; divided by the root of their number they stay comparable."
        : "The factor that this model itself uses."]),
    site.softcap != null && step("Cap", [`${figure(site.softcap)} · tanh(${figure(scaled)} / ${figure(site.softcap)}) = `, number(placed == null ? "score" : "capped", capped)],
      [`No score of this model gets beyond ±${figure(site.softcap)}: large ones are bent towards it.`]),
    placed != null && step("Add positions", [`${figure(capped)} + `, number("added", added), " = ", number("score", score)], [placed]),
    masked && step("Mask", [forbidden ? el("b", { "data-why": "mask" }, "forbidden") : el("b", { "data-why": "mask" }, "allowed")],
      forbidden ? [asker(), " may not hear ", offerer(), ": the score is thrown away, whatever it was."]
        : [asker(), " may hear ", offerer(), ": the score stays."]),
    step("Make it a share", forbidden
      ? ["not heard = ", number("share", share)]
      : ["e", exponent(figure(score)), " / Σ e", exponent("score"), " = ", number("power", power), " / ", number("total", total), " = ", number("share", share)],
    [el("span", { class: "bar", "aria-hidden": "true" }, fill), offerer(), ` gets ${percent(share)} of the row’s total. `,
      ...(sinkPower == null ? [] : ["Part of that total, ", number("sink", sinkPower), `, is the head’s sink, a key that nobody is: ${percent(sinkPower / total)} goes to no word. `]),
      ...(strongest.length ? ["The strongest others: ", ...strongest.flatMap((words, i) => [i ? ", " : "", ...words]), "."] : ["There is nobody else to listen to."])]),
    model == null
      ? step("Beside the model", [`within ${tiny(site.arithmetic_error[head])}`],
        ["For a text of this length the page does not carry the model’s own number. Over every cell of this head the two were at most this far apart when the report was made."])
      : step("Beside the model", [number("model", model, exact(model)), ", a difference of ",
        number("difference", share - model, share === model ? "0" : `${share > model ? "+" : ""}${tiny(share - model)}`)],
      ["What the model itself computed; and these steps minus that."]),
  ].filter(Boolean);
}

/** @param {string} title @param {Words} equation @param {Words} words */
const step = (title, equation, words) => el("li", {}, el("h3", {}, title),
  el("p", { class: "equation" }, ...equation), el("p", { class: "note" }, ...words));

/**
 * @param {ReportData} data
 * @param {any} site
 * @param {number} head
 * @param {number} shared how many heads use one k
 */
function provenance(data, site, head, shared) {
  const first = Math.floor(head / shared) * shared;
  const captured = data.header.verification.tier === "captured";
  const turned = data.header.ladder.some((rung) => rung.name === "position" && rung.sites.includes(site.site)) && placing(data, data.sites.indexOf(site), 0, 0) == null;
  return [
    `Worked out on this page from ${captured ? "the model’s own q and k" : "the rebuilt q and k"}, which travel as ${site.key_precision}`
      + `; so the share is up to ${tiny(site.arithmetic_error[head])} away from the model’s, over ${counted(site.rows * site.cols, "cell")} of this head.`,
    shared > 1 ? `Heads ${first} to ${first + shared - 1} of this layer share one k.` : "",
    captured ? "How they were made, and where the two words sit, is in them already and was not rebuilt." : "",
    turned ? "Where the two words sit is already turned into q and k." : "",
  ].filter(Boolean).join(" ");
}
