/**
 * Two buttons that go to the head before and the one after, in the order of “Every head”.
 */

import { headBeside } from "../selection.js";

/**
 * @param {import("../../shared/view.js").View<import("../state.js").State>} view
 * @param {import("../data.js").ReportData} data
 * @param {string} back
 * @param {string} on
 */
export function headSteps(view, data, back, on) {
  const steps = /** @type {const} */ ([
    [view.find(back), -1],
    [view.find(on), 1],
  ]);
  for (const [button, by] of steps)
    view.listen(button, "click", () => view.store.set(headBeside(data, view.store.get(), by) ?? {}));
  // A button that is disabled would lose the focus.
  view.watch(["index", "head", "order", "label"], (state) => {
    for (const [button, by] of steps) button.setAttribute("aria-disabled", String(!headBeside(data, state, by)));
  });
}
