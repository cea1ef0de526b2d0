/**
 * All heads at a glance: layers down, heads across, folded where they are many; or one after another, sorted by a number.
 */

import { amounts, LABELS, labelsOf, NO_LABEL, standing, statisticsOf } from "../../attention/heads_order.js";
import { asksLink } from "../../attention/pair.js";
import { headsOf } from "../../attention/run_heads.js";
import { currentRamp, step, tintsOf } from "../../shared/colour.js";
import { rovingTabStop, selects, target, toggles } from "../../shared/controls.js";
import { el } from "../../shared/dom.js";
import { counted, fixed } from "../../shared/format.js";
import { paintPixels } from "../../shared/pixels.js";
import { View } from "../../shared/view.js";
import { sinkButton, sinkName } from "../aside.js";
import { createLayerRows } from "../charts/layer_rows.js";
import { createThumbnail, paintThumbnail } from "../charts/thumbnails.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */

/** @param {string} kind a statistic that there is none of */
const absent = (kind) =>
  kind === "agreement" ? "Agreement with this rung was not measured." : "This was not measured of the heads.";
/** What there is to choose where two words are asked about. */
const LINK = { value: "link", text: "the chosen link", disabled: true };
/** @type {(keyof import("../state.js").State)[]} what two words are, and whether they are asked about */
const WORDS = ["pinned", "compared", "together", "direction", "subwords", "index"];
/** Milliseconds of drawing before the page gets a breath. */
const SLICE = 20;

/**
 * @param {HTMLElement} root
 * @param {ReportData} data
 * @param {Store} store
 */
export function mountGrid(root, data, store) {
  const view = new View(root, store),
    grid = view.find("grid");
  const widest = Math.max(...data.layers.map((layer) => layer.heads));
  grid.style.setProperty("--heads", String(widest));
  const rows = createLayerRows(data, widest, () => paint()),
    { across, down, folds } = rows;
  const heads = headsOf(data),
    labels = labelsOf(data);
  const buttons = heads.map(([index, head]) => createThumbnail(data, index, head));
  const described = buttons.map((button) => button.title);
  const cells = buttons.map((button) => el("div", { role: "gridcell" }, button));
  const flow = el("div", { class: "grid-flow", role: "row" });

  /** @param {string} label */
  const count = (label) => labels.filter((one) => one === label).length;
  const measured = statisticsOf(data);
  selects(view, "grid-order", "order", [
    { value: "index", text: "layer and head" },
    ...measured,
    { value: "label", text: "what they attend to" },
    LINK,
  ]);
  selects(view, "grid-tone", "tone", [{ value: "none", text: "nothing" }, ...measured, LINK]);
  view.watch(WORDS, (state) => {
    for (const id of ["grid-order", "grid-tone"]) {
      const option = view.find(id).querySelector("[value=link]");
      option?.toggleAttribute("disabled", !asksLink(state));
    }
  });
  selects(view, "grid-label", "label", [
    { value: "", text: "every head" },
    ...Object.keys(LABELS).map((name) => ({ value: name, text: `${name} (${count(name)})`, disabled: !count(name) })),
    { value: NO_LABEL, text: `no label (${count(NO_LABEL)})`, disabled: !count(NO_LABEL) },
  ]);
  toggles(view, "grid-glance", "glance");
  toggles(view, "grid-folded", "folded");
  sinkButton(view, data, "grid-sink");
  view.find("grid-foldable").hidden = !rows.foldable;
  view.find("grid-masked").hidden = data.layers.every((_, index) => !data.visible(index));

  /** @type {number[]} the heads as they stand now */
  let line = [];
  /** @type {boolean[]} which of them are faded */
  let faded = [];
  let sorted = false,
    chosen = -1,
    stop = 0;

  let turn = 0;
  /** @type {Set<number>} heads of which no picture is drawn, or an old one */
  const stale = new Set();
  /** Draw the pictures that are to be seen and are not there, a few at a time. */
  const paint = () => {
    const mine = ++turn,
      how = store.get(),
      due = line.filter((i) => stale.has(i) && (sorted || !rows.isFolded(heads[i][0])));
    const slice = () => {
      const end = performance.now() + SLICE;
      for (; mine === turn && due.length && performance.now() < end; ) {
        const i = /** @type {number} */ (due.shift());
        stale.delete(i);
        paintThumbnail(data, how, buttons[i], ...heads[i]);
      }
      if (mine === turn && due.length) setTimeout(slice);
    };
    slice();
  };
  const repaint = () => {
    for (const i of heads.keys()) stale.add(i);
    paint();
  };

  /** One way in for the Tab key: the chosen head, or the first that is not faded. */
  function setStop() {
    buttons[stop].tabIndex = -1;
    stop = faded[chosen] ? (line.find((i) => !faded[i]) ?? chosen) : chosen;
    for (const fold of folds) fold.tabIndex = -1;
    buttons[stop].tabIndex = 0;
  }

  /**
   * Where a key goes from the number of a foldable layer, among the heads and then the numbers.
   * @param {number} n
   * @param {string} key
   */
  const besideFold = (n, key) => {
    const first = heads.findIndex(([index], i) => index === n && !faded[i]),
      to = target(key, { ArrowDown: n + 1, ArrowUp: n - 1, Home: 0, End: folds.length - 1 });
    if (to != null) return to in folds ? line.length + to : null;
    return key === "ArrowRight" && first >= 0 ? first : null;
  };
  rovingTabStop(
    view,
    grid,
    () => [...line.map((i) => buttons[i]), ...folds],
    (at, key) => {
      if (at >= line.length) return besideFold(at - line.length, key);
      let [n, h] = heads[line[at]];
      if (!sorted && h === 0 && key === "ArrowLeft") return line.length + n;
      const row = line.map((_, i) => i).filter((i) => !faded[line[i]] && (sorted || heads[i][0] === n));
      if (key === "Home") return row[0];
      if (key === "End") return row[row.length - 1];
      const by = target(key, { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] });
      if (!by) return null;
      const wide = sorted ? cells.filter((cell) => cell.offsetTop === cells[line[0]].offsetTop).length : 0;
      do {
        [n, h] = [n + by[0], h + by[1]];
        if (sorted) at += by[0] * wide + by[1];
        else at = h >= 0 && h < (data.layers[n]?.heads ?? 0) ? data.headIndex(n, h) : -1;
      } while (faded[line[at]]);
      return at in line ? at : null;
    },
  );
  // The arrow keys choose as they go, as they do in a group of radio buttons.
  /** @param {Event} event */
  const choose = ({ target: on }) => {
    const button = on instanceof Element && on.closest("button"),
      at = button ? buttons.indexOf(button) : -1;
    if (at >= 0) store.set({ index: heads[at][0], head: heads[at][1] });
  };
  /** @param {Event} event the words show the head that the mouse is on */
  const peek = ({ target: on }) => {
    const button = on instanceof Element && on.closest("button"),
      at = button ? buttons.indexOf(button) : -1;
    store.set({ peek: at < 0 ? null : heads[at] });
  };
  view.listen(grid, "pointerover", (event) => event.pointerType === "mouse" && peek(event));
  view.listen(grid, "pointerleave", () => store.set({ peek: null }));
  view.listen(grid, "focusin", choose);
  view.listen(grid, "click", (event) => {
    choose(event);
    const { index } = store.get();
    // Whoever clicks on a cell wants to see the head; who only passes by moves nothing.
    if (rows.isFolded(index) && !sorted && event.target instanceof Element && event.target.closest(".thumb")) {
      rows.setFolded(index, false);
      paint();
    }
  });

  view.watch(["order", "label", "rung", "tokens", ...WORDS], (state) => {
    const { order, label } = state,
      now = standing(data, state),
      { by } = now;
    sorted = now.sorted;
    if (grid.firstChild !== (sorted ? flow : rows.all[0]) || now.line.some((i, at) => i !== line[at])) {
      line = now.line;
      for (const i of line) {
        if (sorted) flow.append(cells[i]);
        else rows.add(heads[i][0], cells[i]);
      }
      grid.replaceChildren(...(sorted ? [flow] : rows.all));
      view.find("grid-folded").hidden = sorted || !rows.foldable;
      paint();
    }
    faded = now.faded;
    cells.forEach((cell, i) => {
      cell.inert = faded[i];
    });
    if (chosen >= 0) setStop();
    view.find("grid-says").textContent = [
      order === "label"
        ? "Sorted by what they attend to, the clearest of each kind first."
        : by
          ? `Sorted by ${by.name}, ${by.order}; each is named layer·head.`
          : "",
      !by && order !== "index" && order !== "label" ? absent(order) : "",
      label === ""
        ? ""
        : `${counted(count(label), "head")} of ${heads.length} ${count(label) === 1 ? "stands" : "stand"} out; the others are faded.`,
    ]
      .join(" ")
      .trim();
  });

  view.watch(["index", "head"], ({ index, head }) => {
    // Who steps through the heads with a letter stays in the grid, if that is where they are.
    const inside = grid.contains(document.activeElement);
    buttons[chosen]?.setAttribute("aria-pressed", "false");
    chosen = data.headIndex(index, head);
    buttons[chosen].setAttribute("aria-pressed", "true");
    setStop();
    if (inside) buttons[chosen].focus();
    across.forEach((axis, h) => axis.classList.toggle("here", h === head));
    down.forEach((axis, n) => axis.classList.toggle("here", n === index));
  });

  let toned = false;
  const tint = () => {
    const state = store.get(),
      found = amounts(data, state, state.tone);
    if (!found && !toned && state.tone === "none") return;
    toned = found != null;
    view.find("grid-tones").hidden = state.tone === "none";
    const there = found?.values.filter((value) => !Number.isNaN(value)) ?? [];
    const low = Math.min(...there),
      high = Math.max(...there),
      tints = tintsOf(currentRamp("amount"));
    buttons.forEach((button, i) => {
      const band = /** @type {HTMLElement} */ (button.lastChild),
        value = found?.values[i] ?? NaN;
      band.hidden = !found;
      band.textContent = fixed(value, found?.places);
      const { paper, ink } = Number.isNaN(value) ? { paper: "", ink: "" } : tints[step(value, low, high)];
      band.style.background = paper;
      band.style.color = ink;
      button.style.setProperty("--tone", paper || "transparent");
      button.title = described[i] + (found ? `; ${found.name} ${fixed(value, found.places)}` : "");
      button.setAttribute("aria-label", button.title);
    });
    const [from, bar, to] = view.find("grid-tones").children;
    paintPixels(
      /** @type {HTMLCanvasElement} */ (bar),
      Array.from({ length: 256 }, (_, i) => i),
      "amount",
      0,
      255,
    );
    from.textContent = found ? fixed(low, found.places) : "";
    /** @type {HTMLElement} */ (bar).hidden = !found;
    to.textContent = found
      ? `${fixed(high, found.places)}${found.unit}: ${found.name}${found.meaning ?? ""}` +
        (state.tone === "link" ? "" : ", measured when the report was made")
      : absent(state.tone);
  };
  view.watch(["tone", "rung", "tokens", ...WORDS], tint);

  view.watch(["glance", "sink"], ({ glance, sink, index }) => {
    view.find("grid-lede").hidden = glance === "lines";
    view.find("grid-lines").hidden = glance !== "lines";
    const aside = sink && sinkName(data, index);
    view.find("grid-aside").textContent = aside ? ` Set aside, and hatched too: ${aside}.` : "";
    repaint();
  });
  view.watch(["folded"], ({ folded, index }) => {
    if (rows.foldable)
      data.layers.forEach((_, n) => {
        rows.setFolded(n, folded && n !== index);
      });
    paint();
  });
  view.hear("themechange", () => {
    repaint();
    tint();
  });
  view.atEnd(() => {
    turn = -1;
  });
  return view.dispose;
}
