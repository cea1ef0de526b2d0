/**
 * What the model wrote itself, behind what it was given: each token with its probability and what came second, and steps
 * from one to the next. A step looks at the token that was predicted from: its row says what the prediction rests on.
 */

import { ICONS } from "../../../attention/verdict_words.js";
import { along, rovingTabStop } from "../../../shared/controls.js";
import { el, nodes, word } from "../../../shared/dom.js";
import { counted, percent, tiny } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";
import { entryName } from "../../charts/guesses.js";
import { beginning, createLine, lengthOf } from "../../paragraphs.js";
import { asRow, pinRow } from "../../selection.js";

/** @typedef {import("../../../payload.js").Generation} Generation */

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountWritten(root, data, store) {
  const view = new View(root, store),
    { generation } = data.header;
  root.hidden = !generation;
  if (!generation) return view.dispose;
  const side = data.target ?? data.source,
    { start, tokens } = generation;
  /** @param {number} step which of the tokens that were written; the row it was predicted from is then looked at */
  const go = (step) => {
    const { index, head } = store.get();
    if (data.sides(index).rows !== side) {
      const there = data.indicesOf("cross")[0];
      store.set({ index: there, head: Math.min(head, data.layers[there].heads - 1) });
    }
    store.set({ ...pinRow(data, store.get(), start + step - 1), compared: null });
  };
  const chips = tokens.map(({ probability }, step) =>
    el(
      "button",
      { type: "button", class: "token", tabindex: step ? "-1" : "0", "aria-pressed": "false", onclick: () => go(step) },
      word(side.names[start + step], "token-text"),
      el("span", { class: "token-weight" }, percent(probability)),
    ),
  );
  const box = view.find("written-text"),
    asked = data.target && el("p", {}, beginning(data.source.text), " →");
  const at = side.tokens[start].span?.[0] ?? Array.from(side.text).length,
    given = Array.from(side.text).slice(0, at).join("");
  const line = createLine(side.text, el("p", {}, beginning(given)), at);
  chips.forEach((chip, step) => {
    const { special, segment, span } = side.tokens[start + step];
    line.add({ tokens: [start + step], name: side.names[start + step], special, segment, span, side }, chip);
  });
  box.dataset.length = lengthOf(side);
  box.append(...nodes([asked, line.element]));
  view.find("written-how").textContent = how(generation);
  view.find("written-verdict").textContent = verdict(generation);
  rovingTabStop(
    view,
    box,
    () => chips,
    (at, key) => along(key, at, chips.length - 1),
  );
  const back = view.find("written-back", HTMLButtonElement),
    on = view.find("written-on", HTMLButtonElement);
  /** Which of them is looked at; −1 for none. */
  const current = () => {
    const state = store.get(),
      { index, pinned } = state;
    const here = data.sides(index).rows === side && asRow(data, state, pinned) != null;
    const step = here && pinned != null ? pinned - start + 1 : -1;
    return step >= 0 && step < chips.length ? step : -1;
  };
  view.listen(back, "click", () => go(current() - 1));
  view.listen(on, "click", () => go(current() + 1));
  /** @param {number} at */
  const saying = (at) => {
    const { probability, second } = tokens[at];
    return [
      `Token ${at + 1} of ${chips.length}: `,
      el("b", {}, "“", word(side.names[start + at], "clip"), "”"),
      ` was written with ${percent(probability)}, and `,
      el("b", {}, "“", word(entryName(second), "clip"), "”"),
      ` came second with ${percent(second.probability)}. Chosen below is `,
      el("b", {}, "“", word(side.names[start + at - 1], "clip"), "”"),
      ", the token that it was predicted from.",
    ];
  };
  view.watch(["pinned", "index", "direction"], () => {
    const at = current();
    chips.forEach((chip, step) => {
      chip.setAttribute("aria-pressed", String(step === at));
    });
    back.disabled = at <= 0;
    on.disabled = at === chips.length - 1;
    view
      .find("written-says")
      .replaceChildren(...(at < 0 ? ["Choose a word that was written, or step through them."] : saying(at)));
  });
  return view.dispose;
}

/** @param {Generation} generation */
function how({ written, temperature, top_k, seed, ended }) {
  const drawn =
    temperature == null && top_k == null
      ? "the likeliest each time"
      : `drawn among ${top_k == null ? "all" : `the ${top_k} likeliest`} at temperature ${temperature ?? 1}, seed ${seed}`;
  return `${counted(written, "token")}, ${drawn}${ended ? ", and ended the text" : ""}. Each number is its probability, given all before it.`;
}

/** @param {Generation} generation */
function verdict({ verdict: found, parts_at, written, probability_max_abs_error }) {
  const icon = ICONS[found];
  if (found === "unproved") return `${icon} The real model has not been asked to write.`;
  const apart = `the largest difference in a probability is ${tiny(probability_max_abs_error)}`;
  if (parts_at == null) {
    return found === "verified"
      ? `${icon} The real model writes the same; ${apart}.`
      : `${icon} The real model writes the same, but ${apart}.`;
  }
  const where = `The real model writes something else from token ${parts_at + 1} of ${written} on`;
  return found === "rounding"
    ? `${icon} ${where}, where rounding decides between two; ${apart}.`
    : `${icon} ${where}; ${apart}.`;
}
