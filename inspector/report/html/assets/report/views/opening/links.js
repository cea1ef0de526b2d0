/**
 * Notable links: word to word, each at the head where it is strongest, a click away.
 */

import { headName } from "../../../attention/verdict_words.js";
import { unitsOf } from "../../../attention/words.js";
import { el, word } from "../../../shared/dom.js";
import { fixed, visible } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountLinks(root, data, store) {
  const view = new View(root, store),
    { links, subwords } = data.header;
  root.hidden = !links.length;
  const rule = view.find("links-rule"),
    sides = [...new Set(data.layers.flatMap((_, index) => Object.values(data.sides(index))))];
  if (subwords) rule.textContent = "Links are between single tokens, not words.";
  else rule.hidden = !sides.some((side) => unitsOf(side.tokens, side.names, side, false).length < side.tokens.length);
  const buttons = links.map((link) => {
    const { source, target, weight, lift, site, layer, head } = link;
    return el(
      "button",
      {
        type: "button",
        class: "link",
        onclick: () =>
          store.set({
            index: data.indexOf(site, layer),
            head,
            ...(site === "cross" ? { direction: "out" } : {}),
            pinned: link.source_token,
            compared: null,
            hovered: null,
            between: "all",
            cell: [link.source_token, link.target_token],
          }),
      },
      el("span", { class: "link-words" }, word(visible(source), "clip"), " → ", word(visible(target), "clip")),
      el("b", {}, ` ${fixed(weight, 2)}`),
      el(
        "span",
        { class: "link-where" },
        `, ${headName(link, head)}` + (lift == null ? "" : `, ${fixed(lift, 1)} times this head’s average`),
      ),
    );
  });
  const items = buttons.map((button) => el("li", {}, button));
  view.find("links-list").append(...items);
  view.watch(["index", "head", "pinned"], ({ index, head, pinned }) =>
    links.forEach((link, i) => {
      items[i].hidden = link.site !== data.layers[index].site;
      const chosen =
        data.indexOf(link.site, link.layer) === index && link.head === head && link.source_token === pinned;
      buttons[i].setAttribute("aria-pressed", String(chosen));
    }),
  );
  return view.dispose;
}
