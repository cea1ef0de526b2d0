/**
 * Was the attention of both sides really rebuilt? A verdict for each.
 */

import { ICONS, verdictWords } from "../../attention/verdict_words.js";
import { el } from "../../shared/dom.js";
import { View } from "../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").CompareData} data
 * @param {import("../state.js").Store} store
 */
export function mountVerdicts(root, data, store) {
  const view = new View(root, store);
  data.sides.forEach(({ header: { verification } }, side) => {
    const { title, text } = verdictWords(verification);
    root.append(
      el(
        "div",
        { class: "verdict", "data-verdict": verification.verdict },
        el("span", { class: "icon", "aria-hidden": "true" }, ICONS[verification.verdict]),
        el("p", {}, `${"AB"[side]}: `, el("strong", {}, title), ": ", text.endsWith(".") ? text : `${text}.`),
      ),
    );
  });
  return view.dispose;
}
