/**
 * Every head as a point, one number against another. A point is a button: it can be pointed at, walked to with the arrow
 * keys and heard, and chooses its head.
 */

import { amounts, ascending, statisticsOf } from "../../../attention/heads_order.js";
import { spearman } from "../../../attention/ranking.js";
import { headsOf } from "../../../attention/run_heads.js";
import { headName } from "../../../attention/verdict_words.js";
import { rovingTabStop, selects, target } from "../../../shared/controls.js";
import { el } from "../../../shared/dom.js";
import { fixed } from "../../../shared/format.js";
import { View } from "../../../shared/view.js";

/** @typedef {import("../../../attention/heads_order.js").Amounts} Amounts */
/** @typedef {[number, number]} Ends of a scale */

/**
 * @param {HTMLElement} root
 * @param {import("../../data.js").ReportData} data
 * @param {import("../../state.js").Store} store
 */
export function mountScatter(root, data, store) {
  const view = new View(root, store);
  root.hidden = !data.header.effects;
  if (root.hidden) return view.dispose;
  const heads = headsOf(data),
    names = heads.map(([index, head]) => headName(data.layers[index], head)),
    field = view.find("scatter");
  const points = heads.map(([index, head]) =>
    el("button", {
      type: "button",
      class: "point",
      tabindex: "-1",
      "aria-pressed": "false",
      onclick: () => store.set({ index, head }),
      onfocus: () => store.set({ index, head }),
    }),
  );
  field.append(...points);
  for (const key of /** @type {const} */ (["across", "upward"]))
    selects(view, `scatter-${key}`, key, statisticsOf(data));
  /** @type {{across: Amounts | null, upward: Amounts | null}} */
  let shown = { across: null, upward: null };
  /** @type {number[][]} the heads that are there from left to right, and from below */
  let orders = [[], []];
  let chosen = data.headIndex(store.get().index, store.get().head);
  rovingTabStop(
    view,
    field,
    () => points,
    (at, key) => {
      const way = target(key, { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [1, 1], ArrowDown: [1, -1] });
      if (way) return orders[way[0]][orders[way[0]].indexOf(at) + way[1]] ?? null;
      return target(key, { Home: orders[0][0], End: orders[0][orders[0].length - 1] });
    },
  );
  /** One way in for the Tab key: the chosen head, or the first that is there. */
  const setStop = () => {
    const stop = points[chosen]?.hidden ? orders[0][0] : chosen;
    points.forEach((point, i) => {
      point.tabIndex = i === stop ? 0 : -1;
    });
  };
  const say = () => {
    const { across, upward } = shown;
    if (!across || !upward) {
      view.find("scatter-says").textContent =
        data.header.effects?.left_out && !data.header.blobs["effects.heads"]
          ? data.header.effects.left_out
          : "One of the two was not measured of the heads.";
      return;
    }
    const found = spearman(across.values, upward.values);
    view.find("scatter-says").textContent =
      `Rank correlation over ${orders[0].length} heads: ${fixed(found, 2)}. ${numbersOf(names[chosen], chosen)}.`;
  };
  /** @param {string} name @param {number} i */
  const numbersOf = (name, i) =>
    `${name[0].toUpperCase()}${name.slice(1)}: ${[...new Set([shown.across, shown.upward])]
      .flatMap((one) => (one ? [`${one.name} ${fixed(one.values[i], one.places)}${one.unit}`] : []))
      .join(", ")}`;

  view.watch(["across", "upward", "rung", "tokens"], (state) => {
    shown = { across: amounts(data, state, state.across), upward: amounts(data, state, state.upward) };
    const { across, upward } = shown,
      x = endsOf(across),
      y = endsOf(upward);
    points.forEach((point, i) => {
      const [left, bottom] = [part(across, x, i), part(upward, y, i)];
      point.hidden = Number.isNaN(left + bottom);
      if (point.hidden) return;
      point.style.left = `${left * 100}%`;
      point.style.bottom = `${bottom * 100}%`;
      point.title = numbersOf(names[i], i);
      point.setAttribute("aria-label", point.title);
    });
    orders = [across, upward].map((one) => ascending(one?.values ?? []).filter((i) => !points[i].hidden));
    view.find("scatter-name").textContent = across ? `${across.name}${across.meaning ?? ""} →` : "";
    view.find("scatter-left").textContent = across ? fixed(x[0], across.places) : "";
    view.find("scatter-right").textContent = across ? fixed(x[1], across.places) + across.unit : "";
    view.find("scatter-high").textContent = upward
      ? `↑ ${upward.name}${upward.meaning ?? ""}, from ${fixed(y[0], upward.places)} to ${fixed(y[1], upward.places)}${upward.unit}`
      : "";
    setStop();
    say();
  });
  view.watch(["index", "head"], ({ index, head }) => {
    const inside = field.contains(document.activeElement);
    points[chosen].setAttribute("aria-pressed", "false");
    chosen = data.headIndex(index, head);
    points[chosen].setAttribute("aria-pressed", "true");
    setStop();
    if (inside && !points[chosen].hidden) points[chosen].focus();
    say();
  });
  return view.dispose;
}

/** @param {Amounts | null} found @returns {Ends} */
function endsOf(found) {
  const there = found?.values.filter((value) => !Number.isNaN(value)) ?? [];
  return [Math.min(0, ...there), Math.max(...there)];
}

/** @param {Amounts | null} found @param {Ends} ends @param {number} i */
const part = (found, [low, high], i) => (found ? (high > low ? (found.values[i] - low) / (high - low) : 0) : NaN);
