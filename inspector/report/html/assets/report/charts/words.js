/**
 * A text as words to point at and to click: how strongly each is coloured, and which are chosen.
 */

import { css, currentRamp, step, tintsOf } from "../../shared/colour.js";
import { along, rovingTabStop } from "../../shared/controls.js";
import { el, word } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";
import { titleOf } from "../paragraphs.js";
import { chosenUnits, picked, wordsOf } from "../picture.js";
import { ends } from "../selection.js";
import { writtenWords } from "../words/sentence.js";

/** @typedef {import("../picture.js").Words} Words */
/** @typedef {import("../picture.js").Picture} Picture */

/** Steps of the ramp that are not worth a tint. */
const FAINTEST = 6;
/** Steps that nobody tells apart on a word: fewer words change when the head does. */
const COARSE = 6;

/**
 * @param {import("../../shared/view.js").View<import("../state.js").State>} view
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 * @param {HTMLElement} box
 * @param {{lay: (words: Words, chips: HTMLElement[]) => Node[], mostNumbered: number, onSpot?: (u: number | null) => void}} how
 *   beyond `mostNumbered` words a number under each would be noise
 */
export function createWords(view, data, store, box, { lay, mostNumbered, onSpot }) {
  /** @type {Words} */
  let words = { units: [], sides: [], unitOf: new Map(), several: false, tokens: 0 };
  /** @type {HTMLElement[]} */
  let chips = [];
  /** @type {string[]} what is behind each chip, so that only what changes is touched */
  let looks = [];
  let built = "",
    pressed = "",
    numbered = false;

  /** @param {number} u */
  const point = (u) => {
    onSpot?.(u);
    const { side, tokens } = words.units[u];
    if (side === ends(data, store.get())[0]) store.set({ hovered: tokens[0] });
  };
  const leave = () => {
    onSpot?.(null);
    store.set({ hovered: null });
  };
  view.listen(box, "pointerleave", leave);
  rovingTabStop(
    view,
    box,
    () => chips,
    (at, key) => along(key, at, chips.length - 1),
  );

  return {
    get words() {
      return words;
    },

    /** @param {number} u */
    chip: (u) => chips[u],

    /** @param {import("../state.js").State} state @returns {boolean} whether they are others than before */
    build(state) {
      const { rows, cols } = data.sides(state.index),
        now = `${state.subwords} ${rows.name} ${cols.name}`;
      if (now === built) return false;
      built = now;
      words = wordsOf(data, state);
      const { units } = words,
        stop = chosenUnits(data, state, words).pinned ?? 0;
      numbered = units.length <= mostNumbered;
      box.classList.toggle("plain", !numbered);
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
            onclick: () => store.set(picked(data, store.get(), words, u)),
          },
          word(one.name, "token-text"),
          numbered ? el("span", { class: "token-weight", "aria-hidden": "true" }) : null,
        ),
      );
      looks = chips.map(() => "");
      pressed = "";
      box.replaceChildren(...lay(words, chips));
      return true;
    },

    /**
     * @param {number | null} pinned
     * @param {number | null} other
     * @returns {boolean} whether others are pressed than before
     */
    press(pinned, other) {
      if (pressed === `${pinned} ${other}`) return false;
      for (const chip of box.querySelectorAll("[aria-pressed=true]")) chip.setAttribute("aria-pressed", "false");
      for (const at of [pinned, other]) if (at != null) chips[at].setAttribute("aria-pressed", "true");
      pressed = `${pinned} ${other}`;
      return true;
    },

    /** @param {Picture} picture @param {number} places digits of the numbers under the words */
    paint({ told, from, other, amounts, others, masked }, places) {
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
        if (!numbered) return;
        const weight = /** @type {HTMLElement} */ (chip.lastChild),
          number = fixed(value, places);
        if (silent) weight.replaceChildren();
        else if (others) weight.replaceChildren(el("span", {}, number), el("span", {}, fixed(others[u], 2)));
        else weight.textContent = amounts ? (barred ? "–" : number) : "";
      });
    },
  };
}
