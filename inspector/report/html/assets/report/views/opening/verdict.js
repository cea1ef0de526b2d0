/**
 * Was the attention really rebuilt? The verdict in words.
 */

import { ICONS, verdictWords } from "../../../attention/verdict_words.js";
import { el } from "../../../shared/dom.js";
import { View } from "../../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountVerdict(root, data, store) {
  const view = new View(root, store),
    { verification } = data.header,
    { title, text } = verdictWords(verification);
  const badge = view.find("verdict");
  badge.dataset.verdict = verification.verdict;
  badge.append(
    el("span", { class: "icon", "aria-hidden": "true" }, ICONS[verification.verdict]),
    el("p", {}, el("strong", {}, title), ": ", text.endsWith(".") ? text : `${text}.`),
  );
  return view.dispose;
}
