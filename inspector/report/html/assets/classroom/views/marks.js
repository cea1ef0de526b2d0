/**
 * Table 1, in which everything can be changed: marks, names, who is there.
 */

import { el, word } from "../../shared/dom.js";
import { View } from "../../shared/view.js";
import { FEWEST, isMark, refusedName } from "../data.js";
import { heatClass, rangeOf } from "../heat.js";
import { editMarks, markInput } from "../mark_inputs.js";
import { mateOf } from "../state.js";
import { classmates } from "../study.js";
import { barCell, LEVELS } from "../unfold.js";
import { written } from "../write.js";

/** @typedef {"students" | "traits"} Kind */

/** @type {Record<Kind, string>} */
const ONE = { students: "student", traits: "trait" };

/** Classmates that are named beside the marks. */
const NAMED = 8;

/**
 * Whom the student whose marks are looked at meets, beside the marks.
 * @param {import("../state.js").State} state
 */
function echo({ students, studied: { R, closeness }, pair: [i] }) {
  const mates = classmates(R, i).slice(0, NAMED),
    most = Math.max(...mates.map((j) => Math.abs(R[i][j]))) || 1;
  return el(
    "table",
    { class: "unfolded" },
    el("caption", {}, word(students[i]), " meets"),
    el(
      "tbody",
      {},
      ...mates.map((j) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, word(students[j])),
          el("td", {}, written(R[i][j])),
          el("td", { class: "level" }, LEVELS[closeness[i][j] ?? 2]),
          barCell(R[i][j] / most),
        ),
      ),
    ),
  );
}

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ClassroomData} data
 * @param {import("../state.js").Store} store
 */
export function mountMarks(root, data, store) {
  const view = new View(root, store),
    { limits, first } = data;
  const table = view.find("table-q", HTMLTableElement),
    says = view.find("marks-says");
  for (const id of ["marks-hint", "marks-buttons", "echo"]) view.find(id).hidden = false;
  const allowed =
    `${FEWEST.students} to ${limits.students} students, ${FEWEST.traits} to ${limits.traits} traits, marks from` +
    ` −${limits.mark} to ${limits.mark}, names of up to ${limits.name} characters.`;
  says.textContent = allowed;

  /** @type {HTMLInputElement[][]} */
  let marks = [];
  /** @type {Record<Kind, HTMLInputElement[]>} */
  let names = { students: [], traits: [] };

  /**
   * A name that can be changed, and the way out.
   * @param {Kind} kind
   * @param {number} at
   */
  function header(kind, at) {
    const one = ONE[kind];
    const input = el("input", {
      class: "name",
      "aria-label": `Name of ${one} ${at + 1}`,
      maxlength: limits.name,
      spellcheck: "false",
      autocomplete: "off",
      dir: "auto",
      oninput: () => rename(kind, at, input),
      onblur: () => {
        input.removeAttribute("aria-invalid");
        input.value = store.get()[kind][at];
      },
    });
    names[kind].push(input);
    const out = el("button", { type: "button", class: "out", onclick: () => remove(kind, at) }, "×");
    return el("th", { scope: kind === "students" ? "row" : "col" }, el("span", { class: "named" }, input, out));
  }

  /** @type {(kind: Kind, at: number, input: HTMLInputElement) => void} */
  function rename(kind, at, input) {
    const now = store.get()[kind],
      others = now.filter((_, i) => i !== at);
    const why = refusedName(input.value, others, limits);
    says.textContent = why ? `The ${ONE[kind]} is still called ${now[at]}: ${why}.` : allowed;
    if (why) return input.setAttribute("aria-invalid", "true");
    input.removeAttribute("aria-invalid");
    store.set({ [kind]: now.map((name, i) => (i === at ? input.value : name)) });
  }

  /** @param {Kind} kind */
  function add(kind) {
    const now = store.get(),
      count = now[kind].length;
    if (count >= limits[kind]) {
      says.textContent = `There is room for ${limits[kind]} ${kind}.`;
      return;
    }
    let number = count + 1;
    while (now[kind].includes(`${ONE[kind]} ${number}`)) number++;
    const named = { [kind]: [...now[kind], `${ONE[kind]} ${number}`] };
    const more = kind === "students" ? [...now.table, now.traits.map(() => 0)] : now.table.map((row) => [...row, 0]);
    store.set({ ...named, table: more });
    says.textContent = `A ${ONE[kind]} was added, all marks 0.`;
    names[kind][count].focus();
    names[kind][count].select();
  }

  /** @param {Kind} kind @param {number} at */
  function remove(kind, at) {
    const now = store.get(),
      name = now[kind][at];
    if (now[kind].length <= FEWEST[kind]) {
      says.textContent = kind === "students" ? "An interaction takes two students." : "A class has at least one trait.";
      return;
    }
    /** @template T @param {T[]} all */
    const left = (all) => all.filter((_, i) => i !== at);
    store.set({ [kind]: left(now[kind]), table: kind === "students" ? left(now.table) : now.table.map(left) });
    says.textContent = `${name} was removed.`;
    names[kind][Math.min(at, names[kind].length - 1)].focus();
  }

  function build() {
    const { students, traits, table: values } = store.get();
    names = { students: [], traits: [] };
    table.tHead?.rows[0].replaceChildren(el("td"), ...traits.map((_, k) => header("traits", k)));
    marks = values.map((row) => row.map((mark) => markInput("", mark)));
    table.tBodies[0].replaceChildren(
      ...students.map((_, i) => el("tr", {}, header("students", i), ...marks[i].map((input) => el("td", {}, input)))),
    );
  }

  editMarks(view, table, {
    inputs: () => marks,
    mark: (i, k) => store.get().table[i][k],
    change(i, k, mark) {
      const { students, traits, table: now } = store.get(),
        fits = isMark(mark, limits);
      says.textContent = fits
        ? allowed
        : `${students[i]}, ${traits[k]}: a mark is a number from −${limits.mark} to ${limits.mark}. It is still ${now[i][k]}.`;
      if (fits) store.set({ table: now.map((row, a) => (a === i ? row.map((x, b) => (b === k ? mark : x)) : row)) });
      return fits;
    },
    enter(i) {
      // What is said below is about the student whose marks are looked at.
      if (store.get().pair[0] !== i) store.set({ pair: [i, mateOf(store.get().studied, i)] });
    },
  });
  view.listen(view.find("add-student"), "click", () => add("students"));
  view.listen(view.find("add-trait"), "click", () => add("traits"));
  view.listen(view.find("reset"), "click", () => {
    store.set({ ...first });
    says.textContent = "The class is again the one that the page came with.";
  });

  view.watch(["students", "table", "pair"], (state) => view.find("echo").replaceChildren(echo(state)));
  view.watch(["students", "traits", "table"], ({ students, traits, table: values }) => {
    if (marks.length !== students.length || marks[0]?.length !== traits.length) build();
    const range = rangeOf(values);
    for (const [kind, its] of /** @type {[Kind, string[]][]} */ (Object.entries({ students, traits }))) {
      for (const [at, name] of its.entries()) {
        const input = names[kind][at];
        if (input !== document.activeElement || !input.hasAttribute("aria-invalid")) {
          if (input.value !== name) input.value = name;
        }
        input.size = Math.max(3, Math.min(14, Array.from(name).length));
        input.nextElementSibling?.setAttribute("aria-label", `Remove ${name}`);
      }
    }
    for (const [i, row] of values.entries()) {
      for (const [k, mark] of row.entries()) {
        const input = marks[i][k];
        const label = `${students[i]}, ${traits[k]}`;
        if (input.getAttribute("aria-label") !== label) input.setAttribute("aria-label", label);
        if (input !== document.activeElement) input.value = String(mark);
        /** @type {HTMLElement} */ (input.parentElement).className = `${heatClass(mark, range)} typed`;
      }
    }
  });
  return view.dispose;
}
