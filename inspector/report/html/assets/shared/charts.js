/**
 * What drawings share: SVG elements, and drawing only while they can be seen.
 */

/** @typedef {import("./view.js").View<any>} View */

let printing = false;
// Before any other listener, since what is drawn for paper only is drawn by them.
window.addEventListener("beforeprint", () => (printing = true), true);
window.addEventListener("afterprint", () => (printing = false), true);

/** Whether the page is being laid out for paper: then all of it can be seen, and no observer comes in time. */
export const isPrinting = () => printing;

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | null>} [attributes] null leaves one out
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svgEl(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value != null) node.setAttribute(name, String(value));
  }
  node.append(...children);
  return node;
}

/**
 * @param {View} view
 * @param {HTMLElement} element
 * @param {() => void} draw
 * @param {boolean} [first] whether the first drawing waits for nothing: a section that only grew when
 *   it was reached would push the next away
 * @returns {() => void} asks for a drawing: now where the element is near the window, else later
 */
export function whenNear(view, element, draw, first = true) {
  let near = first,
    stale = false;
  const now = () => {
    if (!stale) return;
    stale = false;
    draw();
  };
  const observer = new IntersectionObserver(
    (entries) => {
      near = entries[entries.length - 1].isIntersecting;
      if (near) now();
    },
    { rootMargin: "50%" },
  );
  observer.observe(element);
  view.observe(observer);
  view.listen(window, /** @type {any} */ ("beforeprint"), now);
  return () => {
    stale = true;
    if (near || printing) now();
  };
}
