/**
 * The views of the atlas: a selector of the view's root, and what mounts it.
 */

import { mountClaims } from "./views/claims.js";
import { mountGrid } from "./views/grid.js";
import { mountHead } from "./views/head.js";
import { mountLadder } from "./views/ladder.js";
import { mountRelations } from "./views/relations.js";
import { mountTable } from "./views/table.js";

/** @typedef {(root: HTMLElement, data: import("./data.js").AtlasData, store: import("./state.js").Store) => () => void} Mount */

/** @type {Record<string, Mount>} */
export const VIEWS = {
  ".opening": mountClaims,
  "#grid-view": mountGrid,
  "#one-view": mountHead,
  "#relations": mountRelations,
  "#ladder": mountLadder,
  "#table": mountTable,
};
