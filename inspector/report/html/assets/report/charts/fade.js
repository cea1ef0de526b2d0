/**
 * One drawing turning into the next: what was drawn lies over what is, and goes.
 */

import { el } from "../../shared/dom.js";

/**
 * Leave a copy of what a canvas shows over it, which fades by a rule of the style sheet.
 * @param {HTMLCanvasElement} canvas
 */
export function fadeFrom(canvas) {
  const { width, height, parentElement: around } = canvas;
  if (!width || !height || !around || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  around.querySelector(".fading")?.remove();
  const old = el("canvas", { class: "fading", "aria-hidden": "true" });
  old.width = width;
  old.height = height;
  old.style.width = canvas.style.width;
  old.style.height = canvas.style.height;
  old.getContext("2d")?.drawImage(canvas, 0, 0);
  old.addEventListener("animationend", () => old.remove());
  old.addEventListener("animationcancel", () => old.remove());
  around.append(old);
}
