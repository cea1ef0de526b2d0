/**
 * The sentence itself: point at a word, and the others show how much it listens to them, or they
 * to it. A click keeps a word, a second click sets another beside it.
 */

import { css, currentRamp, step, tintsOf } from "inspector/colour";
import { byId, el, rovingTabStop, toggles, word } from "inspector/dom";
import { continues, fixed, percent, visible } from "inspector/format";
import { amountsOf, forbiddenOf, overlap, unitsOf } from "inspector/words";

/** @typedef {import("inspector/state").Store} Store */
/** @typedef {import("inspector/state").State} State */
/** @typedef {import("inspector/report_data").ReportData} ReportData */
/** @typedef {import("inspector/words").Unit} Unit */
/** @typedef {{units: Unit[], from: number | null, other: number | null, pointed: number | null, amounts: Float64Array | null,
 *   others: Float64Array | null, forbidden: boolean[] | null}} Picture what the chips show */

/** Beyond this many words a number under each would be noise. */
const MOST_NUMBERED = 48;
const GAP_LENGTH = 24;
/** Stands there until a word was pointed at. */
const FIRST = "Point at a word and the others colour. A click keeps it, a click on a second word compares the two.";
/** Steps of the ramp that are not worth a tint. */
const FAINTEST = 6;
/** Steps that nobody tells apart on a word: fewer words change when the head does. */
const COARSE = 6;

/**
 * @param {ReportData} data
 * @param {Store} store
 * @param {string[]} names
 */
export function showSentence(data, store, names) {
  const { tokens, header } = data;
  const box = byId("sentence"), says = byId("sentence-says"), note = byId("sentence-note");
  const whole = unitsOf(tokens, names, header.text, false), single = unitsOf(tokens, names, header.text, true);
  const several = whole.length < single.length;
  byId("sentence-pieces").hidden = !several;
  for (const key of ["direction", "whose", "pieces"]) toggles(store, `sentence-${key}`, key);
  box.dataset.length = tokens.length <= 24 ? "short" : tokens.length <= 96 ? "middle" : "long";

  /** @type {Unit[]} */
  let units = [];
  /** @type {HTMLElement[]} */
  let chips = [];
  /** @type {string[]} what is behind each chip, so that only what changes is touched */
  let looks = [];
  /** @type {number[]} the unit of each token */
  let unitOf = [];
  /** @type {number | null} pinned here, and not by a link or by what the page opened with */
  let mine = null;
  let used = false, pressed = "";
  /** @type {Promise<any> | null} */
  let awaited = null;
  const unit = (token) => (token == null ? null : unitOf[token] ?? null);
  const keep = (pinned, compared) => store.set({ pinned, compared, hovered: null });
  const point = (u) => {
    used = true;
    store.set({ hovered: units[u].tokens[0] });
  };
  const pick = (u) => {
    const { pinned, compared } = store.get(), [token] = units[u].tokens;
    if (u === unit(pinned)) keep(mine = compared, null);
    else if (u === unit(compared)) keep(pinned, null);
    else if (pinned != null && (compared != null || mine === pinned)) keep(pinned, token);
    else keep(mine = token, null);
  };

  const build = (pieces) => {
    units = pieces ? single : whole;
    box.classList.toggle("plain", units.length > MOST_NUMBERED);
    units.forEach(({ tokens: of }, u) => { for (const i of of) unitOf[i] = u; });
    const numbered = units.length <= MOST_NUMBERED, stop = unit(store.get().pinned) ?? 0;
    chips = units.map((one, u) => el("button", {
      type: "button", class: one.special ? "token special" : "token", tabindex: u === stop ? "0" : "-1", "aria-pressed": "false",
      title: title(one, tokens, names),
      onpointerenter: () => point(u), onfocus: () => point(u), onblur: () => store.set({ hovered: null }), onclick: () => pick(u),
    }, word(one.name, "token-text"), numbered ? el("span", { class: "token-weight", "aria-hidden": "true" }) : null));
    looks = chips.map(() => "");
    pressed = "";
    box.replaceChildren(...paragraphs(header.text, tokens, units, chips));
  };
  box.addEventListener("pointerleave", () => store.set({ hovered: null }));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") keep(mine = null, null);
  });
  rovingTabStop(box, () => chips, (at, key) => {
    if (key === "ArrowRight" || key === "ArrowDown") return at + 1;
    if (key === "ArrowLeft" || key === "ArrowUp") return at - 1;
    if (key === "Home") return 0;
    return key === "End" ? chips.length - 1 : null;
  });

  const show = () => {
    const state = store.get(), { layer, head, whose, direction } = state;
    const { rows, cols } = data.sites[layer];
    const tied = rows === tokens.length && cols === rows;
    const matrix = !tied ? null : whose === "head" ? data.shown(layer, head) : data.mean(layer, whose);
    note.textContent = tied ? origin(data, state, several) : "";
    const waits = matrix instanceof Promise;
    box.setAttribute("aria-busy", String(waits));
    if (waits) {
      says.textContent = "Working out the mean…";
      if (awaited !== matrix) matrix.then(() => { if (awaited === matrix) show(); });
      awaited = matrix;
      return;
    }
    awaited = null;
    const pointed = unit(state.hovered), pinned = unit(state.pinned);
    const other = pinned == null || unit(state.compared) === pinned ? null : unit(state.compared);
    const from = other == null ? pointed ?? pinned : pinned;
    const amounts = (at) => (matrix && at != null ? amountsOf(matrix, units, at, direction) : null);
    /** @type {Picture} */
    const picture = { units, from, other, pointed, amounts: amounts(from), others: amounts(other),
      forbidden: matrix && from != null && other == null ? forbiddenOf(data.visible(layer), units, from, direction) : null };
    tint(picture);
    if (pressed !== `${pinned} ${other}`) {
      for (const chip of box.querySelectorAll("[aria-pressed=true]")) chip.setAttribute("aria-pressed", "false");
      for (const at of [pinned, other]) if (at != null) chips[at].setAttribute("aria-pressed", "true");
      // What was clicked here is in sight; to ask where it lies would cost a layout.
      if (pinned != null && mine !== state.pinned) bringIntoBox(box, chips[pinned]);
      pressed = `${pinned} ${other}`;
    }
    const compares = mine != null && mine === state.pinned;
    const hint = !used ? FIRST : other != null ? "Click either again to let it go; Escape lets both go."
      : from == null || from !== pinned ? compares ? "Click to compare the two." : "Click to keep it."
      : compares ? "Click another word to compare, or this one again to let go." : "Click it again to let go.";
    says.replaceChildren(...(tied ? saying(data, state, picture)
      : ["This layer listens from one text to another, which these words cannot show."]), el("span", { class: "hint" }, hint));
  };

  /** @param {Picture} picture */
  const tint = ({ from, other, amounts, others, forbidden }) => {
    const tints = tintsOf(currentRamp("amount")), two = currentRamp("difference");
    const most = Math.max(...(amounts ?? [1]), ...(others ?? []));
    box.classList.toggle("comparing", others != null);
    chips.forEach((chip, u) => {
      const value = amounts?.[u] ?? 0, barred = forbidden?.[u] ?? false;
      // The scale ends at three quarters, where words of either ink stay easy to read.
      const at = others ? 0 : Math.round((step(value, 0, most) * 0.75) / COARSE) * COARSE;
      const { paper, ink } = at > FAINTEST ? tints[at] : { paper: "", ink: "" };
      const left = others ? css(two, 127 - (step(value, 0, most) >> 1)) : "";
      const right = others ? css(two, 127 + ((step(others[u], 0, most) + 1) >> 1)) : "";
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
      const weight = /** @type {HTMLElement} */ (chip.lastChild), number = fixed(value, 2);
      if (others) weight.replaceChildren(el("span", {}, number), el("span", {}, fixed(others[u], 2)));
      else weight.textContent = amounts ? barred ? "–" : number : "";
    });
  };
  store.watch(["pieces"], ({ pieces }) => build(pieces));
  store.watch(["layer", "head", "pinned", "hovered", "compared", "direction", "whose", "pieces"], show);
  document.documentElement.addEventListener("themechange", show);
}

/**
 * Scroll a long text, but never the page, to one of its words.
 * @param {HTMLElement} box
 * @param {HTMLElement} chip
 */
function bringIntoBox(box, chip) {
  if (box.scrollHeight <= box.clientHeight) return;
  const inside = chip.getBoundingClientRect(), around = box.getBoundingClientRect();
  if (inside.top < around.top || inside.bottom > around.bottom) {
    box.scrollTop += inside.top - around.top - box.clientHeight / 2;
  }
}

/**
 * @param {Unit} unit
 * @param {import("inspector/format").Token[]} tokens
 * @param {string[]} names
 */
const title = (unit, tokens, names) => [unit.name, ...unit.tokens.map((i) =>
  `token ${i}: “${visible(tokens[i].text)}”, id ${tokens[i].id}${tokens[i].special ? ", added by the tokenizer" : ""}`)].join("\n");

/**
 * One paragraph for each text, its words where they stand in it.
 * @param {{text: string, pair: string | null}} text
 * @param {import("inspector/format").Token[]} tokens
 * @param {Unit[]} units
 * @param {HTMLElement[]} chips
 */
function paragraphs({ text, pair }, tokens, units, chips) {
  const segments = [Array.from(text), Array.from(pair ?? "")];
  const lines = segments.slice(0, pair == null ? 1 : 2).map((_, at) =>
    // In a bdi, a letter of ours has no say in the direction of the line.
    el("p", { dir: "auto" }, pair == null ? null : word("AB"[at], "text-name")));
  const ends = [0, 0];
  units.forEach(({ segment, span, tokens: [first] }, u) => {
    const at = Math.min(segment, lines.length - 1);
    if (span && span[0] >= ends[at]) {
      lines[at].append(...between(segments[at].slice(ends[at], span[0]).join("")));
      ends[at] = span[1];
    } else if (!continues(tokens, first)) {
      lines[at].append(" ");
    }
    lines[at].append(chips[u]);
  });
  return lines;
}

/**
 * What the tokenizer left out between two tokens: a space, or something that ought to be seen.
 * @param {string} gap
 * @returns {Node[]}
 */
function between(gap) {
  if (gap === "") return [];
  if (gap.trim() === "") return [document.createTextNode(" ")];
  const seen = Array.from(gap.trim()).slice(0, GAP_LENGTH).join("");
  return [document.createTextNode(" "), el("bdi", { class: "dropped", title: "not a token" }, visible(seen)),
    document.createTextNode(" ")];
}

/**
 * Whose attention is spoken of.
 * @param {ReportData} data
 * @param {State} state
 */
function where({ sites }, { layer, head, whose }) {
  const { site, layer: number, heads } = sites[layer], kind = site === "self" ? "" : `${site} `;
  if (whose === "head") return `In ${kind}layer ${number}, head ${head}, `;
  if (whose === "layer") return `On average over the ${heads} heads of ${kind}layer ${number}, `;
  const all = sites.reduce((sum, one) => sum + (one.site === site ? one.heads : 0), 0);
  return `On average over all ${all} ${kind}heads, `;
}

/**
 * Where the numbers come from, and what became of pieces.
 * @param {ReportData} data
 * @param {State} state
 * @param {boolean} several
 */
function origin(data, { layer, head, whose, pieces }, several) {
  const mean = whose !== "head", shipped = data.model(layer, head);
  return `Amounts: ${mean ? "a mean, " : ""}${mean || !shipped ? "worked out on this page from " : ""}${shipped ? "the model’s own attention" : "q and k"}.${
    several && !pieces ? " Pieces of a word are merged: into a word their sum, out of it their mean." : ""}`;
}

/**
 * @param {ReportData} data
 * @param {State} state
 * @param {Picture} picture
 * @returns {(Node | string)[]}
 */
function saying(data, state, picture) {
  const { units, from, other, amounts, forbidden } = picture;
  if (from == null || !amounts) return ["No word is chosen."];
  const out = state.direction === "out", quoted = (u) => el("b", {}, "“", word(units[u].name, "clip"), "”");
  if (other != null) return [where(data, state), ...comparing(picture, out)];
  const order = Array.from(amounts.keys()).sort((a, b) => amounts[b] - amounts[a]).slice(0, 2);
  const share = (u, at) => {
    const own = u === from, much = percent(amounts[u]);
    if (out) return [at ? ` and ${much} to ` : ` gives ${much} of its attention to `, own ? el("b", {}, "itself") : quoted(u)];
    return [`${at ? " and" : " gets"} ${much} of ${own ? "" : at ? "that of " : "the attention of "}`, own ? el("b", {}, "its own") : quoted(u)];
  };
  const total = amounts.reduce((a, b) => a + b, 0), hidden = forbidden?.filter(Boolean).length;
  return [where(data, state), quoted(from), ...order.flatMap(share), ". ",
    out ? "" : `In all, as much as ${fixed(total, 2)} of the ${units.length} here have to give. `,
    hidden ? `The model forbids ${out ? "it to hear" : "that it is heard by"} the ${hidden} in grey. ` : ""];
}

/**
 * Two words side by side.
 * @param {Picture} picture
 * @param {boolean} out
 * @returns {(Node | string)[]}
 */
function comparing({ units, from, other, pointed, amounts: a, others: b }, out) {
  const quoted = (u) => el("b", { class: u === from ? "is-source" : u === other ? "is-other" : null }, "“", word(units[u].name, "clip"), "”");
  const shared = percent(overlap(a, b)), apart = a.map((value, u) => Math.abs(value - b[u])), how = out ? "from" : "to";
  // Pointing asks for a word's two numbers; else those stand there that differ most.
  const asked = pointed != null && pointed !== from && pointed !== other;
  const third = asked ? pointed : apart.indexOf(Math.max(...apart));
  return [quoted(from), " and ", quoted(other), out ? ` agree on ${shared} of their attention. `
    : ` have ${shared} of their listeners in common, each counted by how much it listens. `,
  asked ? "" : "They differ most on ", quoted(third), `: ${percent(a[third])} ${how} `, quoted(from),
  `, ${percent(b[third])} ${how} `, quoted(other), ". "];
}
