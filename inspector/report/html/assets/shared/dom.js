/**
 * Elements without markup: whatever text the page is given only ever becomes a text node.
 */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [properties] attributes; `on…` are listeners, null leaves one out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...nodes(children));
  return node;
}

/**
 * What is there of some children.
 * @param {Child[]} children
 */
export const nodes = (children) =>
  /** @type {(Node | string)[]} */ (children.filter((child) => child != null && child !== false));

/**
 * A word somebody wrote, fenced off from the direction in which the rest of the line runs.
 * @param {string} text
 * @param {string} [className]
 */
export const word = (text, className) => el("bdi", { class: className }, text);

/**
 * A part of a whole as the filled part of a bar.
 * @param {HTMLElement} fill
 * @param {number} share from 0 to 1
 */
export function fillTo(fill, share) {
  fill.style.width = `${share * 100}%`;
}
