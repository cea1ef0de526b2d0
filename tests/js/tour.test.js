/** What the tour says of a rung's diagonal, and only where the numbers say so. */

import assert from "node:assert/strict";
import { test } from "node:test";

const { diagonalShare, diagonalWords } = await import("../../inspector/report/html/assets/report/words/tour.js");

test("the diagonal is called one where nine tenths of a row stay on it", () => {
  const data = new Float32Array([0.75, 0.25, 0.5, 0.5]);
  assert.equal(diagonalShare({ rows: 2, cols: 2, data }), 0.625);
  assert.match(diagonalWords("softmax", 0.95), /nearly a diagonal \(95 %.*because a vector is most like itself\.$/);
  // With learned queries and keys there would be another reason.
  assert.match(diagonalWords("learned", 0.95), /listens only to themselves\.$/);
  assert.equal(diagonalWords("softmax", 0.89), " On average 89 % of a row stays on the diagonal.");
});
