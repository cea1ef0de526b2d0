/**
 * The sentence itself: hover over a word, and the others show how much it attends to them, or they
 * to it. A click pins a word, a second click compares it with another.
 */

import { layerName } from "../../attention/verdict_words.js";
import { amountsOf, maskedOf, overlap, unitsOf } from "../../attention/words.js";
import { css, currentRamp, step, tintsOf } from "../../shared/colour.js";
import { rovingTabStop, target, toggles } from "../../shared/controls.js";
import { el, word } from "../../shared/dom.js";
import { continues, directionOf, fixed, percent, visible } from "../../shared/format.js";
import { View } from "../../shared/view.js";

/** @typedef {import("../state.js").Store} Store */
/** @typedef {import("../state.js").State} State */
/** @typedef {import("../data.js").ReportData} ReportData */
/** @typedef {import("../../attention/words.js").Unit} Unit */
/** @typedef {Unit & {side: import("../data.js").Side}} Chip */
/** @typedef {{units: Chip[], told: number[], from: number | null, other: number | null, pointed: number | null,
 *   amounts: Float64Array | null, others: Float64Array | null, masked: boolean[] | null}} Picture what the chips show: of
 *   the units those in `told` have an amount, and the others NaN */

/** Beyond this many words a number under each would be noise. */
const MOST_NUMBERED = 48;
const GAP_LENGTH = 24;
/** Stands there until a word was pointed at. */
const FIRST = "Hover over a word to see what it attends to. Click to pin it; click a second word to compare.";
/** Steps of the ramp that are not worth a tint. */
const FAINTEST = 6;
/** Steps that nobody tells apart on a word: fewer words change when the head does. */
const COARSE = 6;

/**
 * @param {HTMLElement} root
 * @param {ReportData} data
 * @param {Store} store
 */
export function mountSentence(root, data, store) {
  const view = new View(root, store);
  const box = view.find("sentence"),
    says = view.find("sentence-says"),
    note = view.find("sentence-note");
  for (const key of /** @type {const} */ (["direction", "whose", "subwords"])) toggles(view, `sentence-${key}`, key);

  /** @type {Chip[]} of one text, or of the source and then of the target */
  let units = [];
  /** @type {HTMLElement[]} */
  let chips = [];
  /** @type {string[]} what is behind each chip, so that only what changes is touched */
  let looks = [];
  /** @type {Map<import("../data.js").Side, number[]>} the unit of each token of a text */
  let unitOf = new Map();
  let several = false,
    built = "";
  /** @type {number | null} pinned here, and not by a link or by what the page opened with */
  let mine = null;
  let used = false,
    pressed = "";
  /** @type {Promise<any> | null} */
  let awaited = null;
  /** Who is asked about, and who then has an amount. */
  const both = () => {
    const { index, direction } = store.get(),
      { rows, cols } = data.sides(index);
    return direction === "out" ? [rows, cols] : [cols, rows];
  };
  /** @param {number | null} token */
  const unit = (token) => (token == null ? null : (unitOf.get(both()[0])?.[token] ?? null));
  /** @param {number | null} pinned @param {number | null} compared */
  const pin = (pinned, compared) => store.set({ pinned, compared, hovered: null });
  /** @param {number} u */
  const point = (u) => {
    used = true;
    if (units[u].side === both()[0]) store.set({ hovered: units[u].tokens[0] });
  };
  /** @param {number} u */
  const pick = (u) => {
    const { pinned, compared, direction } = store.get(),
      [token] = units[u].tokens;
    if (units[u].side !== both()[0]) {
      // A word of the other text: the question turns round.
      mine = token;
      store.set({ direction: direction === "out" ? "in" : "out", pinned: token, compared: null, hovered: null });
    } else if (u === unit(pinned)) pin((mine = compared), null);
    else if (u === unit(compared)) pin(pinned, null);
    else if (pinned != null && (compared != null || mine === pinned)) pin(pinned, token);
    else pin((mine = token), null);
  };

  /** @param {import("../state.js").State} state */
  const build = ({ subwords, index }) => {
    const { rows, cols } = data.sides(index),
      texts = rows === cols ? [rows] : [cols, rows];
    const now = `${subwords} ${texts.map((side) => side.name)}`;
    if (now === built) return;
    built = now;
    /** @param {boolean} by @returns {Chip[]} */
    const made = (by) =>
      texts.flatMap((side) => unitsOf(side.tokens, side.names, side, by).map((one) => ({ ...one, side })));
    const whole = made(false),
      single = made(true);
    several = whole.length < single.length;
    view.find("sentence-subwords").hidden = !several;
    units = subwords ? single : whole;
    box.dataset.length = single.length <= 24 ? "short" : single.length <= 96 ? "middle" : "long";
    unitOf = new Map(texts.map((side) => [side, []]));
    box.classList.toggle("plain", units.length > MOST_NUMBERED);
    units.forEach(({ tokens: of, side }, u) => {
      const its = unitOf.get(side) ?? [];
      for (const i of of) its[i] = u;
    });
    const numbered = units.length <= MOST_NUMBERED,
      stop = unit(store.get().pinned) ?? 0;
    chips = units.map((one, u) =>
      el(
        "button",
        {
          type: "button",
          class: one.special ? "token special" : "token",
          tabindex: u === stop ? "0" : "-1",
          "aria-pressed": "false",
          title: title(one, one.side),
          onpointerenter: () => point(u),
          onfocus: () => point(u),
          onblur: () => store.set({ hovered: null }),
          onclick: () => pick(u),
        },
        word(one.name, "token-text"),
        numbered ? el("span", { class: "token-weight", "aria-hidden": "true" }) : null,
      ),
    );
    looks = chips.map(() => "");
    pressed = "";
    box.replaceChildren(...texts.flatMap((side) => paragraphs(side, units, chips)));
  };
  view.listen(box, "pointerleave", () => store.set({ hovered: null }));
  rovingTabStop(
    view,
    box,
    () => chips,
    (at, key) =>
      target(key, {
        ArrowRight: at + 1,
        ArrowDown: at + 1,
        ArrowLeft: at - 1,
        ArrowUp: at - 1,
        Home: 0,
        End: chips.length - 1,
      }),
  );

  const show = () => {
    if (view.disposed) return;
    const state = store.get(),
      { index, head, whose, direction } = state;
    const matrix = whose === "head" ? data.shown(index, head) : data.mean(index, whose);
    note.textContent = origin(data, state, several);
    box.setAttribute("aria-busy", String(matrix instanceof Promise));
    if (matrix instanceof Promise) {
      says.textContent = "Working out the average…";
      if (awaited !== matrix)
        matrix.then(() => {
          if (awaited === matrix) show();
        });
      awaited = matrix;
      return;
    }
    awaited = null;
    const pointed = unit(state.hovered),
      pinned = unit(state.pinned);
    const other = pinned == null || unit(state.compared) === pinned ? null : unit(state.compared);
    const from = other == null ? (pointed ?? pinned) : pinned;
    const [asked, others] = both(),
      told = [...units.keys()].filter((u) => units[u].side === others);
    /** @template V, R @param {ArrayLike<V>} values @param {R} rest @returns {(V | R)[]} */
    const ofAll = (values, rest) => {
      /** @type {(V | R)[]} */
      const all = units.map(() => rest);
      told.forEach((u, i) => {
        all[u] = values[i];
      });
      return all;
    };
    const those = told.map((u) => units[u]);
    /** @param {number | null} at */
    const amounts = (at) =>
      at == null ? null : Float64Array.from(ofAll(amountsOf(matrix, units[at], those, direction), NaN));
    const masked = from != null && other == null ? maskedOf(data.visible(index), units[from], those, direction) : null;
    /** @type {Picture} */
    const picture = {
      units,
      told,
      from,
      other,
      pointed,
      amounts: amounts(from),
      others: amounts(other),
      masked: masked && ofAll(masked, false),
    };
    tint(picture);
    if (pressed !== `${pinned} ${other}`) {
      for (const chip of box.querySelectorAll("[aria-pressed=true]")) chip.setAttribute("aria-pressed", "false");
      for (const at of [pinned, other]) if (at != null) chips[at].setAttribute("aria-pressed", "true");
      // What was clicked here is in sight, and only a long text scrolls: to ask where a word lies
      // costs a layout, unless the page is about to be laid out anyway.
      const chip = pinned != null && mine !== state.pinned && box.dataset.length === "long" && chips[pinned];
      if (chip) requestAnimationFrame(() => bringIntoBox(box, chip));
      pressed = `${pinned} ${other}`;
    }
    const compares = mine != null && mine === state.pinned;
    const hint = !used
      ? FIRST
      : other != null
        ? "Click either again to unpin it; Esc unpins both."
        : from == null || from !== pinned
          ? compares
            ? "Click to compare the two."
            : "Click to pin it."
          : compares
            ? "Click another word to compare, or this one again to unpin."
            : "Click it again to unpin.";
    const turn = asked === others ? "" : ` Click a word of the ${others.name} to see what attends to it.`;
    says.replaceChildren(...saying(data, state, picture), el("span", { class: "hint" }, hint + turn));
  };

  /** @param {Picture} picture */
  const tint = ({ told, from, other, amounts, others, masked }) => {
    const tints = tintsOf(currentRamp("amount")),
      two = currentRamp("difference");
    const most = Math.max(...told.flatMap((u) => [amounts?.[u] ?? 1, others?.[u] ?? 0]));
    box.classList.toggle("comparing", others != null);
    chips.forEach((chip, u) => {
      const value = amounts?.[u] || 0,
        barred = masked?.[u] ?? false,
        silent = Number.isNaN(amounts?.[u] ?? 0);
      // The scale ends at three quarters, where words of either ink stay easy to read.
      const at = others ? 0 : Math.round((step(value, 0, most) * 0.75) / COARSE) * COARSE;
      const { paper, ink } = at > FAINTEST ? tints[at] : { paper: "", ink: "" };
      const left = others && !silent ? css(two, 127 - (step(value, 0, most) >> 1)) : "";
      const right = others && !silent ? css(two, 127 + ((step(others[u], 0, most) + 1) >> 1)) : "";
      const look = [paper, left, right, barred, u === from, u === other].join();
      // A long text has hundreds of chips and most do not change.
      if (look !== looks[u]) {
        looks[u] = look;
        chip.style.backgroundColor = paper;
        chip.style.color = ink;
        chip.style.setProperty("--first", left);
        chip.style.setProperty("--other", right);
        chip.classList.toggle("tinted", ink !== "");
        chip.classList.toggle("barred", barred);
        chip.classList.toggle("source", u === from);
        chip.classList.toggle("other", u === other);
      }
      if (units.length > MOST_NUMBERED) return;
      const weight = /** @type {HTMLElement} */ (chip.lastChild),
        number = fixed(value, 2);
      if (silent) weight.replaceChildren();
      else if (others) weight.replaceChildren(el("span", {}, number), el("span", {}, fixed(others[u], 2)));
      else weight.textContent = amounts ? (barred ? "–" : number) : "";
    });
  };
  view.watch(["subwords", "index"], build);
  view.watch(["index", "head", "pinned", "hovered", "compared", "direction", "whose", "subwords"], show);
  view.hear("themechange", show);
  return view.dispose;
}

/**
 * Scroll a long text, but never the page, to one of its words.
 * @param {HTMLElement} box
 * @param {HTMLElement} chip
 */
function bringIntoBox(box, chip) {
  const inside = chip.getBoundingClientRect(),
    around = box.getBoundingClientRect();
  if (inside.top < around.top || inside.bottom > around.bottom) {
    box.scrollTop += inside.top - around.top - box.clientHeight / 2;
  }
}

/**
 * @param {Unit} unit
 * @param {import("../data.js").Side} side
 */
const title = (unit, { tokens }) =>
  [
    unit.name,
    ...unit.tokens.map(
      (i) =>
        `token ${i}: “${visible(tokens[i].text)}”, id ${tokens[i].id}${tokens[i].special ? ", added by the tokenizer" : ""}`,
    ),
  ].join("\n");

/**
 * A paragraph for a text, or for each of a pair, its words where they stand in it.
 * @param {import("../data.js").Side} side
 * @param {Chip[]} units
 * @param {HTMLElement[]} chips
 */
function paragraphs(side, units, chips) {
  const { name, text, pair, tokens } = side;
  const segments = [Array.from(text), Array.from(pair ?? "")];
  const lines = segments.slice(0, pair == null ? 1 : 2).map((_, at) =>
    // In a bdi, a letter of ours has no say in the direction of the line.
    el("p", {}, pair == null ? name && word(name, "text-name") : word("AB"[at], "text-name")),
  );
  const ends = [0, 0];
  units.forEach(({ segment, span, side: of, tokens: [first] }, u) => {
    if (of !== side) return;
    const at = Math.min(segment, lines.length - 1);
    if (span && span[0] >= ends[at]) {
      lines[at].append(...between(segments[at].slice(ends[at], span[0]).join("")));
      ends[at] = span[1];
    } else if (!continues(tokens, first)) {
      lines[at].append(" ");
    }
    lines[at].append(chips[u]);
    // A token that is a line's end is a word to point at, and ends the line.
    if (tokens.slice(first, first + 1).some((token) => /^\s*\n\s*$/.test(pieceOf(token, segments[at]))))
      lines[at].append(el("br"));
  });
  lines.forEach((line, at) => {
    line.dir = directionOf(at ? (pair ?? "") : text);
  });
  return lines;
}

/**
 * The text that a token stands for.
 * @param {import("../../payload.js").Token} token
 * @param {string[]} characters of its text
 */
const pieceOf = ({ span, text, special }, characters) => (span && !special ? characters.slice(...span).join("") : text);

/**
 * What the tokenizer left out between two tokens: a space, a line's end, or something that ought to be seen.
 * @param {string} gap
 * @returns {Node[]}
 */
function between(gap) {
  if (gap === "") return [];
  if (gap.trim() === "" && gap.includes("\n")) return [el("br")];
  if (gap.trim() === "") return [document.createTextNode(" ")];
  const seen = Array.from(gap.trim()).slice(0, GAP_LENGTH).join("");
  return [
    document.createTextNode(" "),
    el("bdi", { class: "dropped", title: "not a token" }, visible(seen)),
    document.createTextNode(" "),
  ];
}

/**
 * Whose attention is spoken of.
 * @param {ReportData} data
 * @param {State} state
 */
function where({ layers }, { index, head, whose }) {
  const { site, heads } = layers[index],
    kind = site === "self" ? "" : `${site} `,
    name = layerName(layers[index]);
  if (whose === "head") return `In ${name}, head ${head}, `;
  if (whose === "layer") return `On average over the ${heads} heads of ${name}, `;
  const all = layers.reduce((sum, one) => sum + (one.site === site ? one.heads : 0), 0);
  return `On average over all ${all} ${kind}heads, `;
}

/**
 * Where the numbers come from, and what became of subwords.
 * @param {ReportData} data
 * @param {State} state
 * @param {boolean} several
 */
function origin(data, { index, head, whose, subwords }, several) {
  const mean = whose !== "head",
    shipped = data.model(index, head);
  const from =
    mean || !shipped
      ? `These numbers are ${mean ? "an average, " : ""}worked out on this page from ` +
        (shipped ? "the model’s own attention." : "q and k.")
      : data.header.verification.verdict === "unproved"
        ? "These numbers were computed from the weights; the real model has not been asked."
        : "These numbers are the model’s own.";
  return (
    from +
    (several && !subwords ? " Subwords are combined: attention received is summed, attention given is averaged." : "")
  );
}

/**
 * @param {ReportData} data
 * @param {State} state
 * @param {Picture} picture
 * @returns {(Node | string)[]}
 */
function saying(data, state, picture) {
  const { units, told, from, other, amounts, masked } = picture;
  if (from == null || !amounts) return ["No word is chosen."];
  const out = state.direction === "out";
  /** @param {number} u */
  const quoted = (u) => el("b", {}, "“", word(units[u].name, "clip"), "”");
  if (other != null) return [where(data, state), ...comparing(picture, out)];
  const order = [...told].sort((a, b) => amounts[b] - amounts[a]).slice(0, 2);
  /** @param {number} u @param {number} at */
  const share = (u, at) => {
    const own = u === from,
      much = percent(amounts[u]);
    if (out)
      return [at ? ` and ${much} to ` : ` gives ${much} of its attention to `, own ? el("b", {}, "itself") : quoted(u)];
    return [
      `${at ? " and" : " gets"} ${much} of ${own ? "" : at ? "that of " : "the attention of "}`,
      own ? el("b", {}, "its own") : quoted(u),
    ];
  };
  const total = told.reduce((sum, u) => sum + amounts[u], 0),
    hidden = masked?.filter(Boolean).length;
  return [
    where(data, state),
    quoted(from),
    ...order.flatMap(share),
    ". ",
    out ? "" : `It receives ${fixed(total, 2)} in all, of the 1 that each of the ${told.length} here has to give. `,
    hidden
      ? `The ${hidden} in grey ${hidden === 1 ? "is" : "are"} masked: the model does not let ${out ? "it attend to them" : "them attend to it"}. `
      : "",
  ];
}

/**
 * Two words side by side.
 * @param {Picture} picture
 * @param {boolean} out
 * @returns {(Node | string)[]}
 */
function comparing({ units, told, from, other, pointed, amounts: a, others: b }, out) {
  if (from == null || other == null || !a || !b) return [];
  /** @param {number} u */
  const quoted = (u) =>
    el(
      "b",
      { class: u === from ? "is-source" : u === other ? "is-other" : null },
      "“",
      word(units[u].name, "clip"),
      "”",
    );
  /** @param {Float64Array} values */
  const of = (values) => Float64Array.from(told, (u) => values[u]);
  const how = out ? "from" : "to",
    shared = percent(overlap(of(a), of(b)));
  /** @param {number} u */
  const apart = (u) => Math.abs(a[u] - b[u]);
  // Pointing asks for a word's two numbers; else those stand there that differ most.
  const asked = pointed != null && pointed !== from && pointed !== other && told.includes(pointed);
  const third = asked ? pointed : told.reduce((most, u) => (apart(u) > apart(most) ? u : most));
  return [
    quoted(from),
    " and ",
    quoted(other),
    out ? ` agree on ${shared} of their attention. ` : ` share ${shared} of the attention that they receive. `,
    asked ? "" : "They differ most on ",
    quoted(third),
    `: ${percent(a[third])} ${how} `,
    quoted(from),
    `, ${percent(b[third])} ${how} `,
    quoted(other),
    ". ",
  ];
}
