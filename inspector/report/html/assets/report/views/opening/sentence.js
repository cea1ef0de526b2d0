/**
 * The sentence itself: hover over a word, and the others show how much it attends to them, or they
 * to it. A click pins a word, a second click compares it with another. Or every word shows what becomes of the answer
 * without it.
 */

import { tokenEffects } from "../../../attention/effects.js";
import { setAside } from "../../../attention/maths.js";
import { amountsOf, maskedOf, unitsOf } from "../../../attention/words.js";
import { css, currentRamp, step, tintsOf } from "../../../shared/colour.js";
import { along, rovingTabStop, toggles } from "../../../shared/controls.js";
import { el, word } from "../../../shared/dom.js";
import { fixed } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";
import { sinkButton, sinkKeys } from "../../aside.js";
import { bringIntoBox, lengthOf, paragraphs, titleOf } from "../../paragraphs.js";
import { blockedWords, effectOrigin, placesOf, wordEffects } from "../../words/effects.js";
import { hintOf, origin, saying, writtenWords } from "../../words/sentence.js";

/** @typedef {import("../../state.js").Store} Store */
/** @typedef {import("../../data.js").ReportData} ReportData */
/** @typedef {import("../../../attention/maths.js").Matrix} Matrix */
/** @typedef {import("../../paragraphs.js").Chip} Chip */
/** @typedef {import("../../words/sentence.js").Picture} Picture */

/** Beyond this many words a number under each would be noise. */
const MOST_NUMBERED = 48;
/** Steps of the ramp that are not worth a tint. */
const FAINTEST = 6;
/** Steps that nobody tells apart on a word: fewer words change when the head does. */
const COARSE = 6;

/**
 * @param {HTMLElement} root
 * @param {ReportData} data
 * @param {Store} store
 */
export function mountSentence(root, data, store) {
  const view = new View(root, store);
  const box = view.find("sentence"),
    says = view.find("sentence-says"),
    note = view.find("sentence-note");
  const { effects } = data.header,
    known = tokenEffects(data, data.source) != null;
  if (!known) view.find("sentence-direction").querySelector("[data-value=does]")?.remove();
  for (const key of /** @type {const} */ (["direction", "whose", "subwords"])) toggles(view, `sentence-${key}`, key);
  sinkButton(view, data, "sentence-sink");

  /** @type {Chip[]} of one text, or of the source and then of the target */
  let units = [];
  /** @type {HTMLElement[]} */
  let chips = [];
  /** @type {import("../../../attention/effects.js").Effect[]} what becomes of the answer without each of them */
  let does = [];
  /** @type {string[]} what is behind each chip, so that only what changes is touched */
  let looks = [];
  /** @type {Map<import("../../shipped.js").Side, number[]>} the unit of each token of a text */
  let unitOf = new Map();
  let several = false,
    built = "";
  /** @type {number | null} pinned here, and not by a link or by what the page opened with */
  let mine = null;
  let used = false,
    pressed = "";
  /** @type {Promise<any> | null} */
  let awaited = null;
  /** @type {{of: Matrix, rest: Matrix} | null} what was left of a matrix last, since every word that is pointed at asks */
  let left = null;
  /** @param {Matrix} matrix @param {import("../../state.js").State} state @returns {Matrix} perhaps without the sink */
  const withoutSink = (matrix, { sink, index }) => {
    if (!sink) return matrix;
    if (left?.of !== matrix) left = { of: matrix, rest: setAside(matrix, sinkKeys(data, index)).matrix };
    return left.rest;
  };
  /** Who is asked about, and who then has an amount. */
  const both = () => {
    const { index, direction } = store.get(),
      { rows, cols } = data.sides(index);
    return direction === "in" ? [cols, rows] : [rows, cols];
  };
  /** @param {number | null} token */
  const unit = (token) => (token == null ? null : (unitOf.get(both()[0])?.[token] ?? null));
  /** @param {number | null} pinned @param {number | null} compared */
  const pin = (pinned, compared) => store.set({ pinned, compared, hovered: null });
  /** @type {number | null} the word under the pointer or the keyboard, of whichever text */
  let spot = null;
  /** @param {number} u */
  const point = (u) => {
    used = true;
    spot = u;
    if (store.get().direction === "does") show();
    if (units[u].side === both()[0]) store.set({ hovered: units[u].tokens[0] });
  };
  /** @param {number} u */
  const pick = (u) => {
    const { pinned, compared, direction } = store.get(),
      [token] = units[u].tokens;
    if (direction === "does") {
      if (units[u].side === both()[0]) pin(token, null);
    } else if (units[u].side !== both()[0]) {
      // A word of the other text: the question turns round.
      mine = token;
      store.set({ direction: direction === "out" ? "in" : "out", pinned: token, compared: null, hovered: null });
    } else if (u === unit(pinned)) pin((mine = compared), null);
    else if (u === unit(compared)) pin(pinned, null);
    else if (pinned != null && (compared != null || mine === pinned)) pin(pinned, token);
    else pin((mine = token), null);
  };

  const leave = () => {
    spot = null;
    store.set({ hovered: null });
    if (store.get().direction === "does") show();
  };

  /** @param {import("../../state.js").State} state */
  const build = ({ subwords, index }) => {
    const { rows, cols } = data.sides(index),
      texts = rows === cols ? [rows] : [cols, rows];
    const now = `${subwords} ${texts.map((side) => side.name)}`;
    if (now === built) return;
    built = now;
    /** @param {boolean} by @returns {Chip[]} */
    const made = (by) =>
      texts.flatMap((side) => unitsOf(side.tokens, side.names, side, by).map((one) => ({ ...one, side })));
    const whole = made(false),
      single = made(true);
    several = whole.length < single.length;
    view.find("sentence-subwords").hidden = !several;
    units = subwords ? single : whole;
    box.dataset.length = lengthOf({ tokens: single });
    unitOf = new Map(texts.map((side) => [side, []]));
    box.classList.toggle("plain", units.length > MOST_NUMBERED);
    units.forEach(({ tokens: of, side }, u) => {
      const its = unitOf.get(side) ?? [];
      for (const i of of) its[i] = u;
    });
    const numbered = units.length <= MOST_NUMBERED,
      stop = unit(store.get().pinned) ?? 0;
    chips = units.map((one, u) =>
      el(
        "button",
        {
          type: "button",
          class: ["token", one.special && "special", writtenWords(data, one) && "by-model"].filter(Boolean).join(" "),
          tabindex: u === stop ? "0" : "-1",
          "aria-pressed": "false",
          title: titleOf(one) + writtenWords(data, one),
          onpointerenter: () => point(u),
          onfocus: () => point(u),
          onblur: leave,
          onclick: () => pick(u),
        },
        word(one.name, "token-text"),
        numbered ? el("span", { class: "token-weight", "aria-hidden": "true" }) : null,
      ),
    );
    looks = chips.map(() => "");
    pressed = "";
    spot = null;
    does = known ? wordEffects(units, (side) => tokenEffects(data, side)) : [];
    box.replaceChildren(...texts.flatMap((side) => paragraphs(side, units, chips)));
  };
  view.listen(box, "pointerleave", leave);
  rovingTabStop(
    view,
    box,
    () => chips,
    (at, key) => along(key, at, chips.length - 1),
  );

  /** @param {import("../../state.js").State} state @param {number | null} pinned @param {number | null} other */
  const press = (state, pinned, other) => {
    if (pressed === `${pinned} ${other}`) return;
    for (const chip of box.querySelectorAll("[aria-pressed=true]")) chip.setAttribute("aria-pressed", "false");
    for (const at of [pinned, other]) if (at != null) chips[at].setAttribute("aria-pressed", "true");
    // What was clicked here is in sight, and only a long text scrolls: to ask where a word lies
    // costs a layout, unless the page is about to be laid out anyway.
    const chip = pinned != null && mine !== state.pinned && box.dataset.length === "long" && chips[pinned];
    if (chip) requestAnimationFrame(() => bringIntoBox(box, chip));
    pressed = `${pinned} ${other}`;
  };

  /** @param {import("../../state.js").State} state what becomes of the answer without each word, whoever is asked about */
  const showDoing = (state) => {
    if (!effects) return;
    awaited = null;
    const pinned = unit(state.pinned),
      from = spot ?? unit(state.hovered) ?? pinned;
    note.textContent = effectOrigin(several && !state.subwords);
    box.setAttribute("aria-busy", "false");
    const amounts = Float64Array.from(does, ({ size }) => size);
    tint({ units, told: [...units.keys()], from, other: null, pointed: spot, amounts, others: null, masked: null });
    press(state, pinned, null);
    says.replaceChildren(
      ...blockedWords(effects, units, does, from),
      el("span", { class: "hint" }, from !== pinned ? "Click to pin it." : ""),
    );
  };

  const show = () => {
    if (view.disposed) return;
    const state = store.get(),
      { index, head, whose, direction } = state;
    view.find("sentence-whose").hidden = direction === "does";
    if (direction === "does") return showDoing(state);
    const matrix = whose === "head" ? data.shown(index, head) : data.mean(index, whose);
    note.textContent = origin(data, state, several);
    box.setAttribute("aria-busy", String(matrix instanceof Promise));
    if (matrix instanceof Promise) {
      says.textContent = "Working out the average…";
      if (awaited !== matrix)
        matrix.then(() => {
          if (awaited === matrix) show();
        });
      awaited = matrix;
      return;
    }
    awaited = null;
    const pointed = unit(state.hovered),
      pinned = unit(state.pinned);
    const other = pinned == null || unit(state.compared) === pinned ? null : unit(state.compared);
    const from = other == null ? (pointed ?? pinned) : pinned;
    const [asked, others] = both(),
      told = [...units.keys()].filter((u) => units[u].side === others);
    /** @template V, R @param {ArrayLike<V>} values @param {R} rest @returns {(V | R)[]} */
    const ofAll = (values, rest) => {
      const of = new Map(told.map((u, i) => [u, values[i]]));
      return units.map((_, u) => of.get(u) ?? rest);
    };
    const those = told.map((u) => units[u]),
      shown = withoutSink(matrix, state);
    /** @param {number | null} at */
    const amounts = (at) =>
      at == null ? null : Float64Array.from(ofAll(amountsOf(shown, units[at], those, direction), NaN));
    const masked = from != null && other == null ? maskedOf(data.visible(index), units[from], those, direction) : null;
    /** @type {Picture} */
    const picture = { units, told, from, other, pointed, amounts: amounts(from), others: amounts(other), masked: null };
    picture.masked = masked && ofAll(masked, false);
    tint(picture);
    press(state, pinned, other);
    const compares = mine != null && mine === state.pinned,
      turn = asked === others ? "" : ` Click a word of the ${others.name} to see what attends to it.`;
    says.replaceChildren(
      ...saying(data, state, picture),
      el("span", { class: "hint" }, hintOf(picture, used, pinned, compares) + turn),
    );
  };

  const places = () => (effects && store.get().direction === "does" ? placesOf(effects) : 2);
  /** @param {Picture} picture */
  const tint = ({ told, from, other, amounts, others, masked }) => {
    const tints = tintsOf(currentRamp("amount")),
      two = currentRamp("difference");
    const most = Math.max(...told.flatMap((u) => [amounts ? amounts[u] || 0 : 1, others?.[u] || 0]));
    box.classList.toggle("comparing", others != null);
    chips.forEach((chip, u) => {
      const value = amounts?.[u] || 0,
        barred = masked?.[u] ?? false,
        silent = Number.isNaN(amounts?.[u] ?? 0);
      // The scale ends at three quarters, where words of either ink stay easy to read.
      const at = others ? 0 : Math.round((step(value, 0, most) * 0.75) / COARSE) * COARSE;
      const { paper, ink } = at > FAINTEST ? tints[at] : { paper: "", ink: "" };
      const left = others && !silent ? css(two, 127 - (step(value, 0, most) >> 1)) : "";
      const right = others && !silent ? css(two, 127 + ((step(others[u], 0, most) + 1) >> 1)) : "";
      const look = [paper, left, right, barred, u === from, u === other].join();
      // A long text has hundreds of chips and most do not change.
      if (look !== looks[u]) {
        looks[u] = look;
        chip.style.backgroundColor = paper;
        chip.style.color = ink;
        chip.style.setProperty("--first", left);
        chip.style.setProperty("--other", right);
        chip.classList.toggle("tinted", ink !== "");
        chip.classList.toggle("barred", barred);
        chip.classList.toggle("source", u === from);
        chip.classList.toggle("other", u === other);
      }
      if (units.length > MOST_NUMBERED) return;
      const weight = /** @type {HTMLElement} */ (chip.lastChild),
        number = fixed(value, places());
      if (silent) weight.replaceChildren();
      else if (others) weight.replaceChildren(el("span", {}, number), el("span", {}, fixed(others[u], 2)));
      else weight.textContent = amounts ? (barred ? "–" : number) : "";
    });
  };
  view.watch(["subwords", "index"], build);
  view.watch(["index", "head", "pinned", "hovered", "compared", "direction", "whose", "subwords", "sink"], show);
  view.hear("themechange", show);
  return view.dispose;
}
