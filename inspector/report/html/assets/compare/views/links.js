/**
 * Two models whose heads do not correspond: what each links most, apart.
 */

import { headName } from "../../attention/verdict_words.js";
import { el, word } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";
import { View } from "../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").CompareData} data
 * @param {import("../state.js").Store} store
 */
export function mountLinks(root, data, store) {
  const view = new View(root, store);
  view.find("links-why").textContent = `${data.header.apart}. So each model’s strongest links stand by themselves.`;
  data.sides.forEach(({ header }, side) => {
    view
      .find(`links-${"ab"[side]}`)
      .append(
        ...header.links.map((link) =>
          el(
            "li",
            { class: "link" },
            el("span", { class: "link-words" }, word(link.source, "clip"), " → ", word(link.target, "clip")),
            " ",
            el("b", {}, fixed(link.weight, 2)),
            " ",
            el("span", { class: "link-where" }, headName(link, link.head)),
          ),
        ),
      );
  });
  return view.dispose;
}
