/**
 * What runs beside the page: one mean after the other, answered in the order of the questions.
 */

import { meanOfHeads } from "./means.js";

self.onmessage = ({ data: job }) => {
  const mean = meanOfHeads(job);
  for (let h = 0; h < job.heads; h++) mean.add(h);
  self.postMessage(mean.data, { transfer: [mean.data.buffer] });
};
