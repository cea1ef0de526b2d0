/**
 * The views of a long text: a selector of the view's root, and what mounts it.
 */

import { mountFlow } from "./views/flow.js";
import { mountHeads } from "./views/heads.js";
import { mountMap } from "./views/map.js";
import { mountOpening } from "./views/opening.js";
import { mountSources } from "./views/sources.js";
import { mountText } from "./views/text.js";
import { mountZoom } from "./views/zoom.js";

/** @typedef {(root: HTMLElement, data: import("./data.js").LongData, store: import("./state.js").Store) => () => void} Mount */

/** @type {Record<string, Mount>} */
export const VIEWS = {
  "#opening": mountOpening,
  "#map-view": mountMap,
  "#heads": mountHeads,
  "#flow": mountFlow,
  "#zoom": mountZoom,
  "#text": mountText,
  footer: mountSources,
};
