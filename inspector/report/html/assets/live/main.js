/**
 * Where the live page starts: the report's own views, of whatever the server answers.
 */

import { unitsOf } from "../attention/words.js";
import { offer } from "../report/program.js";
import { isState } from "../shared/address.js";
import { tokenNames } from "../shared/format.js";
import { giveUp, openPage, whenReady } from "../shared/page.js";
import { Asking } from "./asking.js";
import { moves } from "./carry.js";
import { asked, moved, noChanges } from "./changes.js";
import { Panel } from "./panel.js";
import { Stage } from "./stage.js";

const root = document.documentElement;
root.dataset.started = "";

/** Milliseconds without a key before the text is read, and before its ladder is measured. */
const PAUSE = 12,
  REST = 250;
/** Milliseconds after which it is said that an answer is waited for. */
const SLOW = 400;
const KEPT = "attention-inspector.live";
const BLANK = "Type a sentence: the last one stays on the page.";

/** What was typed in this tab, for when it is loaded again. */
const typed = {
  /** @returns {{text: string, target: string} | null} */
  get() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    } catch {
      return null;
    }
  },
  /** @param {{text: string, target: string}} value */
  set(value) {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(value));
    } catch {
      // A frame may have no storage: then it is forgotten.
    }
  },
};

/**
 * @param {Stage} stage
 * @param {{header: import("../payload.js").Header}} first
 */
function converse(stage, { header }) {
  const asking = new Asking(),
    proving = new Asking();
  let changes = noChanges(),
    timer = 0,
    answers = 0;
  const inWords = () => JSON.stringify(asked(changes));
  /** What is changed in what is shown. */
  let told = inWords();
  const panel = new Panel(stage, () => changes, {
    type() {
      // Whoever types on has another text, not the one in which a word was exchanged.
      changes = { ...changes, swap: null };
      later(PAUSE, read);
    },
    change(next, text) {
      changes = next;
      if (text != null) panel.text.value = text;
      panel.showChanged(null);
      read();
    },
    effects: () => more({ effects: true }, "Every head is silenced and every word blocked in turn…"),
    prove,
  });
  /** @param {number} milliseconds @param {() => void} task */
  const later = (milliseconds, task) => {
    clearTimeout(timer);
    timer = window.setTimeout(task, milliseconds);
  };
  const isTargeted = header.target != null;
  const now = () => ({ text: panel.text.value, ...(isTargeted ? { target: panel.target.value } : {}) });

  /** What stays blocked, where the words now stand: the text may have changed since they were counted. */
  const settle = (
    /** @type {import("../payload.js").Header} */ before,
    /** @type {import("../payload.js").Header} */ after,
  ) => {
    const where = {
      text: moves(before.text.tokens, after.text.tokens),
      target: moves(before.target?.tokens ?? [], after.target?.tokens ?? []),
    };
    changes = moved(changes, where, ({ of, tokens: [first], name }) => {
      const side = of === "text" ? after.text : after.target,
        units = side ? unitsOf(side.tokens, tokenNames(side.tokens), side, false) : [];
      return units.find(({ tokens }) => tokens.includes(first))?.name ?? name;
    });
  };

  /** The text that is shown, which is not the one in the line where that cannot be read. */
  const shownText = () => {
    const { header } = stage.shown.data;
    return { text: header.text.text, ...(header.target ? { target: header.target.text } : {}) };
  };

  /** Show the same text with what is changed by now: nothing is shown as untouched that is not, nor the other way round. */
  /** @param {() => void} remark says what is to stay there, about the line */
  async function showAnew(remark) {
    const outcome = await asking.ask("inspect", { ...shownText(), ...asked(changes) });
    if (outcome.kind === "answer") put(outcome.answer, null, remark);
  }

  /**
   * Show an answer, and ask for its ladder when nobody types.
   * @param {import("./unpack.js").Answer} answer
   * @param {number | null} begun
   * @param {() => void} remark
   */
  function put(answer, begun, remark) {
    stage.show(answer);
    // Of a text that was asked about before the ladder is there already.
    const whole = answer.header.ladder.length > 0;
    said(answer, begun, whole, remark);
    told = inWords();
    if (!whole) later(REST, () => more({ ladder: true }, "", remark));
  }

  async function read() {
    clearTimeout(timer);
    typed.set({ text: panel.text.value, target: panel.target.value });
    proving.drop();
    const blank = !panel.text.value.trim();
    if (blank && told === inWords()) return panel.say(BLANK);
    const begun = performance.now(),
      { header: before } = stage.shown.data,
      text = blank ? shownText() : now(),
      isSame = before.text.text === text.text && before.target?.text === text.target;
    // In another text the words have other places: it is read first, and then what is blocked in it.
    const slow = setTimeout(() => panel.reads(), SLOW);
    const held = isSame || !changes.block.length ? null : changes.block;
    const outcome = await asking.ask("inspect", { ...text, ...asked(held ? { ...changes, block: [] } : changes) });
    clearTimeout(slow);
    if (outcome.kind !== "answer") return fail(outcome, read);
    let { answer } = outcome;
    settle(before, answer.header);
    if (held && changes.block.length) {
      const again = await asking.ask("inspect", { ...text, ...asked(changes) });
      if (again.kind !== "answer") return fail(again, read);
      ({ answer } = again);
    }
    put(answer, begun, () => panel.say(blank ? BLANK : ""));
    root.dataset.answer = String(++answers);
  }

  /**
   * @param {import("./unpack.js").Answer} answer
   * @param {number | null} begun
   * @param {boolean} whole whether nothing is to follow
   * @param {() => void} [remark] about the line, where there is anything to be said of it
   */
  function said(answer, begun, whole, remark = () => panel.say("")) {
    delete root.dataset.lost;
    if (whole) root.dataset.whole = "";
    else delete root.dataset.whole;
    remark();
    if (begun != null) panel.took(performance.now() - begun, answer.header);
    panel.showChanged(answer.moved);
  }

  /**
   * Ask for more of the text that is shown.
   * @param {{ladder?: boolean, effects?: boolean}} what
   * @param {string} meanwhile what is said until it is there
   * @param {() => void} [remark] what is said then
   */
  async function more(what, meanwhile, remark) {
    clearTimeout(timer);
    if (meanwhile) panel.say(meanwhile);
    const outcome = await asking.ask("inspect", { ...shownText(), ...asked(changes), ladder: true, ...what });
    if (outcome.kind !== "answer") return fail(outcome, read);
    stage.add(outcome.answer, what.effects ? "all" : "ladder");
    said(outcome.answer, null, true, remark);
  }

  async function prove() {
    const begun = performance.now();
    panel.say("The real model is asked; the first time, importing torch takes some seconds…");
    const outcome = await proving.ask("prove", { ...now(), silence: [], block: [] });
    if (outcome.kind === "newer") return;
    if (outcome.kind !== "answer") return fail(outcome, prove);
    clearTimeout(timer);
    asking.drop();
    stage.add(outcome.answer, "all");
    said(outcome.answer, begun, true);
  }

  /** @param {import("./asking.js").Outcome} outcome @param {() => void} again */
  async function fail(outcome, again) {
    if (outcome.kind === "refused") {
      const refusal = () => panel.say(`${outcome.message} What is shown is the text before.`, true);
      if (told !== inWords()) await showAnew(refusal);
      refusal();
    }
    if (outcome.kind !== "lost") return;
    panel.say(outcome.message);
    if ("lost" in root.dataset) return;
    root.dataset.lost = "";
    asking.back().then(() => {
      delete root.dataset.lost;
      again();
    });
  }

  const before = typed.get();
  panel.text.value = before?.text ?? header.text.text;
  panel.target.value = before?.target ?? header.target?.text ?? "";
  const line = document.getElementById("live-target-line");
  if (line) line.hidden = !isTargeted;
  panel.showChanged(null);
  if (panel.text.value !== header.text.text || (isTargeted && panel.target.value !== header.target?.text)) read();
}

async function start() {
  const page = await openPage("page");
  if (!page) return;
  const first = { ...page, header: /** @type {import("../payload.js").Header} */ (page.header) };
  const stage = new Stage(document.getElementById("script")?.textContent ?? "");
  const { hash } = location,
    anchor = hash && !isState(hash) ? hash.slice(1) : "";
  root.dataset.loaded = "";
  stage.show(first);
  offer(() => stage.shown);
  converse(stage, first);
  whenReady(anchor, () => {
    stage.finish();
    root.dataset.complete = "";
  });
}

start().catch((error) => giveUp("page", error));
