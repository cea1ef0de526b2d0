/**
 * Where each number on the page comes from.
 */

import { answeredBy, embeddingWords } from "../../attention/answer_words.js";
import { el } from "../../shared/dom.js";
import { tiny } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { PRECISIONS } from "../words/precision.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 */
export function mountSources(root, data, store) {
  const view = new View(root, store),
    list = view.find("sources");
  for (const [name, text] of sourcesOf(data.header)) list.append(el("div", {}, el("dt", {}, name), el("dd", {}, text)));
  return view.dispose;
}

/**
 * @param {import("../../payload.js").Model} model
 * @returns {string} what its weights are stored as, and what it was run in
 */
function precisionOf({ stored_dtypes: stored, computing_dtype: computing }) {
  const short = stored.filter((dtype) => dtype !== computing);
  return (
    `stored as ${stored.join(" and ")}, computed in ${computing}` +
    (short.length ? `; run in ${short.join(" or ")}, the model would give other numbers.` : ".")
  );
}

const UNPROVED =
  "computed from the checkpoint’s weights by the inspector’s own forward pass; the real model has not been asked, and where this page says “the model” it means that.";

/**
 * @param {import("../../payload.js").Header} header
 * @returns {string[][]} what, and where it comes from
 */
function sourcesOf(header) {
  const {
    model: ran,
    layers,
    arithmetic_max_abs_error: error,
    ladder,
    target,
    verification,
    predictions,
    embedding,
  } = header;
  const exact = layers.every((layer) => layer.exact),
    recomputed = layers.every((layer) => layer.recomputed);
  const fromKeys = layers.some((layer) => layer.source === "query_key"),
    captured = verification.tier === "captured";
  const kinds = [...new Set(layers.map((layer) => PRECISIONS[layer.precision]))].join(" and ");
  const keys = [...new Set(layers.flatMap((layer) => layer.key_precision ?? []))]
    .map((precision) => PRECISIONS[precision])
    .join(" and ");
  const far = `at most ${tiny(error)} away from the model’s own attention, over every head and cell`;

  const model = exact
    ? "the model’s own float32 numbers, shipped in full."
    : !fromKeys
      ? `the model’s own numbers, shipped ${kinds}.`
      : `${target ? "where a" : "this"} text is longer than 32 tokens, ${target ? "" : "so "}the page carries each head’s ` +
        `${captured ? "own" : "rebuilt"} q and k (${kinds}) instead of its matrix, and works out softmax(q·k) itself` +
        (layers.some((layer) => layer.source === "attention")
          ? "; where something is added to q·k it carries the matrix."
          : ".");
  const rebuild = !recomputed
    ? "none: this family is not recomputed."
    : (captured ? "the attention function alone, from the q, k and v that the model made; " : "") +
      (exact
        ? "the model’s number plus the shipped difference, so that the two panels never rest on the same data."
        : "compared with the model when the report was made; the largest difference of every row was shipped in float32.");
  const own = exact
    ? [
        [
          "This page’s arithmetic",
          "none for the head’s matrices: what you see of them was shipped." +
            (error == null
              ? ""
              : ` “Why this number” works out softmax(q·k) from q and k, which travel ${keys}: ${far}.`),
        ],
      ]
    : error == null
      ? []
      : [[fromKeys ? "This page’s arithmetic" : "Rounding on the way", `${far}; measured before shipping.`]];
  const pooled = ladder.some((rung) => Object.values(rung.matrices).includes("pooled"));
  const rungs = !ladder.some((rung) => rung.measured)
    ? "none were measured."
    : "measured in Python when the report was made; its matrices are " +
      (pooled
        ? "averaged over patches of tokens, since the text is longer than 128."
        : "the classroom’s R in float32 and the learned rung in float16; the others follow from them by their formulas.");
  const unproved = verification.verdict === "unproved";
  return [
    [unproved ? "The attention" : "The model’s attention", unproved ? UNPROVED : model],
    ...(unproved ? [] : [["The rebuild", rebuild]]),
    ["The weights", precisionOf(ran)],
    ...own,
    ["The ladder’s numbers", rungs],
    ...(predictions
      ? [
          [
            "What the model predicts",
            `the softmax of the logits, in float64: ${answeredBy(verification, "probability_max_abs_error")}.`,
          ],
        ]
      : []),
    ...(embedding
      ? [
          [
            "The embedding",
            `${embeddingWords(embedding)}; ${answeredBy(verification, "embedding_max_abs_error")}. --json prints it.`,
          ],
        ]
      : []),
    [
      "The mix",
      "|R| times the length of each token’s vector on the classroom’s side; attention times the length of" +
        " v·Wo, in float16, on the head’s.",
    ],
    [
      "What heads are sorted and coloured by",
      "entropy, distance and the measures of a rung were taken in Python from" +
        " the model’s own attention, whole; the small pictures show each head at no more than 32 × 32.",
    ],
    ["Counting", "layers, heads, rows and columns count from 0."],
  ];
}
