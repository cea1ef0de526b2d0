/**
 * Where the numbers of both sides come from.
 */

import { el } from "../../shared/dom.js";
import { tiny } from "../../shared/format.js";
import { View } from "../../shared/view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").CompareData} data
 * @param {import("../state.js").Store} store
 */
export function mountSources(root, data, store) {
  const view = new View(root, store);
  const said = [
    ...data.sides.map(({ header }, side) => [`Side ${"AB"[side]}`, sideWords(header)]),
    ...(data.heads.length
      ? [
          [
            "Change of a head",
            "mean Jensen–Shannon divergence of its rows in A and in B, in bits: over the keys that stand against each other, all else as one more key.",
          ],
        ]
      : []),
    ["Counting", "layers, heads and tokens count from 0."],
    ...(data.header.command ? [["Command", data.header.command]] : []),
  ];
  view.find("sources").append(...said.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
  return view.dispose;
}

/** @param {import("../../payload.js").Header} header */
function sideWords({ model, text, layers, arithmetic_max_abs_error: error, verification }) {
  const exact = layers.every((layer) => layer.exact),
    unproved = verification.verdict === "unproved";
  return (
    `${model.title}, ${model.layers} layers × ${model.heads} heads, ${text.tokens.length} tokens; weights stored as ` +
    `${model.stored_dtypes.join(" and ")}, computed in ${model.computing_dtype}; ` +
    (unproved ? "computed by the inspector’s own forward pass, not yet proved" : "the model’s own numbers") +
    (exact || error == null ? "." : `, worked out again on this page, at most ${tiny(error)} away.`)
  );
}
