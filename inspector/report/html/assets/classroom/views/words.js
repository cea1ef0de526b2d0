/**
 * Three words of a real sentence as a class of three, on three rungs of the ladder.
 */

import { toggles } from "../../shared/controls.js";
import { el } from "../../shared/dom.js";
import { percent } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { createHeat, heatClass, markCells, pointed, rangeOf } from "../heat.js";
import { editMarks, markInput } from "../mark_inputs.js";
import { products, softmax, unfolded } from "../study.js";
import { unfoldTable } from "../unfold.js";
import { listeningWords, written } from "../write.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../data.js").Cards} Cards */

/** A dimension of a card is a number of a model; nobody needs one beyond this. */
const MOST = 1000;

/**
 * What each rung adds, in the ladder's words.
 * @type {Record<State["step"], (cards: Cards) => {button: string, scores: string, weights: string, adds: string}>}
 */
const STEPS = {
  softmax: () => ({
    button: "1 · softmax(X·Xᵀ)",
    scores: "R = X·Xᵀ",
    weights: "softmax(X·Xᵀ)",
    adds: "The classroom with a softmax: cards multiplied with cards.",
  }),
  scaled: ({ asks: [{ length }] }) => ({
    button: `2 · ÷ √${length}`,
    scores: `R = X·Xᵀ/√${length}`,
    weights: `softmax(X·Xᵀ/√${length})`,
    adds: "A temperature, so that the best match does not take all.",
  }),
  learned: ({ asks: [{ length }] }) => ({
    button: `3 · q·kᵀ ÷ √${length}`,
    scores: `R = q·kᵀ/√${length}`,
    weights: `softmax(q·kᵀ/√${length})`,
    adds: "Learned queries and keys, of one head: what a word asks for differs from what it offers.",
  }),
};
const NAMES = /** @type {State["step"][]} */ (Object.keys(STEPS));

/** @param {State} state */
const cardsOf = (state) => (state.step === "learned" ? state.learned : state.states);

/** @param {State} state */
function computed(state) {
  const cards = cardsOf(state),
    sums = products(cards.asks, cards.offers),
    by = state.step === "softmax" ? 1 : Math.sqrt(cards.asks[0].length);
  const scores = sums.map((row) => row.map((sum) => sum / by));
  return { cards, sums, by, scores, A: softmax(scores) };
}

/**
 * An empty table that heat is drawn in.
 * @param {string} id
 */
const heatTable = (id) => el("table", { id, class: "heat" }, el("caption", {}), el("thead", {}, el("tr")), el("tbody"));

/** @param {HTMLTableElement} table @param {string} label */
function scrolling(table, label) {
  return el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": label }, table);
}

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ClassroomData} data
 * @param {import("../state.js").Store} store
 */
export function mountWords(root, data, store) {
  const view = new View(root, store),
    { words, header } = data,
    names = header.words ?? [];
  if (!words) return view.dispose;
  const asking = heatTable("words-asks"),
    offering = heatTable("words-offers"),
    scored = heatTable("words-r"),
    weighed = heatTable("words-a");
  const says = el("p", { id: "words-says", class: "says", role: "status" }),
    told = el("p", { id: "words-told", class: "note" }),
    wrong = el("p", { class: "note", role: "status" }),
    unfold = el("div", { id: "words-unfold" }),
    reset = el("button", { type: "button", class: "pill", id: "words-reset" }, "Reset the words"),
    offers = scrolling(offering, "What the words offer");
  root.replaceChildren(
    el(
      "div",
      { class: "toggles" },
      el(
        "div",
        { id: "words-step", role: "group", "aria-label": "Rung of the ladder" },
        ...NAMES.map((name) =>
          el(
            "button",
            { type: "button", "data-value": name },
            STEPS[name](name === "learned" ? words.learned : words.states).button,
          ),
        ),
      ),
    ),
    says,
    el("div", { class: "cards" }, scrolling(asking, "What the words bring, or ask for"), offers),
    told,
    el(
      "div",
      { class: "meeting" },
      el("div", { class: "cards" }, scrolling(scored, "Scores"), scrolling(weighed, "Attention weights")),
      unfold,
    ),
    el("p", { class: "buttons" }, reset),
    wrong,
  );
  toggles(view, "words-step", "step");

  /** @type {Record<"asks" | "offers", HTMLInputElement[][]>} */
  const inputs = { asks: [], offers: [] };
  /** @type {(table: HTMLTableElement, side: "asks" | "offers") => void} */
  const edit = (table, side) =>
    editMarks(view, table, {
      inputs: () => inputs[side],
      mark: (i, k) => {
        const cards = cardsOf(store.get());
        return Number(cards[side][i][cards.shown[k]].toFixed(3));
      },
      change(i, k, mark) {
        const state = store.get(),
          key = state.step === "learned" ? "learned" : "states",
          cards = state[key],
          fits = Number.isFinite(mark) && Math.abs(mark) <= MOST;
        wrong.textContent = fits ? "" : `A dimension is a number from −${MOST} to ${MOST}; it is as it was.`;
        if (!fits) return false;
        const changed = cards[side].map((row, a) =>
          a === i ? row.map((x, d) => (d === cards.shown[k] ? mark : x)) : row,
        );
        // A hidden state is one card, whoever asks.
        store.set({
          [key]: { ...cards, ...(key === "states" ? { asks: changed, offers: changed } : { [side]: changed }) },
        });
        return true;
      },
      enter: (i) => {
        const [a, b] = store.get().wordPair;
        store.set({ wordPair: side === "asks" ? [i, b === i ? (i + 1) % names.length : b] : [a, i] });
      },
    });
  edit(asking, "asks");
  edit(offering, "offers");
  view.listen(reset, "click", () => store.set({ ...words }));

  /**
   * @param {HTMLTableElement} table
   * @param {"asks" | "offers"} side
   * @param {Cards} cards
   * @param {string} title
   */
  function build(table, side, cards, title) {
    const others = cards[side][0].length - cards.shown.length;
    /** @type {HTMLElement} */ (table.caption).textContent = title;
    table.tHead?.rows[0].replaceChildren(
      el("td"),
      ...cards.shown.map((d) => el("th", { scope: "col" }, String(d))),
      el("th", { scope: "col" }, `+${others}`),
    );
    inputs[side] = names.map((name) => cards.shown.map((d) => markInput(`${name}, dimension ${d}`, 0)));
    table.tBodies[0].replaceChildren(
      ...names.map((name, i) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, name),
          ...inputs[side][i].map((input) => el("td", {}, input)),
          el("td", { class: "own" }, "…"),
        ),
      ),
    );
  }

  /** @param {"asks" | "offers"} side @param {Cards} cards */
  function fill(side, cards) {
    const seen = cards[side].map((row) => cards.shown.map((d) => row[d])),
      most = Math.max(...seen.flat().map(Math.abs));
    for (const [i, row] of inputs[side].entries()) {
      for (const [k, input] of row.entries()) {
        const mark = seen[i][k];
        if (input !== document.activeElement) input.value = String(Number(mark.toFixed(3)));
        /** @type {HTMLElement} */ (input.parentElement).className = `${heatClass(mark, [-most, most])} typed`;
      }
    }
  }

  const scores = createHeat(scored),
    weights = createHeat(weighed);
  /** The rung that was shown last. */
  let shown = "";
  for (const table of [asking, offering]) table.classList.add("both");
  view.watch(["step"], (state) => {
    const cards = cardsOf(state),
      learned = state.step === "learned";
    build(asking, "asks", cards, learned ? "q: what each word asks for" : "X: what each word brings");
    offers.hidden = !learned;
    if (learned) build(offering, "offers", cards, "k: what each word offers");
  });
  view.watch(["step", "states", "learned"], (state) => {
    const { cards, scores: R, A } = computed(state),
      { scores: title, weights: other, adds } = STEPS[state.step](cards);
    fill("asks", cards);
    if (state.step === "learned") fill("offers", cards);
    /** @type {HTMLElement} */ (scored.caption).textContent = title;
    /** @type {HTMLElement} */ (weighed.caption).textContent = `A = ${other}`;
    const anew = shown !== state.step;
    shown = state.step;
    scores.show({ rows: names, cols: names, values: R, range: rangeOf(R), anew });
    weights.show({ rows: names, cols: names, values: A, range: [0, 1], whole: true, anew });
    says.replaceChildren(`${adds} `, el("b", {}, listeningWords(A, names).text));
  });
  view.watch(["step", "states", "learned", "wordPair"], (state) => {
    const { cards, sums, by } = computed(state),
      [i, j] = state.wordPair,
      a = cards.asks[i],
      b = cards.offers[j];
    const parts = unfolded(a, b, cards.shown),
      others = a.length - cards.shown.length;
    markCells(scores.cells(), state.wordPair, []);
    told.textContent =
      `Shown are the ${cards.shown.length} of ${a.length} dimensions that most of all nine sums rest on; in ${names[i]} × ${names[j]}` +
      ` they are ${percent(parts.told)} of what is added up, whatever its sign. All ${a.length} are computed with.`;
    unfold.replaceChildren(
      unfoldTable({
        names: [names[i], names[j]],
        lines: cards.shown.map((d, k) => ({ name: `dimension ${d}`, a: a[d], b: b[d], product: parts.each[k] })),
        rest: { name: `${others} other dimensions`, value: parts.rest },
        sum: sums[i][j],
        scaled: by === 1 ? null : { name: `÷ √${a.length} = ÷ ${written(by)}`, value: sums[i][j] / by },
      }),
    );
  });
  pointed(view, scored, scores.cells, (i, j) => store.set({ wordPair: [i, j] }));
  return view.dispose;
}
