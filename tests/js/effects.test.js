import assert from "node:assert/strict";
import { test } from "node:test";
import { largest } from "../../inspector/report/html/assets/attention/effects.js";
import { descending, placeOf, ranks, spearman } from "../../inspector/report/html/assets/attention/ranking.js";
import { nearestWords } from "../../inspector/report/html/assets/attention/second_ladder.js";

test("equals share their mean rank", () => {
  assert.deepEqual(ranks([5, 1, 5, 3]), [3.5, 1, 3.5, 2]);
});

test("a rank correlation is that of the orders, whatever the distances", () => {
  assert.equal(spearman([1, 2, 3, 4], [10, 100, 101, 5000]), 1);
  assert.equal(spearman([1, 2, 3], [3, 2, 1]), -1);
  // 1 − 6·Σd² / (n·(n² − 1)) of ranks 1 2 3 4 5 and 2 1 4 3 5.
  assert.ok(Math.abs(spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) - 0.8) < 1e-12);
});

test("what has no number is left out, and what is constant has no order", () => {
  assert.equal(spearman([1, NaN, 2, 3], [1, 9, 2, NaN]), 1);
  assert.ok(Number.isNaN(spearman([1, 1, 1], [1, 2, 3])));
});

test("the place of a number, and the order from the largest", () => {
  assert.deepEqual(
    [0, 1, 2].map((at) => placeOf([4, 9, 4], at)),
    [2, 1, 2],
  );
  assert.deepEqual(descending([1, NaN, 3, 3]), [2, 3, 0]);
});

test("the largest of either sign stay, and the others are summed", () => {
  assert.deepEqual(largest([1, -5, 2, 4, -1], 2), { kept: [1, 3], others: 3, rest: 2 });
  // One other would take a line too.
  assert.deepEqual(largest([1, -5, 2], 2), { kept: [0, 1, 2], others: 0, rest: 0 });
});

test("under eight words a correlation means little, and nobody is nearest where none is", () => {
  const one = (rung, rank_correlation, top1 = 0) => ({ rung, rank_correlation, top1, scores: [] });
  const write = (value) => value.toFixed(2);
  const told = nearestWords([one("uniform", null), one("alti", 0.5, 1), one("effect", 1, 1)], 7, write);
  assert.match(told, /ALTI comes nearest .*0\.50, with the same favourite\. Over 7 words .* means little\./);
  assert.match(nearestWords([one("rollout", 0.1)], 8, write), /rollout .*an illustration/);
  assert.match(nearestWords([one("uniform", null), one("effect", null)], 1, write), /^Nothing here/);
});
