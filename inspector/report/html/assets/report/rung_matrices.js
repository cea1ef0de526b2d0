/**
 * The weights of a rung, for one layer or head, and how the page came by them.
 */

import { identity, share, softmaxOf, uniform } from "../attention/maths.js";

/** @typedef {import("./data.js").ReportData} ReportData */
/** @typedef {import("../attention/maths.js").Matrix} Matrix */

/**
 * @param {ReportData} data
 * @param {string} name of the rung
 * @param {number} index
 * @param {number} head
 * @returns {{matrix: Matrix | Promise<Matrix>, note: string} | null} null where the page cannot show them
 */
export function rungMatrix(data, name, index, head) {
  const rung = data.header.ladder.find((one) => one.name === name);
  if (!rung?.applies) return null;
  const { rows, cols, site } = data.layers[index],
    how = rung.matrices[site];
  if (name === "layer_mean") {
    return { matrix: data.mean(index, "layer"), note: "worked out on this page from the layer’s heads" };
  }
  if (how === "pooled") {
    const [, r, c] = data.header.blobs[`ladder.${name}.${site}`].shape;
    return {
      matrix: { rows: r, cols: c, data: data.layerPart(name, index) },
      note: `averaged over patches of tokens down to ${r} × ${c}, since the text is long`,
    };
  }
  const R = data.interactions(index),
    fromR = "worked out on this page from R";
  if (name === "classroom" && R) return { matrix: R, note: "as measured" };
  if (name === "share" && R) return { matrix: share(R, site === "cross"), note: fromR };
  if (name === "softmax" && R) return { matrix: softmaxOf(R, 1), note: fromR };
  if (name === "scaled" && R) return { matrix: softmaxOf(R, 1 / Math.sqrt(data.header.model.width)), note: fromR };
  if (name === "learned" && how)
    return { matrix: { rows, cols, data: data.layerPart(name, index) }, note: "as measured" };
  if (name === "strangers" && site !== "cross") {
    return { matrix: identity(rows, cols), note: "every token attends to itself alone" };
  }
  if (name === "uniform") return { matrix: uniform(rows, cols, data.visible(index)), note: "the same for every key" };
  const whole = headsAreWhole(data, index);
  if (name === "heads" && whole) {
    const { exact, scale } = data.layers[index];
    const factor = 1 / Math.sqrt(data.header.blobs[`${index}.query`]?.shape[2]);
    // Where the model's scale is the rung's, the rebuild that travelled is nearer than q·k is.
    const rebuilds = exact && scale != null && Math.abs(scale - factor) < 1e-6 && !data.scoreTerms(index, head);
    const own = rebuilds ? null : data.own(index, head, factor);
    if (own) return { matrix: own, note: "worked out on this page from q and k" };
  }
  // Without positions and a mask, one head's softmax(q·k/√d) is the rebuild itself.
  if (name !== "model" && !(name === "heads" && whole)) return null;
  const rebuilt = data.rebuilt(index, head);
  if (rebuilt) return { matrix: rebuilt, note: "the rebuild" };
  const own = data.own(index, head);
  return own && { matrix: own, note: "worked out on this page from q and k" };
}

/**
 * Whether q and k are as the rung “heads” means them: no rotation in them, no mask after.
 * @param {ReportData} data
 * @param {number} index
 */
function headsAreWhole(data, index) {
  const { site } = data.layers[index];
  return !data.header.ladder.some(
    (rung) => (rung.name === "position" || rung.name === "mask") && rung.sites.includes(site),
  );
}
