/**
 * What can be set aside: the keys that attention rests on, what they are called, and the button for it.
 */

import { shorten } from "../shared/format.js";

/** @typedef {import("./data.js").ReportData} ReportData */

/** So many names stand in a row; of more the rest is counted. */
const MOST_NAMED = 3;

/**
 * The keys that can be set aside: tokens that are no text, and those on which much of everybody's attention rests,
 * whatever stands there.
 * @param {ReportData} data
 * @param {number} index
 * @returns {number[]}
 */
export function sinkKeys(data, index) {
  const { site } = data.layers[index],
    found = new Set(data.header.sinks.filter((sink) => sink.site === site).map((sink) => sink.index));
  return data.sides(index).cols.tokens.flatMap((token, j) => (token.special || found.has(j) ? [j] : []));
}

/**
 * What those keys are called: “[CLS] and [SEP]”, or a word in quotation marks.
 * @param {ReportData} data
 * @param {number} index
 */
export function sinkName(data, index) {
  const { names, tokens } = data.sides(index).cols;
  const all = [...new Set(sinkKeys(data, index).map((j) => (tokens[j].special ? names[j] : `“${shorten(names[j])}”`)))];
  const named =
    all.length > MOST_NAMED ? [...all.slice(0, MOST_NAMED - 1), `${all.length - MOST_NAMED + 1} more`] : all;
  return named.length > 1 ? `${named.slice(0, -1).join(", ")} and ${named.at(-1)}` : named.join("");
}

/**
 * Whether nobody hears what comes later, and most of everybody's attention rests on the first position: what is looked at
 * first is then what is left beside it. Where everybody hears everybody the sink is a token that is no word and seen to
 * be none.
 * @param {ReportData} data
 */
export function restsOnFirst(data) {
  const [{ site, cols }] = data.layers,
    visible = data.visible(0);
  return (
    site === "self" &&
    Boolean(visible && !visible(0, cols - 1)) &&
    data.header.sinks.some((sink) => sink.site === site && sink.index === 0)
  );
}

/**
 * A button that sets them aside, and brings them back.
 * @param {import("../shared/view.js").View<import("./state.js").State>} view
 * @param {ReportData} data
 * @param {string} id
 */
export function sinkButton(view, data, id) {
  const button = view.find(id);
  view.listen(button, "click", () => view.store.set({ sink: !view.store.get().sink }));
  view.watch(["sink", "index"], ({ sink, index }) => {
    const name = sinkName(data, index);
    button.hidden = !name;
    button.textContent = `hide ${name}`;
    button.setAttribute("aria-pressed", String(sink));
  });
}
