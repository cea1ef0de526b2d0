/**
 * The mix: whose traits a word comes away with, in the classroom and in the real head.
 */

import { closeness, LEVELS } from "../../attention/closeness.js";
import { shares } from "../../attention/maths.js";
import { el, fillTo, word } from "../../shared/dom.js";
import { counted, percent } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { asRow } from "../selection.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../data.js").ReportData} ReportData */

const MOST_SHOWN = 10;
/** How many words of one level a sentence names. */
const MOST_NAMED = 3;
/** Attention and value-weighted attention are worth a sentence when they are this far apart. */
const WORTH_SAYING = 0.1;

/**
 * @param {HTMLElement} root
 * @param {ReportData} data
 * @param {Store} store
 */
export function mountMix(root, data, store) {
  const view = new View(root, store),
    body = view.find("mix-rows"),
    says = view.find("mix-says");
  const table = view.find("mix-table");
  view.watch(["index", "head", "pinned", "direction"], (state) => {
    const { index, head } = state,
      pinned = asRow(data, state, state.pinned);
    const { cols, site, layer } = data.layers[index],
      sides = data.sides(index),
      { names } = sides.cols;
    view.find("mix-head").textContent =
      `${site === "self" ? "Layer" : `${site[0].toUpperCase()}${site.slice(1)} layer`} ${layer}, head ${head}`;
    if (pinned == null) {
      says.textContent = `Click a word ${sides.rows.name ? `of the ${sides.rows.name}` : "in the sentence"} to see what it is mixed from.`;
      body.replaceChildren();
      return;
    }
    // Between two texts nobody takes from itself.
    const self = sides.rows === sides.cols ? pinned : -1,
      asker = sides.rows.names[pinned];
    const { classroom, signs, weighted, attention } = mixOf(data, index, head, pinned),
      sorted = weighted ?? classroom;
    table.hidden = !sorted;
    if (!sorted) {
      says.textContent =
        "It cannot be shown here: without a rebuild from the weights the size of each value is not known.";
      return;
    }
    const visible = data.visible(index);
    const levels = weighted && closeness(weighted, self, visible && ((j) => visible(pinned, j)));
    /** @param {number} j */
    const size = (j) => Math.max(classroom?.[j] ?? 0, weighted?.[j] ?? 0, attention[j]);
    const order = Array.from({ length: cols }, (_, j) => j).sort((a, b) => size(b) - size(a));
    const shown = order.slice(0, MOST_SHOWN).sort((a, b) => sorted[b] - sorted[a]);
    const rest = order.slice(MOST_SHOWN);
    /** @param {ArrayLike<number>} values */
    const sum = (values) => rest.reduce((total, j) => total + values[j], 0);
    /** @param {number} j */
    const which = (j) =>
      names.indexOf(names[j]) === names.lastIndexOf(names[j]) ? null : el("span", { class: "hint" }, ` (token ${j})`);
    says.replaceChildren(
      ...(levels ? [...taken(levels, weighted, self, names, asker), ...gap(weighted, attention, self, names)] : []),
      ...(classroom
        ? []
        : [" The classroom’s side is not shown: for a text this long the page does not carry every interaction."]),
      ...(weighted
        ? []
        : [" The head’s side is not shown: without a rebuild from the weights the size of each value is not known."]),
    );
    /** @param {number} j */
    const row = (j) =>
      mixRow(
        [word(names[j], "clip"), j === self ? el("span", { class: "hint" }, " (itself)") : (which(j) ?? "")],
        classroom?.[j],
        (signs?.[j] ?? 0) < 0,
        weighted?.[j],
        weighted && attention[j],
      );
    // Itself first, then from the closest on; what is masked, or has no level, last.
    /** @type {[string | null, number[]][]} */
    const groups = levels
      ? [
          [null, shown.filter((j) => j === self)],
          ...LEVELS.map(
            (level) => /** @type {[string, number[]]} */ ([level, shown.filter((j) => levels[j] === level)]),
          ),
          ["masked", shown.filter((j) => j !== self && !levels[j])],
        ]
      : [[null, shown]];
    const kinds =
      levels &&
      LEVELS.map(
        (level) => /** @type {[string, number]} */ ([level, rest.filter((j) => levels[j] === level).length]),
      ).flatMap(([level, n]) => (n ? [`${n} ${level}`] : []));
    body.replaceChildren(
      ...groups
        .filter(([, members]) => members.length)
        .flatMap(([level, members]) => [
          ...(level
            ? [el("tr", { class: "level", "data-level": level }, el("th", { colspan: 3, scope: "rowgroup" }, level))]
            : []),
          ...members.map(row),
        ]),
      ...(rest.length
        ? [
            mixRow(
              [
                el("em", {}, counted(rest.length, "other")),
                ...(kinds?.length ? [" ", el("span", { class: "hint" }, kinds.join(", "))] : []),
              ],
              classroom && sum(classroom),
              false,
              weighted && sum(weighted),
              weighted && sum(attention),
              "rest",
            ),
          ]
        : []),
    );
  });
  return view.dispose;
}

/**
 * @param {ReportData} data
 * @param {number} index
 * @param {number} head
 * @param {number} i
 */
function mixOf(data, index, head, i) {
  const R = data.interactions(index),
    sizes = data.valueNorms(index, head),
    norms = data.keyStateNorms(index);
  const signs = R?.data.subarray(i * R.cols, (i + 1) * R.cols);
  const A = data.shown(index, head),
    attention = A.data.subarray(i * A.cols, (i + 1) * A.cols);
  return {
    signs,
    attention,
    classroom: signs && shares(signs.map((r, j) => Math.abs(r) * norms[j])),
    weighted: sizes && shares(attention.map((a, j) => a * sizes[j])),
  };
}

/**
 * Whom a word takes from, in a sentence.
 * @param {(string | null)[]} levels
 * @param {number[]} weighted
 * @param {number} self
 * @param {string[]} names
 * @param {string} asker
 * @returns {(Node | string)[]}
 */
function taken(levels, weighted, self, names, asker) {
  const me = ["“", word(asker, "clip"), "”"];
  /** @param {string} level */
  const of = (level) =>
    Array.from(levels.keys())
      .filter((j) => levels[j] === level)
      .sort((a, b) => weighted[b] - weighted[a]);
  const [close, acquainted, hardly] = LEVELS.map(of);
  /** @param {number[]} members */
  const list = (members) => {
    const named = members.slice(0, MOST_NAMED),
      more = members.length - named.length;
    return [
      ...named.flatMap((j, i) => [
        i ? (i === named.length - 1 && !more ? " and " : ", ") : "",
        "“",
        word(names[j], "clip"),
        "”",
      ]),
      ...(more ? [` and ${more} more`] : []),
    ];
  };
  if (!close.length && !acquainted.length) return ["In this head ", ...me, " takes in nothing from others."];
  return [
    "In this head ",
    ...me,
    ...(close.length ? [" takes in most from ", ...list(close)] : [" takes in much from no one"]),
    ...(acquainted.length ? [close.length ? ", something from " : " and something from ", ...list(acquainted)] : []),
    hardly.length ? `, and hardly anything from ${counted(hardly.length, "other")}. ` : ". ",
    self < 0 ? "" : `${percent(weighted[self])} of what it takes in is its own.`,
  ];
}

/**
 * The word whose attention says least about what is taken in from it, where that is worth a sentence.
 * @param {number[]} weighted
 * @param {ArrayLike<number>} attention
 * @param {number} self
 * @param {string[]} names
 */
function gap(weighted, attention, self, names) {
  /** @param {number} j */
  const apart = (j) => Math.abs(attention[j] - weighted[j]);
  const at = weighted.reduce((best, _, j) => (apart(j) > apart(best) ? j : best), 0);
  if (apart(at) < WORTH_SAYING) return [];
  return [
    " It gives ",
    ...(at === self ? ["itself"] : ["“", word(names[at], "clip"), "”"]),
    ` ${percent(attention[at])} of its attention, but `,
    attention[at] > weighted[at] ? "only " : "",
    `${percent(weighted[at])} of what it takes in comes from there.`,
  ];
}

/**
 * @param {import("../../shared/dom.js").Child[]} name
 * @param {number | null | undefined} classroom
 * @param {boolean} negative
 * @param {number | null | undefined} weighted
 * @param {number | null} [attention] attention alone
 * @param {string} [className]
 */
function mixRow(name, classroom, negative, weighted, attention, className) {
  /** @type {(value: number, text: string, sign: boolean, kind?: string) => HTMLElement[]} */
  const amount = (value, text, sign, kind = "value") => {
    const fill = el("span", { class: sign ? "fill negative" : "fill" });
    fillTo(fill, value);
    return [
      el("span", { class: "bar", "aria-hidden": "true" }, fill),
      el("span", { class: kind }, `${text}${percent(value)}`),
    ];
  };
  /** @type {(value: number | null | undefined, kind: string, sign: boolean, also: HTMLElement | null) => HTMLElement} */
  const cell = (value, kind, sign, also) =>
    el(
      "td",
      { class: `mix-${kind}` },
      ...(value == null ? ["–"] : [...amount(value, sign ? "against: " : "", sign), also ?? ""]),
    );
  return el(
    "tr",
    { class: className },
    cell(classroom, "classroom", negative, null),
    el("th", { scope: "row" }, ...name),
    cell(
      weighted,
      "weighted",
      false,
      attention == null
        ? null
        : el("span", { class: "attention" }, ...amount(attention, "attention ", false, "value-attention")),
    ),
  );
}
