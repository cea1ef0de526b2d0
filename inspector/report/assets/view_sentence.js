/**
 * The sentence itself: point at a word, and the others show how much it listens to them.
 */

import { currentRamp, step, tintsOf } from "inspector/colour";
import { byId, el, rovingTabStop, word } from "inspector/dom";
import { continues, fixed, percent, visible } from "inspector/format";

/** @typedef {import("inspector/state").Store} Store */
/** @typedef {import("inspector/report_data").ReportData} ReportData */

/** Beyond this many tokens a number under each would be noise. */
const MOST_NUMBERED = 48;
const GAP_LENGTH = 24;
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
  const { tokens } = data;
  const box = byId("sentence");
  const numbered = tokens.length <= MOST_NUMBERED;
  box.dataset.length = tokens.length <= 24 ? "short" : tokens.length <= 96 ? "middle" : "long";

  const chips = tokens.map((token, i) => el("button", {
    type: "button", class: token.special ? "token special" : "token", tabindex: i ? "-1" : "0", "aria-pressed": "false",
    title: title(token, i, names[i]),
    onpointerenter: () => store.set({ hovered: i }),
    onfocus: () => store.set({ hovered: i }),
    onblur: () => store.set({ hovered: null }),
    onclick: () => store.set({ pinned: store.get().pinned === i ? null : i, hovered: null }),
  }, word(names[i], "token-text"), numbered ? el("span", { class: "token-weight", "aria-hidden": "true" }) : null));
  box.append(...paragraphs(data.header.text, tokens, chips));
  box.addEventListener("pointerleave", () => store.set({ hovered: null }));
  rovingTabStop(box, () => chips, (at, key) => {
    if (key === "ArrowRight" || key === "ArrowDown") return at + 1;
    if (key === "ArrowLeft" || key === "ArrowUp") return at - 1;
    if (key === "Home") return 0;
    return key === "End" ? chips.length - 1 : null;
  });

  const says = byId("sentence-says");
  const papers = chips.map(() => ""), inks = chips.map(() => "");
  /** @type {number | null} */
  let pressed = null;
  /** @param {string} name @param {number | null} at */
  const mark = (name, at) => {
    if (at != null && chips[at].classList.contains(name)) return;
    box.querySelector(`.${name}`)?.classList.remove(name);
    if (at != null) chips[at].classList.add(name);
  };
  const tint = () => {
    const { layer, head, pinned, hovered } = store.get();
    const from = hovered ?? pinned;
    const matrix = data.shown(layer, head);
    const tied = from != null && from < matrix.rows && matrix.cols === tokens.length;
    const row = tied ? matrix.data.subarray(from * matrix.cols, (from + 1) * matrix.cols) : null;
    const tints = tintsOf(currentRamp("amount"));
    const most = row ? row.reduce((a, b) => Math.max(a, b), 0) : 1;
    chips.forEach((chip, j) => {
      // The scale ends at three quarters, where words of either ink stay easy to read.
      const at = row ? Math.round((step(row[j], 0, most) * 0.75) / COARSE) * COARSE : 0;
      const { paper, ink } = at > FAINTEST ? tints[at] : { paper: "", ink: "" };
      // A long text has hundreds of chips and most do not change.
      if (paper !== papers[j]) {
        papers[j] = paper;
        chip.style.backgroundColor = paper;
      }
      if (ink !== inks[j]) {
        inks[j] = ink;
        chip.style.color = ink;
        chip.classList.toggle("tinted", ink !== "");
      }
      if (numbered) chip.lastChild.textContent = row ? fixed(row[j], 2) : "";
    });
    mark("source", from);
    if (pressed !== pinned) {
      if (pressed != null) chips[pressed].setAttribute("aria-pressed", "false");
      if (pinned != null) chips[pinned].setAttribute("aria-pressed", "true");
      if (pinned != null) bringIntoBox(box, chips[pinned]);
      pressed = pinned;
    }
    says.replaceChildren(...saying(data, store.get(), row, from, names));
  };
  store.watch(["layer", "head", "pinned", "hovered"], tint);
  document.documentElement.addEventListener("themechange", tint);
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
 * @param {import("inspector/format").Token} token
 * @param {number} at
 * @param {string} name
 */
const title = (token, at, name) =>
  `${name}\ntoken ${at}: “${visible(token.text)}”, id ${token.id}${token.special ? ", added by the tokenizer" : ""}`;

/**
 * One paragraph for each text, its tokens where they stand in it.
 * @param {{text: string, pair: string | null}} text
 * @param {import("inspector/format").Token[]} tokens
 * @param {HTMLElement[]} chips
 */
function paragraphs({ text, pair }, tokens, chips) {
  const segments = [Array.from(text), Array.from(pair ?? "")];
  const lines = segments.slice(0, pair == null ? 1 : 2).map((_, at) =>
    // In a bdi, a letter of ours has no say in the direction of the line.
    el("p", { dir: "auto" }, pair == null ? null : word("AB"[at], "text-name")));
  const ends = [0, 0];
  tokens.forEach((token, i) => {
    const at = Math.min(token.segment, lines.length - 1);
    if (token.span && token.span[0] >= ends[at]) {
      lines[at].append(...between(segments[at].slice(ends[at], token.span[0]).join("")));
      ends[at] = token.span[1];
    } else if (!continues(tokens, i)) {
      lines[at].append(" ");
    }
    lines[at].append(chips[i]);
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
 * @param {ReportData} data
 * @param {import("inspector/state").State} state
 * @param {Float32Array | null} row
 * @param {number | null} from
 * @param {string[]} names
 * @returns {(Node | string)[]}
 */
function saying(data, { layer, head, pinned }, row, from, names) {
  const where = `In layer ${data.sites[layer].layer}, head ${head}, `;
  if (!row || from == null) return ["Point at a word to see which others it listens to; click to keep it."];
  const order = Array.from(row.keys()).sort((a, b) => row[b] - row[a]).slice(0, 2);
  const quoted = (i) => el("b", {}, "“", word(names[i], "clip"), "”");
  const itself = (i) => (i === from ? el("b", {}, "itself") : quoted(i));
  return [where, quoted(from), ` gives ${percent(row[order[0]])} of its attention to `, itself(order[0]),
    ...(order.length > 1 ? [` and ${percent(row[order[1]])} to `, itself(order[1])] : []), ". ",
    el("span", { class: "hint" }, pinned === from ? "Click it again to let go." : "Click to keep it.")];
}
