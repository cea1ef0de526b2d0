/**
 * The sections of the report, from the top, and the views in each: a selector of the view's root, and what mounts it;
 * a page has not every one of them.
 */

import { mountExport } from "./views/export.js";
import { mountGrid } from "./views/grid.js";
import { mountHead } from "./views/head.js";
import { mountKeys } from "./views/keys.js";
import { mountLadder } from "./views/ladder/ladder.js";
import { mountLadderPair } from "./views/ladder/pair.js";
import { mountShares } from "./views/ladder/shares.js";
import { mountLadderSteps } from "./views/ladder/steps.js";
import { mountLadderTable } from "./views/ladder/table.js";
import { mountScatter } from "./views/matter/scatter.js";
import { mountSum } from "./views/matter/sum.js";
import { mountTelling } from "./views/matter/telling.js";
import { mountMix } from "./views/mix.js";
import { mountAnswer } from "./views/opening/answer.js";
import { mountFacts } from "./views/opening/facts.js";
import { mountLinks } from "./views/opening/links.js";
import { mountNotices } from "./views/opening/notices.js";
import { mountPair } from "./views/opening/pair.js";
import { mountRests } from "./views/opening/rests.js";
import { mountSentence } from "./views/opening/sentence.js";
import { mountSite } from "./views/opening/site.js";
import { mountVerdict } from "./views/opening/verdict.js";
import { mountWritten } from "./views/opening/written.js";
import { mountPredictions } from "./views/predictions.js";
import { mountProject } from "./views/project.js";
import { mountReading } from "./views/reading.js";
import { mountSources } from "./views/sources.js";
import { mountStrip } from "./views/strip.js";
import { mountTour } from "./views/tour.js";
import { mountWhy } from "./views/why.js";

/** @typedef {(root: HTMLElement, data: import("./data.js").ReportData, store: import("./state.js").Store) => () => void} Mount */

/** @type {{section: string, views: Record<string, Mount>}[]} */
export const SECTIONS = [
  {
    section: "#answer",
    views: {
      "#written": mountWritten,
      "#answer-view": mountAnswer,
      "#answer #rests": mountRests,
      "#answer #verdict-view": mountVerdict,
    },
  },
  {
    section: ".opening",
    views: {
      ".opening #verdict-view": mountVerdict,
      "#facts": mountFacts,
      "#site": mountSite,
      "#sentence-view": mountSentence,
      "#pair": mountPair,
      ".opening #rests": mountRests,
      "#notices": mountNotices,
      "#links": mountLinks,
      "#keys-view": mountKeys,
      "#project": mountProject,
      "#strip": mountStrip,
      "#tour-view": mountTour,
    },
  },
  { section: "#heads", views: { "#heads": mountGrid } },
  { section: "#head", views: { "#reading-view": mountReading, "#head-view": mountHead, "#export-view": mountExport } },
  { section: "#why", views: { "#why": mountWhy } },
  {
    section: "#ladder",
    views: {
      "#ladder-view": mountLadder,
      "#ladder-steps-view": mountLadderSteps,
      "#ladder-pair-view": mountLadderPair,
      "#ladder-table-view": mountLadderTable,
      "#shares": mountShares,
    },
  },
  {
    section: "#matter",
    views: { "#telling-view": mountTelling, "#scatter-view": mountScatter, "#sum-view": mountSum },
  },
  { section: "#mix", views: { "#mix": mountMix } },
  { section: "#words", views: { "#words": mountPredictions } },
  { section: "#classroom", views: {} },
  { section: "footer", views: { footer: mountSources } },
];
