/**
 * What is typed and clicked on the live page: the line, and the buttons that silence, block, swap, measure and prove.
 */

import { unitsOf } from "../attention/words.js";
import { el } from "../shared/dom.js";
import { blocked, inModel, isBlocked, isSilent, listed, silenced } from "./changes.js";
import { headName, movedWords, quoted, tookWords } from "./words.js";

/** @typedef {import("./changes.js").Changes} Changes */
/** @typedef {import("../attention/words.js").Unit} Unit */
/** @typedef {import("./stage.js").Stage} Stage */

/**
 * @typedef {object} Wishes what the panel asks for
 * @property {() => void} type the text is another one
 * @property {(changes: Changes, text?: string) => void} change something is changed, perhaps in the text too
 * @property {() => void} effects
 * @property {() => void} prove
 */

/** @template {HTMLElement} E @param {string} id @param {new () => E} kind */
function find(id, kind) {
  const node = document.getElementById(id);
  if (!(node instanceof kind)) throw new Error(`the page has no #${id}`);
  return node;
}

export class Panel {
  /**
   * @param {Stage} stage
   * @param {() => Changes} changes those that stand
   * @param {Wishes} wishes
   */
  constructor(stage, changes, wishes) {
    this.stage = stage;
    this.changes = changes;
    this.text = find("live-text", HTMLTextAreaElement);
    this.target = find("live-target", HTMLTextAreaElement);
    this.says = find("live-says", HTMLElement);
    this.buttons = {
      silence: find("live-silence", HTMLElement),
      block: find("live-block", HTMLElement),
      effects: find("live-effects", HTMLElement),
      prove: find("live-prove", HTMLElement),
    };
    this.swap = find("live-swap", HTMLInputElement);
    for (const line of [this.text, this.target]) line.addEventListener("input", wishes.type);
    this.buttons.silence.addEventListener("click", () => wishes.change(silenced(changes(), this.head)));
    this.buttons.block.addEventListener("click", () => {
      const word = this.word;
      if (word) wishes.change(blocked(changes(), { of: word.of, tokens: word.unit.tokens, name: word.unit.name }));
    });
    const exchange = () => {
      const next = this.exchanged();
      if (!next) return;
      this.swap.value = "";
      wishes.change(next.changes, next.text);
    };
    find("live-swap-do", HTMLElement).addEventListener("click", exchange);
    this.swap.addEventListener("keydown", (event) => {
      if (event.key === "Enter") exchange();
    });
    for (const name of /** @type {const} */ (["effects", "prove"])) {
      const button = this.buttons[name];
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") !== "true") wishes[name]();
      });
    }
    find("live-undo", HTMLElement).addEventListener("click", () => {
      const { swap } = changes();
      wishes.change({ silence: [], block: [], swap: null }, swap?.before);
    });
    this.remove = (/** @type {Changes} */ without) => {
      const { swap } = changes();
      wishes.change(without, swap && !without.swap ? swap.before : undefined);
    };
    stage.onChange(() => this.show());
  }

  /** The chosen head. @returns {import("../payload.js").HeadPath} */
  get head() {
    const { data, store } = this.stage.shown,
      { index, head } = store.get(),
      { site, layer } = data.layers[index];
    return [site, layer, head];
  }

  /** The pinned word; null where none is. @returns {{of: "text" | "target", unit: Unit} | null} */
  get word() {
    const { data, store } = this.stage.shown,
      { index, pinned, direction } = store.get(),
      side = data.sides(index)[direction === "in" ? "cols" : "rows"];
    if (pinned == null) return null;
    const unit = unitsOf(side.tokens, side.names, side, false).find(({ tokens }) => tokens.includes(pinned));
    return unit ? { of: side === data.target ? "target" : "text", unit } : null;
  }

  /** The text with the pinned word exchanged, and what is then changed; null where none can be. */
  exchanged() {
    const word = this.word,
      to = this.swap.value.trim();
    if (!to || !word?.unit.span || word.of !== "text") return null;
    const text = this.stage.shown.data.header.text.text,
      letters = [...text],
      { name, span } = word.unit;
    const [start, end] = span,
      was = letters.slice(start, end).join("");
    // Some tokens have the space before a word in them.
    const lead = /^\s*/.exec(was)?.[0] ?? "";
    const earlier = this.changes().swap,
      swap = { before: earlier?.before ?? text, from: name, to, count: (earlier?.count ?? 0) + 1 };
    return {
      changes: { ...this.changes(), swap },
      text: letters.slice(0, start).join("") + lead + to + letters.slice(end).join(""),
    };
  }

  /** Say what can be done with what is chosen. */
  show() {
    const { silence, block, effects, prove } = this.buttons,
      changes = this.changes(),
      { header } = this.stage.shown.data;
    silence.textContent = `silence ${headName(this.head)}`;
    silence.setAttribute("aria-pressed", String(isSilent(changes, this.head)));
    const word = this.word;
    block.hidden = !word;
    if (word) {
      const { of, unit } = word;
      block.textContent = `block ${quoted(unit.name)}`;
      block.setAttribute("aria-pressed", String(isBlocked(changes, { of, tokens: unit.tokens, name: "" })));
    }
    const swappable = word?.of === "text" && !word.unit.special && word.unit.span != null;
    find("live-swap-line", HTMLElement).hidden = !swappable;
    const [label] = this.swap.labels ?? [];
    if (label && word) label.textContent = `swap ${quoted(word.unit.name)} for`;
    const changed = inModel(changes);
    for (const button of [effects, prove]) {
      button.setAttribute("aria-disabled", String(changed));
      button.title = changed ? "The model as it is: undo the changes first." : "";
    }
    prove.hidden = header.verification.verdict !== "unproved";
    effects.hidden = header.effects != null;
    find("live-unmeasured", HTMLElement).hidden = header.effects != null;
  }

  /** Say what is changed. @param {import("./unpack.js").Moved | null} moved */
  showChanged(moved) {
    const all = listed(this.changes()),
      list = find("live-changes", HTMLElement);
    const within = list.contains(document.activeElement);
    find("live-changed", HTMLElement).hidden = !all.length;
    list.replaceChildren(
      ...all.map(({ says, without }) =>
        el("li", {}, el("button", { type: "button", title: "undo", onclick: () => this.remove(without) }, says)),
      ),
    );
    find("live-moved", HTMLElement).textContent = moved && all.length ? movedWords(moved) : "";
    if (within) (list.querySelector("button") ?? this.buttons.silence).focus();
    this.show();
  }

  /** @param {number} milliseconds @param {import("../payload.js").Header} header */
  took(milliseconds, header) {
    find("live-took", HTMLElement).textContent = tookWords(milliseconds, header);
  }

  /** Say that an answer is waited for. */
  reads() {
    find("live-took", HTMLElement).textContent = "Reading…";
  }

  /** @param {string} text empty where there is nothing to say @param {boolean} [wrong] whether the text is refused */
  say(text, wrong = false) {
    // A page that is read aloud says it again only where it is something else.
    if (this.says.textContent !== text) this.says.textContent = text;
    for (const line of [this.text, this.target]) line.setAttribute("aria-invalid", String(wrong));
  }
}
