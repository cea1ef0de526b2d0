/**
 * How far each rung of the ladder is from the model, over all heads: there where every statistic was asked for.
 */

import { svgEl } from "../../shared/charts.js";
import { el } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { groupOf, headTitle, shortName } from "../data.js";

/** @typedef {import("../data.js").AtlasData} AtlasData */
/** @typedef {import("../state.js").Store} Store */

const BASELINES = ["uniform", "layer_mean"];
const SUFFIX = "_jsd_bits";
/** The chart is this many units wide. */
const WIDE = 1000;

/**
 * @param {HTMLElement} root
 * @param {AtlasData} data
 * @param {Store} store
 */
export function mountLadder(root, data, store) {
  const view = new View(root, store);
  const rungs = data.measures
    .filter((measure) => groupOf(measure) === SUFFIX)
    .map((measure) => {
      const values = data.values(measure.name),
        there = values.filter((value) => !Number.isNaN(value));
      return {
        measure,
        values,
        there,
        mean: there.reduce((a, b) => a + b, 0) / there.length,
        reference: BASELINES.includes(measure.name.slice(0, -SUFFIX.length)),
      };
    })
    .filter(({ there }) => there.length);
  const anchors = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(`nav a[href="#${root.id}"]`));
  root.hidden = !rungs.length;
  for (const link of anchors) link.hidden = root.hidden;
  if (!rungs.length) return view.dispose;
  rungs.sort((a, b) => Number(a.reference) - Number(b.reference));
  const most = Math.max(...rungs.flatMap(({ there }) => there)) || 1;
  /** @param {number} value */
  const x = (value) => ((value / most) * WIDE).toFixed(1);
  const lines = rungs.map(({ measure, there, values, mean, reference }) => {
    const chosen = svgEl("line", { class: "chosen-head", y1: 0, y2: 24 });
    const picture = svgEl(
      "svg",
      { viewBox: `0 0 ${WIDE} 24`, preserveAspectRatio: "none", "aria-hidden": "true" },
      svgEl("line", { class: "track", x1: 0, x2: WIDE, y1: 12, y2: 12 }),
      svgEl("path", { class: "strokes", d: there.map((value) => `M${x(value)} 4v16`).join("") }),
      chosen,
    );
    const dot = el("span", { class: "mean-dot" });
    dot.style.insetInlineStart = `${(mean / most) * 100}%`;
    const own = el("td", { class: "value own" });
    const row = el(
      "tr",
      { class: reference ? "reference" : null },
      el(
        "th",
        { scope: "row" },
        el(
          "button",
          { type: "button", class: "pick", onclick: () => store.set({ measure: measure.name }) },
          shortName(measure),
        ),
      ),
      el("td", {}, el("span", { class: "chart" }, picture, dot)),
      el("td", { class: "value" }, fixed(mean)),
      own,
    );
    return { values, chosen, own, row };
  });
  view.find("ladder-rows").append(...lines.map(({ row }) => row));
  const uniform = rungs.find(({ measure }) => measure.name === `uniform${SUFFIX}`);
  const mean = rungs.find(({ measure }) => measure.name === `layer_mean${SUFFIX}`);
  view.find("ladder-says").textContent =
    [
      uniform && `Uniform attention is ${fixed(uniform.mean)} bits away`,
      mean && `the average of a layer’s heads ${fixed(mean.mean)}`,
    ]
      .filter(Boolean)
      .join(", ") + (uniform || mean ? "." : "");
  view.watch(["head"], ({ head }) => {
    view.find("ladder-own").textContent = headTitle(data.heads[head]);
    for (const { values, chosen, own } of lines) {
      const there = !Number.isNaN(values[head]);
      chosen.style.display = there ? "" : "none";
      if (there) for (const end of ["x1", "x2"]) chosen.setAttribute(end, x(values[head]));
      own.textContent = fixed(values[head]);
    }
  });
  return view.dispose;
}
