/**
 * One head in full: the model's attention, the rebuild, and what is between them.
 */

import { asRow, keepRow } from "../selection.js";
import { byId, el, toggles, word } from "../../shared/dom.js";
import { counted, exact, fixed, percent, signed, tiny } from "../../shared/format.js";
import { createMatrix } from "../charts/matrix.js";
import { LOG_FLOOR, forbid, largestMagnitude, setAside, totals, windowIn, zoomed } from "../../attention/maths.js";
import { PARTS, cutOf, partName, restrict, segmentsOf, splitsOf } from "../../attention/segments.js";
import { createLines } from "../charts/lines.js";
import { ICONS } from "./verdict.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */
/** @typedef {import("../../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../../attention/maths.js").Window} Window */

/** How much closer one step looks. */
const CLOSER = 1.5;

/**
 * The keys that attention rests on when a head has nothing to say: the first, and the separators.
 * @param {ReportData} data
 * @param {number} n
 * @returns {number[]}
 */
export const sinkKeys = (data, n) =>
  data.sides(n).cols.tokens.flatMap((token, j) => (j === 0 || token.special ? [j] : []));

/**
 * A head's matrices as they are asked for: NaN where there is no number, and perhaps without the sink.
 * @param {ReportData} data
 * @param {import("../state.js").State} state
 */
export function headMatrices(data, { layer, head, sink }) {
  const visible = data.visible(layer), keys = sinkKeys(data, layer);
  const ready = (matrix) => matrix && forbid(matrix, visible);
  const model = ready(data.model(layer, head)), rebuilt = ready(data.rebuilt(layer, head));
  const own = model ? null : ready(data.own(layer, head));
  const main = /** @type {Matrix} */ (model ?? own);
  if (!sink) return { model, rebuilt, difference: ready(data.difference(layer, head)), own, main, keys, hidden: null, empty: 0, visible };
  const { matrix, hidden, empty } = setAside(main, keys);
  const rest = rebuilt && setAside(rebuilt, keys).matrix;
  // Between what is left of both, since what was shipped is between the whole ones.
  const difference = rest && { ...rest, data: rest.data.map((a, i) => a - matrix.data[i]) };
  return { model: model && matrix, rebuilt: rest, difference, own: own && matrix, main: matrix, keys, hidden, empty, visible };
}

/**
 * The token whose lines are drawn, or the row at the cursor where columns are pointed at.
 * @param {ReportData} data
 * @param {import("../state.js").State} state
 * @returns {number | null}
 */
export function lineRow(data, state) {
  const { hovered, pinned, cell } = state;
  return asRow(data, state, hovered ?? pinned) ?? cell?.[0] ?? null;
}

/**
 * A window in places of tokens as one in places of what is left of a pair, or the other way round.
 * @param {import("../../attention/segments.js").Cut | null} cut
 * @param {Window | null} zoom
 * @returns {Window | null} null where nothing of it is left
 */
export function inCut(cut, zoom) {
  if (!cut || !zoom) return zoom;
  const [row, col, high, wide] = zoom;
  const span = (kept, from, n) => {
    const at = kept.flatMap((place, i) => (place >= from && place < from + n ? [i] : []));
    return [at[0], at.length];
  };
  const [[r, h], [c, w]] = [span(cut.rows, row, high), span(cut.cols, col, wide)];
  return h && w ? [r, c, h, w] : null;
}

/**
 * @param {ReportData} data
 * @param {Store} store
 */
export function showHead(data, store) {
  /** @type {import("../../attention/segments.js").Cut | null} what is left of a pair's matrix */
  let cut = null;
  /** @type {ReturnType<typeof headMatrices> & {drawn: Matrix, high: number, shape: [number, number],
   *   sums: ReturnType<typeof totals>}} what is shown */
  let now;
  const rowAt = (row) => cut?.rows[row] ?? row, colAt = (col) => cut?.cols[col] ?? col;
  /** @param {Window | null} seen */
  const onZoom = (seen) => store.set({ zoom: seen && [rowAt(seen[0]), colAt(seen[1]),
    rowAt(seen[0] + seen[2] - 1) - rowAt(seen[0]) + 1, colAt(seen[1] + seen[3] - 1) - colAt(seen[1]) + 1] });
  const onCursor = (row, col) => store.set({ cell: [rowAt(row), colAt(col)] });
  const onPick = (row) => store.set(keepRow(data, store.get(), rowAt(row)));
  const onRowCursor = (row) => store.set({ cell: [rowAt(row), store.get().cell?.[1] ?? 0] });
  const [first, second, third] = Array.from({ length: 3 }, () => createMatrix({ onCursor, onPick, onZoom }));
  const rowsOnly = createMatrix({ onCursor: onRowCursor, onPick });
  const lines = createLines({
    onRow: (row) => {
      if (row != null) onRowCursor(row);
      if (asRow(data, store.get(), 0) != null) store.set({ hovered: row == null ? null : rowAt(row) });
    },
    onCol: (col) => store.set({ cell: [lineRow(data, store.get()) ?? 0, colAt(col)] }),
    onPick,
  });
  const panels = byId("panels");
  const readout = byId("readout");
  const choice = byId("head-part");
  choice.append(...PARTS.map((part) => el("button", { type: "button", "data-value": part }, partName(part))));
  toggles(store, "head-part", "part");
  toggles(store, "head-shape", "shape");
  for (const key of ["sink", "log"]) {
    const button = byId(`head-${key}`);
    button.addEventListener("click", () => store.set({ [key]: !store.get()[key] }));
    store.watch([key], (state) => button.setAttribute("aria-pressed", String(state[key])));
  }
  first.onLayout((...field) => { if (rowsOnly.element.isConnected) drawRowErrors(...field); });

  /** @returns {Window} what is looked at, in places of what is drawn */
  const seen = () => windowIn(inCut(cut, store.get().zoom), ...now.shape);
  /** @returns {Window | undefined} the same, and undefined for all of it */
  const closer = () => {
    const part = seen();
    return part[2] < now.shape[0] || part[3] < now.shape[1] ? part : undefined;
  };
  const place = (at, kept, last) => (cut ? Math.max(0, cut[kept].indexOf(at)) : Math.min(at, last - 1));

  /** @param {number} factor 0 for all of it */
  function zoom(factor) {
    const part = seen(), [row, col] = store.get().cell ?? [0, 0];
    const r = place(row, "rows", now.shape[0]), c = place(col, "cols", now.shape[1]);
    const inside = r >= part[0] && r < part[0] + part[2] && c >= part[1] && c < part[1] + part[3];
    const centre = /** @type {[number, number]} */ (inside ? [r, c] : [part[0] + part[2] / 2, part[1] + part[3] / 2]);
    onZoom(factor ? zoomed(part, factor, centre, ...now.shape) : null);
  }
  const steps = { closer: CLOSER, wider: 1 / CLOSER, whole: 0 };
  for (const [name, factor] of Object.entries(steps)) byId(`zoom-${name}`).addEventListener("click", () => zoom(factor));
  panels.addEventListener("keydown", (event) => {
    const factor = { "+": CLOSER, "=": CLOSER, "-": 1 / CLOSER, 0: 0 }[event.key];
    // With a modifier they are the browser's own.
    if (factor === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    zoom(factor);
  });

  /** @param {number} fieldHeight @param {number} fieldTop */
  function drawRowErrors(fieldHeight, fieldTop) {
    const { layer, head } = store.get();
    const whole = data.rowError(layer, head);
    if (!whole) return;
    const errors = cut ? Float32Array.from(cut.rows, (i) => whole[i]) : whole;
    const most = largestMagnitude(errors), part = closer();
    rowsOnly.caption("model against rebuilt", "The largest difference in each row, over all keys, measured when the"
      + " report was made.", ["0", tiny(most)]);
    rowsOnly.draw({ matrix: { rows: errors.length, cols: 1, data: errors }, scale: "amount", low: 0,
      high: most, rowLabels: null, colLabels: null, fieldHeight, fieldTop, window: part && [part[0], 0, part[2], 1],
      label: "largest difference between model and rebuild in each row" });
  }

  store.watch(["layer", "head", "part", "sink", "log", "shape"], (state) => {
    const { layer, head, part, sink, log, shape } = state;
    const site = data.sites[layer];
    byId("head-title").textContent =
      `${site.site === "self" ? "L" : `${site.site[0].toUpperCase()}${site.site.slice(1)}, l`}ayer ${site.layer}, head ${head}`;
    const segments = segmentsOf(data, layer);
    choice.hidden = !segments;
    const here = cut = cutOf(segments, part);
    const kept = (matrix) => (matrix && here ? restrict(matrix, here) : matrix);
    const all = headMatrices(data, state);
    const model = kept(all.model), rebuilt = kept(all.rebuilt), difference = kept(all.difference), main = kept(all.main);
    const high = largestMagnitude(main.data);
    now = { ...all, drawn: main, high, shape: [main.rows, main.cols], sums: totals(main) };
    const sides = data.sides(layer);
    const labels = (kind) => (here ? here[kind].map((i) => sides[kind].names[i]) : sides[kind].names);
    const splits = here ? [] : splitsOf(segments);
    const gaps = sink || Boolean(all.visible);
    const common = { low: 0, high, rowLabels: labels("rows"), colLabels: labels("cols"), gaps, log,
      window: closer(), splits: { rows: splits, cols: splits }, scale: /** @type {const} */ ("amount") };
    const where = (here ? partName(part) + ", " : "")
      + `layer ${site.layer}, head ${head}, ${main.rows} by ${main.cols}; use the arrow keys, and + and − to look closer`;
    const ends = endsOf(high, log);
    const gap = [all.visible && "forbidden", sink && "set aside"].filter(Boolean).join(" or ");
    const rest = sink ? ", of what is left of each row" : "";
    const sources = /** @type {[string, string]} */ (model ? ["model", `What the model itself computed${rest}.`] : [
      "this page’s arithmetic", `softmax of the rebuilt q·k, worked out as you look; within ${tiny(site.arithmetic_error[head])}`
        + ` of the model’s own attention in every cell${sink ? ", before keys are set aside and the rest is shared out" : ""}.`]);
    sayVerdict(data, layer, head);
    saySink(all, site);

    const shown = [first];
    if (shape === "lines") {
      shown[0] = lines;
    } else if (model && rebuilt && difference) {
      second.caption("rebuilt", `The same, from the layer’s input and the weights${rest}.`, ends, gap);
      const most = largestMagnitude(difference.data);
      third.caption("difference", most ? `rebuilt − model${sink ? ", between what is left of both" : ""}, on a scale of its own.` : "rebuilt − model: none at all.",
        [most ? tiny(-most) : "0", most ? `+${tiny(most)}` : "0"], gap);
      second.draw({ ...common, matrix: rebuilt, totals: totals(rebuilt), label: `rebuilt attention, ${where}` });
      third.draw({ ...common, matrix: difference, totals: null, scale: "difference", log: false, low: -most || -1, high: most || 1,
        label: `difference, ${where}` });
      shown.push(second, third);
    } else if (site.recomputed) {
      shown.push(rowsOnly);
    }
    panels.dataset.panels = String(shown.length);
    if ([...panels.children].some((child, i) => child !== shown[i]?.element) || panels.children.length !== shown.length) {
      panels.replaceChildren(...shown.map((panel) => panel.element));
    }
    if (shape === "lines") return;
    first.caption(...sources, ends, gap);
    first.draw({ ...common, matrix: main, totals: now.sums, label: `attention, ${where}` });
  });

  store.watch(["zoom", "part", "layer"], ({ shape }) => {
    const part = seen(), near = closer();
    if (shape === "matrix") {
      for (const panel of [first, second, third]) if (panel.element.isConnected) panel.look(near);
    }
    const span = (from, n, kept) => `${kept(from)} to ${kept(from + n - 1)}`;
    byId("zoom-says").textContent = near
      ? `rows ${span(part[0], part[2], rowAt)}, columns ${span(part[1], part[3], colAt)}` : "";
    for (const name of ["wider", "whole"]) /** @type {HTMLButtonElement} */ (byId(`zoom-${name}`)).disabled = !near;
  });

  store.watch(["layer", "head", "part", "sink", "log", "shape", "zoom", "hovered", "pinned", "cell"], (state) => {
    const { layer, log, cell, shape, hovered } = state;
    if (shape !== "lines") return;
    const { rows, cols } = data.sites[layer], sides = data.sides(layer);
    const row = lineRow(data, state), [, col] = cell ?? [0, 0];
    const focus = row == null ? null : cut ? cut.rows.indexOf(row) : row;
    lines.draw({ matrix: now.drawn, window: seen(), focus, cell: [place(row ?? 0, "rows", rows), place(col, "cols", cols)],
      pointed: hovered != null, high: now.high, log,
      rowName: (i) => sides.rows.names[rowAt(i)], colName: (j) => sides.cols.names[colAt(j)],
      title: now.model ? "model" : "this page’s arithmetic",
      note: now.hidden ? "Left listens, right is listened to; the keys set aside have no lines." : "Left listens, right is listened to. Point at a word; click to keep it." });
  });

  store.watch(["layer", "head", "part", "sink", "cell"], ({ layer, head, cell, part }) => {
    if (!cell) return;
    const { rows, cols } = data.sites[layer];
    // A cell that is cut off gives way to the first one that is left.
    const r = place(cell[0], "rows", rows), c = place(cell[1], "cols", cols);
    const row = rowAt(r), col = colAt(c);
    for (const panel of [first, second, third]) panel.moveCursor(r, c);
    rowsOnly.moveCursor(r, 0);
    readout.replaceChildren(...cellWords(data, layer, head, row, col, {
      ...now, cutRow: cut && now.sums.rows[r], column: now.sums.cols[c], part: cut ? partName(part) : "" }));
  });
}

/**
 * What the two ends of a matrix's scale are called.
 * @param {number} high
 * @param {boolean} log
 * @returns {[string, string]}
 */
export const endsOf = (high, log) => (log ? [`≤ ${LOG_FLOOR}`, `${fixed(high, 3)} (log)`] : ["0", fixed(high, 3)]);

/**
 * What the check of this head came to.
 * @param {ReportData} data
 * @param {number} n
 * @param {number} head
 */
function sayVerdict({ header }, n, head) {
  const check = header.verification.layers[n];
  const verdict = check?.heads[head] ?? "not_recomputed";
  const largest = tiny(check?.max_abs_error[head]), again = check?.arbitrated[head];
  const twice = again == null ? "" : `, ${tiny(again)} when both are worked out in double precision`;
  const [title, text] = {
    verified: ["Verified", `rebuilt from the weights, this head is within ${largest} of the model’s attention in every cell.`],
    rounding: ["Verified up to rounding", `${largest} from the model’s attention in single precision${twice}.`],
    consistent: ["Consistent", `rebuilt from the model’s own q and k, this head is within ${largest} of the model’s attention in every cell${twice}.`],
    mismatch: ["Mismatch", `rebuilt from ${header.verification.tier === "captured" ? "the model’s own q and k" : "the weights"}, this head differs from the model’s attention by up to ${largest}.`],
    not_recomputed: ["Not recomputed", "this is the model’s own attention, with nothing beside it to check it against."],
  }[verdict];
  const line = byId("head-verdict");
  line.dataset.verdict = verdict;
  line.replaceChildren(el("span", { class: "icon", "aria-hidden": "true" }, ICONS[verdict]),
    el("p", {}, el("strong", {}, title), `: ${text}`));
}

/**
 * How much rests on the sink, and what became of it.
 * @param {ReturnType<typeof headMatrices>} shown
 * @param {{rows: number, cols: number}} site
 */
function saySink({ main, hidden, keys, empty }, { rows, cols }) {
  const mass = (i) => keys.reduce((sum, j) => sum + (main.data[i * cols + j] || 0), 0);
  const share = percent(totalOf(hidden ?? Array.from({ length: rows }, (_, i) => mass(i))) / rows);
  const separators = keys.length > 1 ? " and the separators" : "";
  const sink = `the first token${separators} (${keys.length} of ${counted(cols, "key")})`;
  const nothing = empty ? ` ${counted(empty, "row has", "rows have")} nothing left and ${empty > 1 ? "are" : "is"} empty.` : "";
  byId("sink-says").textContent = hidden ? `${share} of the attention is hidden, averaged over the rows: it rests on ${sink}.`
    + " Each row is shown as shares of what is left of it." + nothing
    : `${share} of this head’s attention rests on ${sink}, averaged over the rows.`;
}

/** @param {ArrayLike<number>} values */
const totalOf = (values) => Array.from(values).reduce((a, b) => a + b, 0);

/**
 * @param {ReportData} data
 * @param {number} n
 * @param {number} head
 * @param {number} row
 * @param {number} col
 * @param {ReturnType<typeof headMatrices> & {cutRow: number | null, column: number, part: string}} shown
 */
function cellWords(data, n, head, row, col, { model, rebuilt, difference, own, keys, hidden, visible, cutRow, column, part }) {
  const { cols } = data.sites[n], sides = data.sides(n);
  const at = row * cols + col;
  const errors = data.rowError(n, head);
  const total = (matrix) => {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += matrix.data[row * cols + j] || 0;
    return sum;
  };
  const sum = total(model ?? own);
  const why = visible && !visible(row, col) ? "forbidden" : hidden && keys.includes(col) ? "set aside" : "nothing left";
  const number = (matrix, write = exact) => (Number.isNaN(matrix.data[at]) ? why : write(matrix.data[at]));
  const pair = (term, value, kind) => el("div", {}, el("dt", {}, term), el("dd", { "data-value": kind }, value));
  const rest = hidden ? ", of what is left" : "";
  return [
    el("p", { class: "from-to" }, "from ", el("b", {}, word(sides.rows.names[row], "clip")), ` (row ${row}) to `,
      el("b", {}, word(sides.cols.names[col], "clip")), ` (column ${col})`),
    el("dl", {},
      model && pair(`model${rest}`, number(model), "model"),
      rebuilt && pair(`rebuilt${rest}`, number(rebuilt), "rebuilt"),
      difference && pair(`difference${rest}`, number(difference, signed), "difference"),
      own && pair(`this page’s arithmetic${rest}`, number(own), "own"),
      hidden && pair("hidden in this row", exact(hidden[row]), "hidden"),
      errors ? pair("row’s largest |model − rebuilt|", exact(errors[row]), "row-error") : null,
      pair(`row total${Math.abs(sum - 1) < 1e-3 ? ", always 1" : ""}`, fixed(sum, 6), "total"),
      rebuilt && pair("row total, rebuilt", fixed(total(rebuilt), 6), "total-rebuilt"),
      part && pair(`row total, ${part}`, fixed(cutRow, 6), "total-part"),
      pair("column total" + (part && `, ${part}`), fixed(column, 6), "column-total")),
  ];
}
