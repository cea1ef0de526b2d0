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
 * A group of buttons of which one is chosen.
 * @param {import("inspector/state").Store} store
 * @param {string} id
 * @param {"scope" | "tokens" | "part" | "shape"} key
 */
export function toggles(store, id, key) {
  const buttons = /** @type {HTMLElement[]} */ ([...byId(id).querySelectorAll("button")]);
  for (const button of buttons) button.addEventListener("click", () => store.set({ [key]: button.dataset.value }));
  store.watch([key], (state) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === state[key]));
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
