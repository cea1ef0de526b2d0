/**
 * The sentence as a slim strip that stays in sight while the sections below scroll: the same words, the chosen head, and
 * the way to the one before and the one after.
 */

import { headName } from "../../attention/verdict_words.js";
import { View } from "../../shared/view.js";
import { headSteps } from "../charts/head_steps.js";
import { createWords } from "../charts/words.js";
import { chosenUnits, pictureOf } from "../picture.js";
import { seenState } from "../selection.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 */
export function mountStrip(root, data, store) {
  const view = new View(root, store),
    box = view.find("strip-words");
  const words = createWords(view, data, store, box, {
    mostNumbered: 0,
    lay: (_, chips) => chips,
  });
  headSteps(view, data, "strip-back", "strip-on");

  const show = () => {
    if (view.disposed || root.hidden) return;
    const state = seenState(data, store.get()),
      { index, head } = state;
    words.build(state);
    view.find("strip-head").textContent = headName(data.layers[index], head);
    // The strip is about attention also where the sentence shows effects.
    const picture = pictureOf(data, state, words.words);
    if (picture instanceof Promise) return void picture.then(show);
    const { pinned } = chosenUnits(data, state, words.words);
    words.paint(picture, 2);
    const chip = pinned == null ? null : words.chip(pinned);
    if (words.press(pinned, picture.other) && chip) {
      // Never the page, only the strip.
      const { left, right } = chip.getBoundingClientRect(),
        around = box.getBoundingClientRect();
      if (left < around.left || right > around.right) box.scrollLeft += left - around.left - box.clientWidth / 3;
    }
  };
  view.watch(
    ["index", "head", "peek", "pinned", "hovered", "compared", "together", "direction", "whose", "subwords", "sink"],
    show,
  );
  view.hear("themechange", show);

  const sentence = document.getElementById("sentence-view");
  if (sentence) {
    const observer = new IntersectionObserver(([entry]) => {
      root.hidden = entry.isIntersecting || entry.boundingClientRect.top > 0;
      document.documentElement.toggleAttribute("data-strip", !root.hidden);
      show();
    });
    observer.observe(sentence);
    view.observe(observer);
  }
  view.atEnd(() => document.documentElement.removeAttribute("data-strip"));
  return view.dispose;
}
