/**
 * The ladder, from the classroom's table to the model, one idea at a time, each measured: what is chosen, and what the
 * numbers say.
 */

import { ladderWords, sampleWords } from "../../../attention/ladder_words.js";
import { COLUMNS, measureOf } from "../../../attention/rungs.js";
import { toggles } from "../../../shared/controls.js";
import { el } from "../../../shared/dom.js";
import { View } from "../../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountLadder(root, data, store) {
  const view = new View(root, store),
    {
      ladder,
      ladder_rows,
      verification: { reason, tier },
    } = data.header;
  if (!ladder.some((rung) => rung.measured)) {
    const unknown =
      tier === "captured"
        ? ". Its rungs start from what the projections receive and from the projections" +
          " themselves, and where only q, k and v were captured neither is known"
        : "";
    root.replaceChildren(
      el(
        "p",
        { class: "plain-notice" },
        `The ladder is not measured here${reason ? `: ${reason}` : ", since nothing was recomputed"}${unknown}.`,
      ),
    );
    return view.dispose;
  }
  if (ladder_rows) {
    view.find("ladder-sample").hidden = false;
    view.find("ladder-sample").textContent = sampleWords(ladder_rows, ladder);
  }
  toggles(view, "ladder-scope", "scope");
  toggles(view, "ladder-tokens", "tokens");
  toggles(view, "ladder-measure", "measure");
  view.watch(["index", "head", "scope", "tokens"], (state) => {
    const numbers = ladder.map((_, rung) =>
      Object.fromEntries(COLUMNS.map(({ measure }) => [measure, measureOf(data, state, rung, measure)])),
    );
    view.find("ladder-between").hidden = data.layers[state.index].site !== "cross";
    view.find("ladder-says").textContent = ladderWords(ladder, numbers, state);
  });
  return view.dispose;
}
