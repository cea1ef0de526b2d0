/**
 * The views of the classroom: a selector of the view's root, and what mounts it.
 */

import { mountAfter } from "./views/after.js";
import { mountCounts } from "./views/counts.js";
import { mountMarks } from "./views/marks.js";
import { mountMeet } from "./views/meet.js";
import { mountSoftmax } from "./views/softmax.js";
import { mountWords } from "./views/words.js";

/** @typedef {(root: HTMLElement, data: import("./data.js").ClassroomData, store: import("./state.js").Store) => () => void} Mount */

/** @type {Record<string, Mount>} all that stays of a class that is too large to be changed */
export const WORD_VIEWS = { "#words-view": mountWords };

/** @type {Record<string, Mount>} */
export const VIEWS = {
  "#counts": mountCounts,
  "#marks-view": mountMarks,
  "#meet-view": mountMeet,
  "#after-view": mountAfter,
  "#softmax-view": mountSoftmax,
  ...WORD_VIEWS,
};
