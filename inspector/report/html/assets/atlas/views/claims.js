/**
 * The claims of the page: a click looks at the head that one is about, by what it is claimed for.
 */

import { View } from "../../shared/view.js";
import { stateOf } from "../address.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").AtlasData} data
 * @param {import("../state.js").Store} store
 */
export function mountClaims(root, data, store) {
  const view = new View(root, store);
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (root.querySelectorAll(".claim"))) {
    view.listen(link, "click", (event) => {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      store.set(stateOf(link.hash, store.get(), data));
      document.getElementById("heads")?.scrollIntoView();
    });
  }
  return view.dispose;
}
