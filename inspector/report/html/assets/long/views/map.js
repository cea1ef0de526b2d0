/**
 * The whole text at once: stretches down, layers across.
 */

import { rovingTabStop, target } from "../../shared/controls.js";
import { el, fillTo, word } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";
import { paintPixels } from "../../shared/pixels.js";
import { View } from "../../shared/view.js";

const STEPS = Float32Array.from({ length: 256 }, (_, i) => i);

/** @param {number} lift @returns {number} step of the ramp: an even part in the middle, 4 times and a quarter at its ends */
const stepOf = (lift) => Math.max(0, Math.min(255, Math.round(127.5 + (Math.log2(Math.max(lift, 1e-6)) / 2) * 127.5)));

/** @param {number} share of the largest effect */
function barOf(share) {
  const fill = el("span", { class: "fill" });
  fillTo(fill, share);
  return el("span", { class: "bar", "aria-hidden": "true" }, fill);
}

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").LongData} data
 * @param {import("../state.js").Store} store
 */
export function mountMap(root, data, store) {
  const view = new View(root, store),
    { spans, layers, effects } = data.header,
    largest = Math.max(...(effects?.stretches ?? []).map(Number), 1e-12),
    box = view.find("map-box"),
    count = spans.length;
  /** @type {HTMLElement[]} */
  const lines = spans.map(({ name }, at) => {
    const canvas = el("canvas", { width: layers.length, height: 1, "aria-hidden": "true" });
    return el(
      "div",
      { class: "map-line", role: "row" },
      el(
        "button",
        { type: "button", class: "map-name", role: "gridcell", tabindex: "-1", onclick: () => store.set({ from: at }) },
        word(name, "clip"),
      ),
      canvas,
      effects && barOf((effects.stretches[at] ?? 0) / largest),
    );
  });
  box.toggleAttribute("data-effects", Boolean(effects));
  box.append(
    el(
      "div",
      { class: "map-line map-head", "aria-hidden": "true" },
      el("span", {}, ""),
      el("span", { class: "map-ends" }, el("span", {}, "layer 0"), el("span", {}, `${layers.length - 1}`)),
      effects && el("span", {}, "effect"),
    ),
    ...lines,
  );
  /** @param {number} at */
  const nameAt = (at) => /** @type {HTMLButtonElement} */ (lines[at].querySelector("button"));
  const paint = () => {
    lines.forEach((line, at) => {
      const canvas = /** @type {HTMLCanvasElement} */ (line.querySelector("canvas"));
      const steps = layers.map((_, layer) => stepOf(data.lifts[layer * count + at]));
      paintPixels(canvas, steps, "difference", 0, 255);
    });
    paintPixels(view.find("map-bar", HTMLCanvasElement), STEPS, "difference", 0, 255);
  };
  paint();
  view.hear("themechange", paint);
  for (const [at, line] of lines.entries()) {
    view.listen(line, "click", () => store.set({ from: at }));
  }
  rovingTabStop(
    view,
    box,
    () => lines.map((_, at) => nameAt(at)),
    (at, key) => target(key, { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: count - 1 }),
  );
  view.watch(["from"], ({ from }) => {
    lines.forEach((line, at) => {
      line.setAttribute("aria-selected", String(at === from));
      nameAt(at).tabIndex = at === from ? 0 : -1;
    });
    const lifts = layers.map((_, layer) => data.lifts[layer * count + from]),
      told = lifts.filter((lift) => !Number.isNaN(lift)),
      most = lifts.indexOf(Math.max(...told)),
      { start, end } = spans[from],
      where = `Stretch ${from}, tokens ${start} to ${end - 1}`;
    const moved = effects?.stretches[from],
      unheard =
        moved == null
          ? ""
          : ` Heard by nobody, it moves the answer by ${fixed(moved, 4)} ${effects?.measure === "kl_bits" ? "bits" : "of the embedding’s cosine"}.`;
    if (!told.length) {
      view.find("map-says").textContent =
        `${where}: it is the first, a sink stands in it, or hardly anybody comes far behind it.${unheard}`;
      return;
    }
    view.find("map-says").textContent =
      `${where}: from afar it is given ${fixed(told.reduce((a, b) => a + b, 0) / told.length, 2)} times an even part ` +
      `on average, most in layer ${most}, ${fixed(lifts[most], 2)} times.${unheard}`;
  });
  return view.dispose;
}
