/**
 * One measure over the rungs of the ladder: a line each for the head, its layer and all heads.
 */

import { svgEl, whenNear } from "../../shared/charts.js";
import { along, rovingTabStop } from "../../shared/controls.js";
import { el } from "../../shared/dom.js";
import { fixed } from "../../shared/format.js";

/** @typedef {{name: string, values: number[], key: string}} Line one value a rung, NaN where there is none */
/** @typedef {{name: string, value: number, key: string}} Baseline */
/** @typedef {{lines: Line[], baselines: Baseline[], column: import("../../attention/rungs.js").Column, chosen: string, aim?: string}} Shown aim is
 *   what is to be come near to, unless it is the model */

const HEIGHT = 200;
/** Room above and below for the points at the ends of the scale. */
const MARGIN = 8;
/** What a label needs of the height. */
const LABEL = 15;

/**
 * Ends of a scale that hold all of the numbers: a divergence begins at nought, the others end at one.
 * @param {number[]} values
 * @param {{high: number, measure: string}} column
 * @returns {[number, number]}
 */
export function scaleOf(values, { high, measure }) {
  const there = values.filter((v) => !Number.isNaN(v));
  const low = Math.min(0, Math.floor(Math.min(0, ...there) * 5) / 5);
  return measure === "jsd_bits" ? [0, Math.max(0.1, Math.ceil(Math.max(0, ...there) * 10 - 1e-9) / 10)] : [low, high];
}

/**
 * Heights of labels, moved apart so that none hides another, in the order of their wishes.
 * @param {number[]} wishes
 * @param {number} gap
 * @param {number} bottom the lowest may lie here
 * @returns {number[]}
 */
export function spreadOut(wishes, gap, bottom) {
  const order = Array.from(wishes.keys()).sort((a, b) => wishes[a] - wishes[b]);
  const out = [...wishes];
  order.forEach((at, i) => {
    if (i) out[at] = Math.max(out[at], out[order[i - 1]] + gap);
  });
  for (let i = order.length - 1, limit = bottom; i >= 0; i--, limit -= gap)
    out[order[i]] = Math.min(out[order[i]], limit);
  return out;
}

/**
 * @param {import("../../shared/view.js").View<any>} view
 * @param {HTMLElement} parent
 * @param {{name: string, step: string, title: string}[]} rungs those that can be chosen, in order
 * @param {(name: string) => void} choose
 */
export function createLadderChart(view, parent, rungs, choose) {
  const picture = svgEl("svg", { height: HEIGHT, width: "100%", role: "img" });
  const ticks = rungs.map(({ name, step, title }) =>
    el(
      "button",
      { type: "button", class: "tick", "data-rung": name, "aria-pressed": "false", onclick: () => choose(name) },
      el("span", { class: "rung-step" }, step),
      el("span", { class: "tick-name" }, title),
    ),
  );
  const row = el(
    "div",
    { class: "ticks", role: "group", "aria-label": "Rungs; arrow keys step through them" },
    ...ticks,
  );
  row.style.setProperty("--rungs", String(rungs.length));
  const caption = el("p", { class: "note" });
  parent.append(caption, picture, row);
  rovingTabStop(
    view,
    row,
    () => ticks,
    (at, key) => {
      const to = along(key, at, ticks.length - 1);
      if (to == null || !rungs[to]) return null;
      choose(rungs[to].name);
      return to;
    },
  );
  picture.addEventListener("click", (event) => {
    const { left, width } = picture.getBoundingClientRect();
    const at = Math.floor(((event.clientX - left) / width) * rungs.length);
    choose(rungs[Math.max(0, Math.min(rungs.length - 1, at))].name);
  });

  /** @param {number} i */
  const x = (i) => `${((i + 0.5) / rungs.length) * 100}%`;
  /** @type {Shown | null} */
  let shown = null;
  const draw = whenNear(view, parent, () => {
    if (!shown) return;
    const { lines, baselines, column, chosen } = shown;
    const [low, high] = scaleOf([...lines.flatMap((line) => line.values), ...baselines.map((r) => r.value)], column);
    /** @param {number} v */
    const y = (v) => MARGIN + ((high - v) / (high - low)) * (HEIGHT - 2 * MARGIN);
    const at = rungs.findIndex((rung) => rung.name === chosen);
    /** @type {SVGElement[]} */
    const parts = [low, high].map((v) =>
      svgEl("text", { x: -6, y: y(v) + 4, "text-anchor": "end", class: "scale-end" }, fixed(v, 1)),
    );
    parts.push(svgEl("line", { x1: 0, x2: "100%", y1: y(0), y2: y(0), class: "ground" }));
    if (at >= 0)
      parts.push(
        svgEl("rect", {
          x: `${(at / rungs.length) * 100}%`,
          width: `${100 / rungs.length}%`,
          y: 0,
          height: HEIGHT,
          class: "chosen-rung",
        }),
      );
    for (const { value, key } of baselines) {
      if (!Number.isNaN(value))
        parts.push(svgEl("line", { x1: 0, x2: "100%", y1: y(value), y2: y(value), class: `line ${key}` }));
    }
    for (const { values, key } of lines) {
      values.forEach((v, i) => {
        if (Number.isNaN(v)) return;
        if (i && !Number.isNaN(values[i - 1])) {
          parts.push(svgEl("line", { x1: x(i - 1), x2: x(i), y1: y(values[i - 1]), y2: y(v), class: `line ${key}` }));
        }
        parts.push(
          svgEl("circle", { cx: x(i), cy: y(v), r: i === at ? 5 : 3, class: key, "data-rung": rungs[i].name }),
        );
      });
    }
    /** @param {number[]} values */
    const last = (values) => values.findLast((v) => !Number.isNaN(v)) ?? NaN;
    const labels = [...lines.map((line) => ({ ...line, value: last(line.values) })), ...baselines].filter(
      ({ value }) => !Number.isNaN(value),
    );
    const heights = spreadOut(
      labels.map(({ value }) => y(value)),
      LABEL,
      HEIGHT - MARGIN,
    );
    // In a drawing of its own at the right edge, since a line's ends are either all parts or all pixels.
    parts.push(
      svgEl(
        "svg",
        { x: "100%", overflow: "visible" },
        ...labels.flatMap(({ name, key }, i) => [
          svgEl("line", { x1: 6, x2: 22, y1: heights[i], y2: heights[i], class: `line ${key}` }),
          svgEl("text", { x: 27, y: heights[i] + 4, class: key }, name),
        ]),
      ),
    );
    picture.replaceChildren(...parts);
    caption.textContent = `${column.title}: ${column.measure === "jsd_bits" ? "lower" : "higher"} is closer to ${shown.aim ?? "the model"}`;
    picture.setAttribute("aria-label", described(rungs, shown));
  });
  return {
    /** @param {string} chosen */
    choose(chosen) {
      const any = rungs.some((rung) => rung.name === chosen);
      ticks.forEach((tick, i) => {
        const on = rungs[i].name === chosen;
        tick.setAttribute("aria-pressed", String(on));
        tick.tabIndex = on || (!any && !i) ? 0 : -1;
      });
    },
    /** @param {Shown} next */
    show(next) {
      shown = next;
      draw();
    },
  };
}

/**
 * The chart for those who do not see it.
 * @param {{title: string}[]} rungs
 * @param {Shown} shown
 */
function described(rungs, { lines, baselines, column }) {
  /** @param {[string, number][]} pairs */
  const there = (pairs) => pairs.flatMap(([name, v]) => (Number.isNaN(v) ? [] : [`${name} ${fixed(v)}`])).join(", ");
  const said = lines.map(
    ({ name, values }) =>
      `${name}: ${there(values.map((v, i) => /** @type {[string, number]} */ ([rungs[i].title, v])))}`,
  );
  if (!baselines.length) return `${column.title} over the rungs. ${said.join(". ")}.`;
  const others = there(baselines.map(({ name, value }) => /** @type {[string, number]} */ ([name, value])));
  return `${column.title} over the rungs. ${said.join(". ")}. Baselines: ${others || "nothing"}.`;
}
