/**
 * The page for a wall: type that the last row can read, over the whole width.
 */

import { View } from "../../shared/view.js";

/**
 * @param {HTMLElement} root the button itself
 * @param {import("../data.js").ReportData} _data
 * @param {import("../state.js").Store} store
 */
export function mountProject(root, _data, store) {
  const view = new View(root, store);
  view.listen(root, "click", () => store.set({ projected: !store.get().projected }));
  view.watch(["projected"], ({ projected }) => {
    root.setAttribute("aria-pressed", String(projected));
    document.documentElement.toggleAttribute("data-projected", projected);
  });
  view.atEnd(() => document.documentElement.removeAttribute("data-projected"));
  return view.dispose;
}
