/**
 * Where the numbers of the page come from, and what it leaves out.
 */

import { el } from "../../shared/dom.js";
import { View } from "../../shared/view.js";
import { ALL } from "../words.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").LongData} data
 * @param {import("../state.js").Store} store
 */
export function mountSources(root, data, store) {
  const view = new View(root, store),
    { header } = data,
    { model, layers, carried } = header,
    all = layers.reduce((sum, { heads }) => sum + heads, 0);
  const said = [
    [
      "Model",
      `${model.title}, ${model.layers} layers × ${model.heads} heads; weights stored as ${model.stored_dtypes.join(" and ")}, computed in ${model.computing_dtype}.`,
    ],
    [
      "In this page",
      `of every head what stretches give to stretches, on 255 steps; of ${carried.length} of ${all} heads every single weight. ` +
        (data.supply
          ? "The others are loaded from the server when they are chosen; the last ones are kept."
          : `inspect … --heads LAYER.HEAD, or --layers LAYER, puts others in; ${ALL} shows all of them.`),
    ],
    ["Sinks", header.sinks.map(({ token, index }) => `${token} (token ${index})`).join(", ") || "none."],
    ["Counting", "layers, heads, stretches and tokens count from 0."],
    ...(header.command ? [["Command", header.command]] : []),
  ];
  view.find("sources").append(...said.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
  return view.dispose;
}
