/**
 * How large the class is.
 */

import { counted } from "../../shared/format.js";
import { View } from "../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ClassroomData} _data
 * @param {import("../state.js").Store} store
 */
export function mountCounts(root, _data, store) {
  const view = new View(root, store);
  view.watch(["table"], ({ students, traits }) => {
    root.textContent = `${counted(students.length, "student")}, ${counted(traits.length, "trait")}`;
  });
  return view.dispose;
}
