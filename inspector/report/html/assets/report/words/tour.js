/**
 * The steps of the guided tour: where each goes, what it chooses there, and what there is to see, with this text's numbers.
 */

import { headEffects } from "../../attention/effects.js";
import { LABELS } from "../../attention/heads_order.js";
import { measureOf, rungTitle } from "../../attention/rungs.js";
import { headName } from "../../attention/verdict_words.js";
import { explain } from "../../attention/why.js";
import { word } from "../../shared/dom.js";
import { counted, fixed, percent } from "../../shared/format.js";
import { rungMatrix } from "../rung_matrices.js";
import { headWords } from "./effects.js";

/** @typedef {import("../data.js").ReportData} ReportData */
/** @typedef {import("../state.js").State} State */
/** @typedef {(Node | string)[]} Words */
/** @typedef {{place: string, chapter: string, title: string, text: Words, changes: Partial<State>}} Step place is a selector */

/** From this mean share on a matrix is nearly a diagonal. */
const DIAGONAL = 0.9;

/** @type {Record<string, string>} what to look for at each rung */
const SEE = {
  strangers: "Only the diagonal is filled.",
  classroom: "Raw scores of any size: no row adds up to anything yet.",
  share: "Each row now adds up to 1.",
  scaled: "The same scores, made smaller before the softmax.",
  heads: "One head’s slice by itself: compare its pattern with the model’s beside it.",
  position: "What depends on the distance shows along the diagonals.",
  mask: "What may not be attended to is gone.",
  model: "All of it is in: what is left between the two is what the rebuild misses.",
};

/**
 * How much of a matrix's rows stays on its diagonal, on average.
 * @param {import("../../attention/maths.js").Matrix} matrix
 */
export function diagonalShare({ rows, cols, data }) {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += data[i * cols + i];
  return sum / rows;
}

/**
 * What the diagonal says, where everybody could listen to themselves and rows add up to 1.
 * @param {string} name of the rung
 * @param {number} kept
 */
export function diagonalWords(name, kept) {
  if (kept < DIAGONAL) return ` On average ${percent(kept)} of a row stays on the diagonal.`;
  const why = ["softmax", "scaled"].includes(name) ? ", because a vector is most like itself" : "";
  return ` The matrix is nearly a diagonal (${percent(kept)} of a row, on average): everybody listens only to themselves${why}.`;
}

/**
 * @param {ReportData} data
 * @param {State} now whose head and cell are told of
 * @returns {Step[]}
 */
export function tourSteps(data, now) {
  const { index, head, cell } = now,
    { ladder, effects, model } = data.header,
    layer = data.layers[index];
  const [row, col] = cell ?? [0, 0],
    { rows, cols } = data.sides(index),
    at = row * layer.cols + col;
  const asker = () => word(`“${rows.names[row]}”`, "clip"),
    offerer = () => word(`“${cols.names[col]}”`, "clip");
  const where = headName(layer, head),
    weight = data.shown(index, head).data[at];
  const reading = data.heads[data.headIndex(index, head)];
  /** @type {Partial<State>} */
  const chosen = {
    ...{ index, head, cell: [row, col], pinned: row, compared: null, hovered: null },
    ...{ direction: "out", whose: "head", scope: "head", shape: "matrix", between: "all", zoom: null },
  };
  /** @type {(chapter: string, place: string, title: string, text: Words, changes?: Partial<State>) => Step} */
  const step = (chapter, place, title, text, changes = {}) => ({
    ...{ chapter, place, title, text },
    changes: { ...chosen, ...changes },
  });

  /** @param {import("../../payload.js").Rung} rung @param {number} i */
  function rungStep(rung, i) {
    const found = rungMatrix(data, rung.name, index, head)?.matrix,
      matrix = found && "data" in found && found.rows === layer.rows && found.cols === layer.cols ? found : null;
    const raw = rung.name === "classroom",
      apart = measureOf(data, { ...now, scope: "head" }, i, "jsd_bits");
    /** @type {Words} */
    const text = [[rung.adds, SEE[rung.name]].filter(Boolean).join(" ")];
    if (matrix && raw) text.push(" ", asker(), " × ", offerer(), ` is ${fixed(matrix.data[at], 1)}.`);
    else if (matrix) text.push(" ", asker(), " gives ", offerer(), ` ${percent(matrix.data[at])}.`);
    if (matrix && !raw && layer.site !== "cross" && ["softmax", "scaled", "learned"].includes(rung.name)) {
      text.push(diagonalWords(rung.name, diagonalShare(matrix)));
    }
    if (!Number.isNaN(apart)) text.push(` Divergence from this head: ${fixed(apart)} bits.`);
    return step("Ladder", "#ladder-pair-view", rungTitle(rung.name), text, { rung: rung.name, measure: "jsd_bits" });
  }

  const given = data.queryKey(index, head),
    silenced = effects && headEffects(data);
  const measured = ladder.some((rung) => rung.measured);
  /** @type {(Step | false | null | undefined)[]} */
  const steps = [
    step("Classroom", "#classroom", "A class that listens to itself", [
      `Students are words here, and a card is ${model.width} numbers. Cards multiplied with cards say who gets along with whom;` +
        " everybody then takes on something of the others. Keep the picture: it is measured further on.",
    ]),
    step("Sentence", "#sentence-view", "One word listens", [
      "The stronger a word’s colour, the more ",
      asker(),
      ` attends to it in ${where}: `,
      offerer(),
      ` gets ${percent(weight)}.`,
    ]),
    step("Head", "#head", "One head, all words", [
      `${where[0].toUpperCase()}${where.slice(1)}: a row for each word that listens, a column for each that is listened to. Row `,
      asker(),
      ", column ",
      offerer(),
      ` is that ${percent(weight)}.`,
      reading?.label ? ` On average ${percent(reading.score ?? NaN)} of a row goes ${LABELS[reading.label]}.` : "",
    ]),
    given && step("Weight", "#why", "How a weight is computed", weightWords(data, now, given, asker, offerer)),
    ...(measured ? ladder.flatMap((rung, i) => (rung.applies && !rung.reference ? [rungStep(rung, i)] : [])) : []),
    effects &&
      silenced &&
      step("Effect", "#matter", "Does it matter?", [
        `Attention says where a head looks, not what that does. ${headWords(effects, silenced, data.headIndex(index, head))}`,
      ]),
  ];
  return steps.filter((one) => !!one);
}

/**
 * @param {ReportData} data
 * @param {State} now
 * @param {NonNullable<ReturnType<ReportData["queryKey"]>>} given
 * @param {() => Node} asker
 * @param {() => Node} offerer
 * @returns {Words}
 */
function weightWords(data, { index, head, cell }, { q, k, scale }, asker, offerer) {
  const { rows, cols } = data.layers[index],
    [row, col] = cell ?? [0, 0],
    d = q.length / rows;
  const visible = data.visible(index),
    terms = data.scoreTerms(index, head),
    added = terms?.added ? terms.added.subarray(row * cols, (row + 1) * cols) : null;
  const asked = q.subarray(row * d, (row + 1) * d);
  const why = explain(asked, k, col, scale, visible && ((j) => visible(row, j)), terms && { ...terms, added });
  return [
    "What ",
    asker(),
    " asks for times what ",
    offerer(),
    ` offers, added up over ${counted(d, "dimension")}: ${fixed(why.dot, 2)}. Times ${fixed(scale, 3)}: ${fixed(why.scaled, 2)}.`,
    terms ? ` With what else this model has: ${fixed(why.score, 2)}.` : "",
    why.masked ? " But it may not be attended to." : ` The softmax over the row makes that ${percent(why.share)}.`,
  ];
}
