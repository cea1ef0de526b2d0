/**
 * The page as a program sees it: `window.inspector`.
 */

/** @typedef {{data: import("./data.js").ReportData, store: import("./state.js").Store}} Shown */

/**
 * @param {() => Shown} shown what is on the page now
 */
export function offer(shown) {
  Object.defineProperty(window, "inspector", {
    value: Object.freeze({
      get version() {
        return shown().data.header.inspector;
      },
      get state() {
        return shown().store.get();
      },
      /** @param {string} site @param {number} layer @param {number} head */
      attention(site, layer, head) {
        const { data } = shown(),
          index = data.indexOf(site, layer);
        if (!(head >= 0 && head < data.layers[index].heads)) throw new RangeError(`there is no head ${head}`);
        const { rows, cols, data: weights } = data.shown(index, head);
        return { rows, cols, data: weights.slice() };
      },
      /** @param {string} site @param {number | null} layer null for all layers of the site */
      async mean(site, layer = null) {
        const { data } = shown(),
          index = layer == null ? data.layers.findIndex((one) => one.site === site) : data.indexOf(site, layer);
        if (index < 0) throw new RangeError(`there is no site ${site}`);
        const { rows, cols, data: weights } = await data.mean(index, layer == null ? "all" : "layer");
        return { rows, cols, data: weights.slice() };
      },
    }),
  });
}
