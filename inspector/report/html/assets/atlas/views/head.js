/**
 * The chosen head: all that it does in numbers, and sentences in which it does it.
 */

import { whenNear } from "../../shared/charts.js";
import { currentRamp, step, tintsOf } from "../../shared/colour.js";
import { el, word } from "../../shared/dom.js";
import { continues, directionOf, fixed, percent, tokenNames, visible } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { groupOf, headName, headTitle, namesOf, SHARES, shortName, unitOf } from "../data.js";
import { endsOf, intervalBar } from "../interval.js";

/** @typedef {import("../data.js").AtlasData} AtlasData */
/** @typedef {import("../state.js").Store} Store */

/**
 * @param {HTMLElement} root
 * @param {AtlasData} data
 * @param {Store} store
 */
export function mountHead(root, data, store) {
  const view = new View(root, store);
  const shown = data.measures.filter((measure) => ["attention", "moved"].includes(groupOf(measure)));
  /** @param {string} name */
  const isShare = (name) => Object.hasOwn(SHARES, name.replace(/_moved$/, ""));
  const body = view.find("one-rows");
  const lines = shown.map((measure, at) => {
    const button = el(
      "button",
      { type: "button", class: "pick", onclick: () => store.set({ measure: measure.name }) },
      shortName(measure),
    );
    const drawn = el("td", { class: "drawn" }),
      number = el("td", { class: "value" }),
      around = el("td", { class: "around" });
    const group = groupOf(measure);
    if (!at || groupOf(shown[at - 1]) !== group) {
      body.append(
        el(
          "tr",
          { class: "group" },
          el(
            "th",
            { colspan: 4, scope: "rowgroup" },
            group === "moved" ? "Value-weighted attention: attention × size of the value" : "Where its attention goes",
          ),
        ),
      );
    }
    body.append(el("tr", {}, el("th", { scope: "row" }, button), drawn, number, around));
    const scale = isShare(measure.name)
      ? { low: 0, high: 1 }
      : endsOf(data.heads.map((_, h) => data.entry(measure.name, h)));
    return { measure, button, drawn, number, around, scale };
  });

  view.watch(["head"], ({ head: h }) => {
    const labels = data.header.labels[h],
      resting = data.header.resting[h];
    view.find("one-title").textContent = headTitle(data.heads[h]);
    const findings = data.header.findings.filter((one) => one.head === h && one.found);
    view
      .find("one-says")
      .replaceChildren(
        ...[
          labels.length ? `Its label: ${namesOf(labels)}.` : "It has no label.",
          ...resting.map(
            (name) =>
              ` It gives the ${SHARES[name][0]} ${percent(data.entry(name, h).value)} of its attention, which has no chance level.`,
          ),
          ...(findings.length
            ? [
                " On held-out sentences it finds ",
                ...findings.flatMap((one, at) => [
                  at ? ", " : "",
                  word(`${visible(one.relation)} (${visible(one.direction)})`),
                ]),
                ".",
              ]
            : []),
        ].filter(Boolean),
      );
    for (const { measure, drawn, number, around, scale } of lines) {
      const entry = data.entry(measure.name, h),
        unit = unitOf(measure);
      drawn.replaceChildren(intervalBar(entry, scale));
      number.textContent = fixed(entry.value) + (unit && !Number.isNaN(entry.value) ? ` ${unit}` : "");
      around.textContent = Number.isNaN(entry.low) ? "" : `${fixed(entry.low)}–${fixed(entry.high)}`;
      around.append(Number.isNaN(entry.null) ? "" : el("small", {}, `chance ${fixed(entry.null)}`));
    }
  });
  view.watch(["measure"], ({ measure }) => {
    for (const line of lines) line.button.setAttribute("aria-pressed", String(line.measure.name === measure));
  });

  /**
   * @param {number} h
   * @param {import("../data.js").Measure | null} relation
   * @param {boolean} some whether there are examples
   * @returns {(string | Node)[]} what the examples are of, or why there are none
   */
  function saysOf(h, relation, some) {
    const name = headTitle(data.heads[h]),
      shaded = "the shading is the attention of the underlined token, from none to its largest.";
    if (!relation)
      return [
        some
          ? `${name}: ${shaded}`
          : `No sentence was kept for this head. ${name} can be seen in the report on any sentence.`,
      ];
    const called = word(shortName(relation));
    if (some) return [`${name}, an arc of the treebank, `, called, `: ${shaded}`];
    const other = data.header.findings.find((one) => `${one.relation} ${one.direction}` === relation.name)?.head;
    if (other == null || !data.examples(other, relation.name).length)
      return ["No sentence was kept for ", called, ": it is too rare, or no short sentence shows it."];
    const go = () => store.set({ head: other });
    return [
      "For ",
      called,
      " a sentence was kept of the head that was chosen for it: ",
      el("button", { type: "button", class: "pick", onclick: go }, headName(data.heads[other])),
      ".",
    ];
  }

  const list = view.find("examples-list");
  const draw = () => {
    const { head: h, measure: chosen } = store.get(),
      measure = data.measures.find((one) => one.name === chosen);
    // A head's own examples are of its largest share: a relation may not seem to be shown by them.
    const relation = measure && groupOf(measure) === "relation" ? measure : null;
    const examples = data.examples(h, relation?.name ?? null);
    view.find("examples-says").replaceChildren(...saysOf(h, relation, examples.length > 0));
    list.replaceChildren(...examples.map((example) => exampleCard(data, example)));
  };
  const later = whenNear(view, view.find("examples"), draw);
  view.watch(["head", "measure"], later);
  view.hear("themechange", later);
  return view.dispose;
}

/**
 * @param {AtlasData} data
 * @param {import("../data.js").Example} example
 */
function exampleCard(data, { head, sentence, query, key, weights, measure }) {
  const tokens = sentence.tokens.map(([text, number, special, segment, span, shown]) => ({
    id: 0,
    text,
    shown,
    word: number,
    special: Boolean(special),
    segment,
    span,
  }));
  const names = tokenNames(tokens);
  // An arc is between words, whatever pieces they have.
  const linked = [query, key].map((at) =>
    measure == null ? names[at] : names.filter((_, other) => tokens[other].word === tokens[at].word).join(""),
  );
  const most = Math.max(...weights),
    tints = tintsOf(currentRamp("amount"));
  const words = tokens.flatMap((token, at) => {
    const { paper, ink } = tints[step(weights[at], 0, most)];
    const shown = word(
      names[at],
      ["subword", token.special && "special", at === query && "query"].filter(Boolean).join(" "),
    );
    shown.title = `${fixed(weights[at])} of the attention of ${names[query]}`;
    shown.style.background = paper;
    shown.style.color = ink;
    return [at && !continues(tokens, at) ? " " : "", shown];
  });
  const from = `${visible(sentence.file)}, sentence ${sentence.row}`;
  return el(
    "li",
    { class: "example" },
    el(
      "p",
      { class: "example-link" },
      word(linked[0]),
      " → ",
      word(linked[1]),
      " ",
      el("b", {}, fixed(weights[key], 2)),
    ),
    el("p", { class: "example-words", dir: directionOf(sentence.text) }, ...words),
    el(
      "p",
      { class: "note" },
      word(from),
      " · ",
      sentence.report == null
        ? copyable(sentence.command)
        : el("a", { href: `${sentence.report}${reportState(data, head, query)}` }, "open its report"),
    ),
  );
}

/**
 * What a sentence's report is to show first. Its layers are the rows of the atlas where there is one site.
 * @param {AtlasData} data
 * @param {number} h
 * @param {number} query
 */
function reportState(data, h, query) {
  const index = data.rows.findIndex((row) => row.heads.includes(h));
  return data.rows.every((row) => row.site === "self")
    ? `#index=${index}&head=${data.heads[h][2]}&pinned=${query}`
    : "";
}

/** @param {string} command */
function copyable(command) {
  const said = el("span", { role: "status" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      said.textContent = "copied";
    } catch {
      getSelection()?.selectAllChildren(shown);
      said.textContent = "selected: copy it with Ctrl C";
    }
  };
  const shown = el("code", {}, word(visible(command)));
  return el(
    "span",
    { class: "command" },
    "its report: ",
    shown,
    " ",
    el("button", { type: "button", class: "pill", onclick: copy }, "Copy"),
    " ",
    said,
  );
}
