/**
 * Notable links: word to word, each at the head where it is strongest, a click away.
 */

import { byId, el, word } from "../../shared/dom.js";
import { fixed, visible } from "../../shared/format.js";

/**
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 */
export function showLinks(data, store) {
  const { links } = data.header;
  byId("links").hidden = !links.length;
  if (data.header.pieces) byId("links-rule").textContent = "Links are between single tokens, not words.";
  const buttons = links.map((link) => {
    const { source, target, weight, lift, site, layer, head } = link;
    const where = `${site === "self" ? "" : `${site} `}layer ${layer}, head ${head}`;
    return el("button", { type: "button", class: "link", onclick: () => store.set({
      layer: data.place(site, layer), head, ...(site === "cross" ? { direction: "out" } : {}), pinned: link.source_token, compared: null, hovered: null, part: "all",
      cell: [link.source_token, link.target_token] }) },
    el("span", { class: "link-words" }, word(visible(source), "clip"), " → ", word(visible(target), "clip")),
    el("b", {}, ` ${fixed(weight, 2)}`),
    el("span", { class: "link-where" }, `, ${where}${lift == null ? "" : `, ${fixed(lift, 1)}× this head’s usual`}`));
  });
  const items = buttons.map((button) => el("li", {}, button));
  byId("links-list").append(...items);
  store.watch(["layer", "head", "pinned"], ({ layer, head, pinned }) => links.forEach((link, i) => {
    items[i].hidden = link.site !== data.sites[layer].site;
    const chosen = data.place(link.site, link.layer) === layer && link.head === head && link.source_token === pinned;
    buttons[i].setAttribute("aria-pressed", String(chosen));
  }));
}
