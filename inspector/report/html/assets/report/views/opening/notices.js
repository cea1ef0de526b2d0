/**
 * What a reader should know before the numbers: what is odd about the model or the text, and which positions much of all
 * attention rests on.
 */

import { el, word } from "../../../shared/dom.js";
import { percent, visible } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountNotices(root, data, store) {
  const view = new View(root, store),
    { notices, sinks } = data.header;
  root.hidden = !notices.length && !sinks.length;
  root.append(...notices.map((notice) => el("p", { class: "plain-notice" }, word(visible(notice)))));
  const says = sinks.map((sink) => {
    const { site, share, value_weighted_share: moved } = sink;
    return el(
      "p",
      { class: "note" },
      "Attention sink",
      site === "self" ? "" : ` (${site})`,
      ": ",
      word(visible(sink.token)),
      `, token ${sink.index}, takes ${percent(share)} of the attention on average`,
      moved == null ? "" : `, and ${percent(moved)} of what is moved`,
      ". It is no notable link.",
    );
  });
  root.append(...says);
  return view.dispose;
}
