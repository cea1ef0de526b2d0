/**
 * The sentence itself: hover over a word, and the others show how much it attends to them, or they
 * to it. A click pins a word; a second one asks which heads link the two, or compares them. Or every word shows what
 * becomes of the answer without it.
 */

import { tokenEffects } from "../../../attention/effects.js";
import { toggles } from "../../../shared/controls.js";
import { el } from "../../../shared/dom.js";
import { View } from "../../../shared/view.js";
import { sinkButton } from "../../aside.js";
import { createArc } from "../../charts/arc.js";
import { createWords } from "../../charts/words.js";
import { bringIntoBox, lengthOf, paragraphs } from "../../paragraphs.js";
import { chosenUnits, pictureOf } from "../../picture.js";
import { seenState } from "../../selection.js";
import { blockedWords, effectOrigin, placesOf, wordEffects } from "../../words/effects.js";
import { hintOf, origin, saying } from "../../words/sentence.js";

/** Beyond this many words a number under each would be noise. */
const MOST_NUMBERED = 48;

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountSentence(root, data, store) {
  const view = new View(root, store);
  const box = view.find("sentence"),
    says = view.find("sentence-says"),
    note = view.find("sentence-note");
  const { effects } = data.header,
    known = tokenEffects(data, data.source) != null;
  if (!known) view.find("sentence-direction").querySelector("[data-value=does]")?.remove();
  for (const key of /** @type {const} */ (["direction", "whose", "together", "subwords"]))
    toggles(view, `sentence-${key}`, key);
  sinkButton(view, data, "sentence-sink");

  /** @type {import("../../../attention/effects.js").Effect[]} what becomes of the answer without each word */
  let does = [];
  let used = false;
  /** @type {number | null} the word under the pointer or the keyboard, of whichever text */
  let spot = null;
  /** @type {Promise<any> | null} */
  let awaited = null;
  const shown = createWords(view, data, store, box, {
    mostNumbered: MOST_NUMBERED,
    lay: ({ sides, units }, chips) => [...sides.flatMap((side) => paragraphs(side, units, chips)), arc.element],
    onSpot(u) {
      used ||= u != null;
      spot = u;
      if (store.get().direction === "does") show();
    },
  });
  const arc = createArc(view, box, (u) => shown.chip(u));

  /** @param {import("../../state.js").State} state */
  const build = (state) => {
    if (!shown.build(state)) return;
    const { units, tokens, several } = shown.words;
    view.find("sentence-subwords").hidden = !several;
    box.dataset.length = lengthOf({ tokens: { length: tokens } });
    spot = null;
    does = known ? wordEffects(units, (side) => tokenEffects(data, side)) : [];
  };

  /** @param {import("../../state.js").State} state @param {number | null} pinned @param {number | null} other */
  const press = (state, pinned, other) => {
    // What was clicked here is in sight, and only a long text scrolls: to ask where a word lies
    // costs a layout, unless the page is about to be laid out anyway.
    const chip = pinned != null && !state.own && box.dataset.length === "long" && shown.chip(pinned);
    if (!shown.press(pinned, other) || !chip) return;
    // A text that was not on the screen yet has no words to scroll to before its first frame.
    requestAnimationFrame(() => requestAnimationFrame(() => bringIntoBox(box, chip)));
  };

  /** @param {import("../../state.js").State} state what becomes of the answer without each word, whoever is asked about */
  const showDoing = (state) => {
    if (!effects) return;
    awaited = null;
    const { units, several } = shown.words,
      { pinned, pointed } = chosenUnits(data, state, shown.words),
      from = spot ?? pointed ?? pinned;
    note.textContent = effectOrigin(several && !state.subwords);
    box.setAttribute("aria-busy", "false");
    const amounts = Float64Array.from(does, ({ size }) => size),
      told = [...units.keys()];
    shown.paint(
      { units, told, from, other: null, pointed: spot, amounts, others: null, masked: null },
      placesOf(effects),
    );
    press(state, pinned, null);
    arc.draw(null);
    says.replaceChildren(
      ...blockedWords(effects, units, does, from),
      el("span", { class: "hint" }, from !== pinned ? "Click to pin it." : ""),
    );
  };

  const show = () => {
    if (view.disposed) return;
    const state = seenState(data, store.get());
    view.find("sentence-whose").hidden = state.direction === "does";
    view.find("sentence-together").hidden = state.direction === "does";
    if (state.direction === "does") return showDoing(state);
    const picture = pictureOf(data, state, shown.words);
    note.textContent = origin(data, state, shown.words.several);
    box.setAttribute("aria-busy", String(picture instanceof Promise));
    if (picture instanceof Promise) {
      says.textContent = "Working out the average…";
      if (awaited !== picture)
        picture.then(() => {
          if (awaited === picture) show();
        });
      awaited = picture;
      return;
    }
    awaited = null;
    const { pinned } = chosenUnits(data, state, shown.words);
    shown.paint(picture, 2);
    press(state, pinned, picture.other);
    arc.draw(arcOf(state, picture));
    says.replaceChildren(
      ...saying(data, state, picture),
      el("span", { class: "hint" }, hintOf(data, state, picture, used, pinned)),
    );
  };

  /**
   * The chosen cell as two words, where it is the pinned word that is shown.
   * @param {import("../../state.js").State} state
   * @param {import("../../picture.js").Picture} picture
   * @returns {[number, number] | null}
   */
  const arcOf = ({ cell, index, whose }, { others, amounts, from }) => {
    const { rows, cols } = data.sides(index),
      { unitOf } = shown.words;
    const i = cell && unitOf.get(rows)?.[cell[0]],
      j = cell && unitOf.get(cols)?.[cell[1]];
    if (whose !== "head" || others || !amounts || i == null || j == null || i === j) return null;
    return from === i || from === j ? [i, j] : null;
  };

  view.watch(["subwords", "index"], build);
  view.watch(
    [
      "index",
      "head",
      "peek",
      "pinned",
      "hovered",
      "compared",
      "together",
      "cell",
      "direction",
      "whose",
      "subwords",
      "sink",
    ],
    show,
  );
  view.hear("themechange", show);
  return view.dispose;
}
