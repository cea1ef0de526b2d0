/**
 * What is chosen with buttons, lists and the arrow keys.
 */

import { el } from "./dom.js";

/**
 * @template {object} S
 * @typedef {import("./view.js").View<S>} View
 */

/**
 * A group of buttons of which one is chosen: one stop for the Tab key, and the arrow keys choose as
 * they go, as they do among radio buttons.
 * @template {object} S
 * @param {View<S>} view
 * @param {string} id
 * @param {keyof S & string} key a text or a yes or no of the state
 */
export function toggles(view, id, key) {
  const group = view.find(id),
    buttons = [...group.querySelectorAll("button")];
  for (const button of buttons) {
    view.listen(button, "click", () => {
      const { value } = button.dataset,
        whether = typeof view.store.get()[key] === "boolean";
      view.store.set(/** @type {any} */ ({ [key]: whether ? value === "true" : value }));
    });
  }
  view.watch([key], (state) => {
    for (const button of buttons) {
      const chosen = button.dataset.value === String(state[key]);
      button.setAttribute("aria-pressed", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
  });
  rovingTabStop(
    view,
    group,
    () => buttons,
    (at, name) => {
      const last = buttons.length - 1;
      const to = target(name, {
        ArrowRight: at === last ? 0 : at + 1,
        ArrowDown: at === last ? 0 : at + 1,
        ArrowLeft: at ? at - 1 : last,
        ArrowUp: at ? at - 1 : last,
        Home: 0,
        End: last,
      });
      if (to != null) buttons[to].click();
      return to;
    },
  );
}

/**
 * A list of which one entry is chosen.
 * @template {object} S
 * @param {View<S>} view
 * @param {string} id
 * @param {keyof S & string} key a text of the state
 * @param {{value: string, text: string, disabled?: boolean, group?: string}[]} options those of one group together
 */
export function selects(view, id, key, options) {
  const select = view.find(id, HTMLSelectElement);
  /** @type {HTMLElement} */
  let parent = select;
  for (const { value, text, disabled, group } of options) {
    if (group && parent.getAttribute("label") !== group) {
      parent = el("optgroup", { label: group });
      select.append(parent);
    }
    parent.append(el("option", { value, disabled }, text));
  }
  view.listen(select, "change", () => view.store.set(/** @type {any} */ ({ [key]: select.value })));
  view.watch([key], (state) => {
    select.value = String(state[key]);
  });
}

/**
 * Move the one tab stop of a group of buttons with the arrow keys.
 * @param {View<any>} view
 * @param {HTMLElement} group
 * @param {() => HTMLElement[]} items
 * @param {(at: number, key: string) => number | null} go index to go to from here
 */
export function rovingTabStop(view, group, items, go) {
  view.listen(group, "keydown", (event) => {
    const all = items();
    const here = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = here < 0 ? null : go(here, event.key);
    if (next == null || !all[next]) return;
    event.preventDefault();
    all[here].tabIndex = -1;
    all[next].tabIndex = 0;
    all[next].focus();
  });
}

/**
 * Where a key goes, if it goes anywhere.
 * @template T
 * @param {string} key
 * @param {Record<string, T>} targets
 * @returns {T | null}
 */
export const target = (key, targets) => (Object.hasOwn(targets, key) ? targets[key] : null);

/**
 * Where a key goes along a row of things, from one of them; not beyond its ends.
 * @param {string} key
 * @param {number} at
 * @param {number} last
 * @returns {number | null}
 */
export const along = (key, at, last) =>
  target(key, { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last });
