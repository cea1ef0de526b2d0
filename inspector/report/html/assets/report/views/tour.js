/**
 * A guided tour over the page as it stands: captions, one step after another, and the view as it was when it ends.
 */

import { target } from "../../shared/controls.js";
import { el } from "../../shared/dom.js";
import { View } from "../../shared/view.js";
import { tourSteps } from "../words/tour.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 */
export function mountTour(root, data, store) {
  const view = new View(root, store),
    opener = view.find("tour-open");
  const chapter = el("p", { id: "tour-chapter", class: "eyebrow" }),
    title = el("h2", { id: "tour-title" }),
    text = el("p", { id: "tour-text" }),
    back = el("button", { type: "button", class: "pill", id: "tour-back" }, "← back"),
    on = el("button", { type: "button", class: "pill", id: "tour-on" }),
    close = el("button", { type: "button", class: "pill", id: "tour-close" }, "Close ", el("kbd", {}, "Esc"));
  const region = el(
    "div",
    { id: "tour", class: "tour", role: "dialog", "aria-labelledby": "tour-title", "aria-describedby": "tour-text" },
    // A step is said when it is there; the buttons that lead to it keep the keyboard.
    el("div", { role: "status" }, chapter, title, text),
    el("p", { class: "tour-buttons" }, back, on, close),
  );
  region.tabIndex = -1;

  /** What there was before the tour; null while there is none. */
  let before = /** @type {{state: import("../state.js").State, focus: Element | null, top: number} | null} */ (null);
  /** @type {import("../words/tour.js").Step[]} */
  let steps = [];
  let at = 0;
  /** @type {Element | null} */
  let place = null;

  /** @param {Element | null} next the part of the page that a step is about */
  function point(next) {
    place?.removeAttribute("data-toured");
    place = next;
    place?.setAttribute("data-toured", "");
  }

  /** @param {number} to */
  function go(to) {
    if (to >= steps.length) return end();
    at = Math.max(0, to);
    const step = steps[at];
    store.set(step.changes);
    chapter.textContent = `Tour · ${at + 1} of ${steps.length} · ${step.chapter}`;
    title.textContent = step.title;
    text.replaceChildren(...step.text);
    // A disabled button would lose the keyboard's place.
    back.setAttribute("aria-disabled", String(at === 0));
    on.textContent = at === steps.length - 1 ? "end" : "next →";
    point(document.querySelector(step.place));
    place?.scrollIntoView();
  }

  function start() {
    before = { state: store.get(), focus: document.activeElement, top: scrollY };
    steps = tourSteps(data, before.state);
    opener.setAttribute("aria-expanded", "true");
    root.append(region);
    go(0);
    region.focus({ preventScroll: true });
  }

  function end() {
    if (!before) return;
    const { state, focus, top } = before;
    before = null;
    point(null);
    region.remove();
    opener.setAttribute("aria-expanded", "false");
    store.set({ ...state, hovered: null });
    scrollTo({ top });
    const to = focus instanceof HTMLElement && focus !== document.body && focus.isConnected ? focus : opener;
    to.focus({ preventScroll: true });
  }

  const toggle = () => (before ? end() : start());
  opener.setAttribute("aria-expanded", "false");
  view.listen(opener, "click", toggle);
  view.hear("tour", toggle);
  view.listen(back, "click", () => go(at - 1));
  view.listen(on, "click", () => go(at + 1));
  view.listen(close, "click", end);
  view.listen(region, "keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const action = target(event.key, { ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), Escape: end });
    if (!action) return;
    event.preventDefault();
    action();
  });
  view.atEnd(() => point(null));
  return view.dispose;
}
