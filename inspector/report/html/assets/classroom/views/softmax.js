/**
 * The class with a softmax: weights, what they make of the traits, and what changed.
 */

import { View } from "../../shared/view.js";
import { createHeat, rangeOf } from "../heat.js";
import { alikeWords } from "../write.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ClassroomData} _data
 * @param {import("../state.js").Store} store
 */
export function mountSoftmax(root, _data, store) {
  const view = new View(root, store);
  const [weights, mixed, change] = ["table-a", "table-aq", "table-change"].map((id) =>
    createHeat(view.find(id, HTMLTableElement)),
  );
  view.watch(["students", "traits", "table"], ({ students, traits, studied: { Q, A, AQ } }) => {
    const moved = AQ.map((row, i) => row.map((value, k) => value - Q[i][k])),
      most = Math.max(...moved.flat().map(Math.abs));
    weights.show({ rows: students, cols: students, values: A, range: [0, 1], whole: true });
    mixed.show({ rows: students, cols: traits, values: AQ, range: rangeOf(Q), whole: true });
    change.show({ rows: students, cols: traits, values: moved, range: [-most, most], whole: true });
    view.find("root").textContent = String(traits.length);
    view.find("alike-softmax").textContent = alikeWords(Q, AQ);
  });
  return view.dispose;
}
