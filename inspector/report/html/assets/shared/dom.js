/**
 * Elements without markup: whatever text the page is given only ever becomes a text node.
 */

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] attributes; `on…` are listeners, null leaves one out
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page has no #${id}`);
  return node;
}

/**
 * A word somebody wrote, fenced off from the direction in which the rest of the line runs.
 * @param {string} text
 * @param {string} [className]
 */
export const word = (text, className) => el("bdi", { class: className }, text);

/**
 * A group of buttons of which one is chosen: one stop for the Tab key, and the arrow keys choose as
 * they go, as they do among radio buttons.
 * @param {import("../report/state.js").Store} store
 * @param {string} id
 * @param {string} key a text or a yes or no of the state
 */
export function toggles(store, id, key) {
  const group = byId(id), buttons = /** @type {HTMLElement[]} */ ([...group.querySelectorAll("button")]);
  for (const button of buttons) {
    button.addEventListener("click", () => store.set(
      { [key]: typeof store.get()[key] === "boolean" ? button.dataset.value === "true" : button.dataset.value }));
  }
  store.watch([key], (state) => {
    for (const button of buttons) {
      const chosen = button.dataset.value === String(state[key]);
      button.setAttribute("aria-pressed", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
  });
  rovingTabStop(group, () => buttons, (at, name) => {
    const last = buttons.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowDown: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last,
      ArrowUp: at ? at - 1 : last, Home: 0, End: last }[name];
    if (to != null) buttons[to].click();
    return to ?? null;
  });
}

/**
 * Move the one tab stop of a group of buttons with the arrow keys.
 * @param {HTMLElement} group
 * @param {() => HTMLElement[]} items
 * @param {(index: number, key: string) => number | null} go index to go to from here
 */
export function rovingTabStop(group, items, go) {
  group.addEventListener("keydown", (event) => {
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
