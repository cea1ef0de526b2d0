/**
 * The chosen pair as an arc over a text, from the word that listens to the one it listens to.
 */

const SVG = "http://www.w3.org/2000/svg";
/** How far an arc rises, as a share of the way, and in pixels at most and at least. */
const RISE = 0.18,
  HIGHEST = 54,
  LOWEST = 10;

/**
 * @param {import("../../shared/view.js").View<any>} view
 * @param {HTMLElement} box what the words lie in
 * @param {(u: number) => HTMLElement | undefined} chipOf
 */
export function createArc(view, box, chipOf) {
  const element = document.createElementNS(SVG, "svg"),
    path = document.createElementNS(SVG, "path"),
    tip = document.createElementNS(SVG, "path");
  element.setAttribute("class", "arc");
  element.setAttribute("aria-hidden", "true");
  path.setAttribute("class", "arc-line");
  path.setAttribute("pathLength", "1");
  tip.setAttribute("class", "arc-tip");
  element.append(path, tip);
  /** @type {[number, number] | null} */
  let ends = null;
  let drawn = "",
    due = 0;

  const place = () => {
    due = 0;
    const [one, other] = (ends ?? []).map(chipOf);
    element.toggleAttribute("hidden", !one || !other);
    if (!one || !other) return;
    const around = box.getBoundingClientRect();
    /** @param {HTMLElement} chip */
    const above = (chip) => {
      const { left, width, top } = chip.getBoundingClientRect();
      return { x: left + width / 2 - around.left + box.scrollLeft, y: top - around.top + box.scrollTop };
    };
    const a = above(one),
      b = above(other),
      rise = Math.min(HIGHEST, Math.max(LOWEST, RISE * Math.hypot(a.x - b.x, a.y - b.y)));
    const top = Math.min(a.y, b.y) - rise;
    // From line to line it has to cross words.
    element.classList.toggle("crossing", a.y !== b.y);
    element.setAttribute("width", String(box.scrollWidth));
    element.setAttribute("height", String(box.scrollHeight));
    path.setAttribute("d", `M${a.x} ${a.y}C${a.x} ${top} ${b.x} ${top} ${b.x} ${b.y}`);
    tip.setAttribute("d", `M${b.x - 5} ${b.y - 8}L${b.x} ${b.y}L${b.x + 5} ${b.y - 8}`);
    const now = String(ends);
    // Put up again, it grows: its animation starts anew. Where only the words moved, it moves with them.
    if (now !== drawn) for (const part of [path, tip]) part.replaceWith(part);
    drawn = now;
  };
  const later = () => {
    due ||= requestAnimationFrame(place);
  };
  const observer = new ResizeObserver(later);
  observer.observe(box);
  view.observe(observer);
  view.atEnd(() => cancelAnimationFrame(due));

  return {
    element,
    /** @param {[number, number] | null} next from which word to which; null for none */
    draw(next) {
      ends = next;
      later();
    },
  };
}
