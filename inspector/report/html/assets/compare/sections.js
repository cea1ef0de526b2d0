/**
 * The views of a comparison: a selector of the view's root, and what mounts it; a page has not every one of them.
 */

import { mountAnswers } from "./views/answers.js";
import { mountHead } from "./views/head.js";
import { mountHeads } from "./views/heads.js";
import { mountLinks } from "./views/links.js";
import { mountSentences } from "./views/sentences.js";
import { mountSources } from "./views/sources.js";
import { mountVerdicts } from "./views/verdicts.js";

/** @typedef {(root: HTMLElement, data: import("./data.js").CompareData, store: import("./state.js").Store) => () => void} Mount */

/** @type {Record<string, Mount>} */
export const VIEWS = {
  "#sentences-view": mountSentences,
  "#answers": mountAnswers,
  "#verdicts": mountVerdicts,
  "#heads": mountHeads,
  "#head": mountHead,
  "#links": mountLinks,
  footer: mountSources,
};
