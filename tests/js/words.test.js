// Words, segments, closeness, windows and lines, with tables worked out by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeness } from "../../inspector/report/html/assets/attention/closeness.js";
import { heightOf, linesOf } from "../../inspector/report/html/assets/attention/lines.js";
import {
  betweenName,
  betweenOf,
  cutOf,
  inCut,
  kindsOf,
  lettersOf,
  outOfCut,
  placeIn,
  positionIn,
  restrict,
  splitsOf,
  textShares,
} from "../../inspector/report/html/assets/attention/segments.js";
import { dimensionOrder, explain } from "../../inspector/report/html/assets/attention/why.js";
import { crop, poolAny, poolFarthest, scaleOf, windowIn } from "../../inspector/report/html/assets/attention/window.js";
import { amountsOf, maskedOf, overlap, unitsOf } from "../../inspector/report/html/assets/attention/words.js";

const token = (text, word, span, special = false, segment = 0) => ({ id: 0, text, word, special, segment, span });
const TOKENS = [
  token("[CLS]", null, null, true),
  token("kn", 0, [0, 2]),
  token("##ot", 0, [2, 4]),
  token("sat", 1, [5, 8]),
];
const NAMES = ["[CLS]", "kn", "ot", "sat"];
const units = unitsOf(TOKENS, NAMES, { text: "knot sat", pair: null }, false);

test("subwords are put together as they stand in the text", () => {
  assert.deepEqual(
    units.map(({ name, tokens }) => [name, tokens]),
    [
      ["[CLS]", [0]],
      ["knot", [1, 2]],
      ["sat", [3]],
    ],
  );
  const single = unitsOf(TOKENS, NAMES, { text: "knot sat", pair: null }, true);
  assert.deepEqual(
    single.map(({ name }) => name),
    NAMES,
  );
});

test("attention received is summed, attention given is averaged", () => {
  const data = Float32Array.from([1, 0, 0, 0, 0.5, 0.25, 0.25, 0, 0.25, 0.25, 0.25, 0.25, 0, 0.5, 0.25, 0.25]);
  const matrix = { rows: 4, cols: 4, data };
  assert.deepEqual([...amountsOf(matrix, units[1], units, "out")], [0.375, 0.5, 0.125]);
  assert.deepEqual([...amountsOf(matrix, units[1], units, "in")], [0, 0.5, 0.75]);
  const causal = (i, j) => j <= i;
  assert.deepEqual(maskedOf(causal, units[1], units, "out"), [false, false, true]);
  assert.equal(maskedOf(null, units[1], units, "out"), null);
  assert.equal(overlap(Float64Array.from([2, 2, 0]), Float64Array.from([1, 0, 3])), 0.25);
});

test("a pair is cut to what goes from one text to the other", () => {
  const segments = ["A", "A", "B"];
  assert.deepEqual(cutOf(segments, "AB"), { rows: [0, 1], cols: [2] });
  assert.equal(cutOf(segments, "all"), null);
  assert.equal(cutOf(null, "AB"), null);
  assert.equal(cutOf(["A", "A"], "AB"), null);
  const matrix = { rows: 3, cols: 3, data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]) };
  assert.deepEqual([...restrict(matrix, { rows: [0, 2], cols: [1] }).data], [2, 8]);
  assert.deepEqual(splitsOf(segments), [2]);
  assert.deepEqual(textShares(matrix, segments, ["A", "B"]), [
    [6, 4.5],
    [15, 9],
  ]);
});

test("a chat is cut by whose its tokens are", () => {
  const roles = ["template", "user", "user", "template", "assistant"];
  const tokens = roles.map((role) => ({ ...token("x", null, null), role }));
  const side = { pair: null, tokens };
  assert.deepEqual(lettersOf(side), [..."TUUTW"]);
  assert.deepEqual(kindsOf(lettersOf(side)), [..."TUW"]);
  assert.deepEqual(betweenOf(side), ["all", "TT", "TU", "TW", "UT", "UU", "UW", "WT", "WU", "WW"]);
  assert.equal(betweenName("WU"), "assistant → user");
  assert.deepEqual(cutOf(lettersOf(side), "WU"), { rows: [4], cols: [1, 2] });
  assert.deepEqual(splitsOf(lettersOf(side)), [1, 3, 4]);
  assert.equal(cutOf(lettersOf(side), "WS"), null);
  const plain = { pair: null, tokens: TOKENS };
  assert.deepEqual([lettersOf(plain), betweenOf(plain)], [null, ["all"]]);
});

test("places in a cut are those of the tokens that are left", () => {
  // A B A A B: what goes from A to B is three rows and two columns.
  const cut = cutOf([..."ABAAB"], "AB");
  assert.deepEqual(
    [0, 1, 2].map((at) => positionIn(cut, "rows", at)),
    [0, 2, 3],
  );
  assert.deepEqual(
    [4, 1, 2].map((position) => placeIn(cut, "cols", position, 5)),
    [1, 0, 0],
  );
  assert.deepEqual([positionIn(null, "rows", 3), placeIn(null, "rows", 3, 5), placeIn(null, "rows", 9, 5)], [3, 3, 4]);
  // From the second to the third row: tokens 2 and 3. Over both columns: tokens 1 to 4.
  assert.deepEqual(outOfCut(cut, [1, 0, 2, 2]), [2, 1, 2, 4]);
  assert.deepEqual(inCut(cut, [2, 1, 2, 4]), [1, 0, 2, 2]);
  assert.equal(inCut(cut, [1, 0, 1, 5]), null);
  assert.deepEqual([outOfCut(null, [1, 0, 2, 2]), inCut(null, [1, 0, 2, 2])], Array(2).fill([1, 0, 2, 2]));
});

test("closeness is a multiple of an even share of what comes from others", () => {
  assert.deepEqual(closeness([9, 6, 2, 1], 0, null), [null, "close friends", "acquaintances", "hardly any"]);
  assert.deepEqual(
    closeness([9, 6, 2, 1], 0, (j) => j !== 1),
    [null, null, "acquaintances", "acquaintances"].map((level, j) => (j === 2 ? "acquaintances" : level)),
  );
  assert.deepEqual(closeness([1, 0], 0, null), [null, null]);
});

test("a window keeps inside its matrix", () => {
  assert.deepEqual(windowIn(null, 20, 30), [0, 0, 20, 30]);
  assert.deepEqual(windowIn([18, 29, 5, 1], 20, 30), [15, 27, 5, 3]);
  const matrix = { rows: 2, cols: 3, data: Float32Array.from([1, 2, 3, 4, 5, 6]) };
  assert.deepEqual([...crop(matrix, [0, 1, 2, 2]).data], [2, 3, 5, 6]);
});

test("a smaller picture keeps what is farthest from zero, and what may be attended to", () => {
  const matrix = { rows: 2, cols: 4, data: Float32Array.from([1, -5, 0, 2, NaN, 3, NaN, NaN]) };
  assert.deepEqual([...poolFarthest(matrix, 1, 2).data], [-5, 2]);
  const any = poolAny((i, j) => i === 0 && j === 3, matrix, { rows: 1, cols: 2 });
  assert.deepEqual([any(0, 0), any(0, 1)], [false, true]);
});

test("a scale from 0 to 255", () => {
  const linear = scaleOf(0, 0.5, false);
  assert.deepEqual([0, 0.25, 0.5, 9].map(linear), [0, 127.5, 255, 255]);
  const log = scaleOf(0, 1, true);
  assert.deepEqual([1e-5, 1e-4, 1].map(log), [0, 0, 255]);
  assert.ok(Math.abs(log(1e-2) - 127.5) < 1e-9);
});

test("lines from the strongest on", () => {
  const matrix = { rows: 2, cols: 2, data: Float32Array.from([0.75, 0.25, NaN, 1]) };
  const { lines, left, rest } = linesOf(matrix, [0, 0, 2, 2], null);
  assert.deepEqual(lines, [
    [1, 1, 1],
    [0, 0, 0.75],
    [0, 1, 0.25],
  ]);
  assert.deepEqual([left, rest], [0, 0]);
  assert.equal(heightOf([[0, 1], [5]], 1, 5), 22);
});

test("a number comes about step by step", () => {
  const q = [1, 2],
    keys = [1, 0, 0, 1, 3, 3];
  const why = explain(q, keys, 1, 0.5, (j) => j !== 2, { softcap: null, added: [0, 1, 0], sink: 0 });
  assert.deepEqual(why.products, [0, 2]);
  assert.deepEqual([why.dot, why.scaled, why.added, why.score, why.masked], [2, 1, 1, 2, false]);
  const sum = Math.exp(0.5) + Math.exp(2) + 1;
  assert.ok(Math.abs(why.share - Math.exp(2) / sum) < 1e-12);
  assert.equal(why.row[2], 0);
  assert.ok(explain(q, keys, 2, 0.5, (j) => j !== 2).masked);
  assert.deepEqual(dimensionOrder([1, 3, -2], "contribution"), [1, 0, 2]);
  assert.deepEqual(dimensionOrder([1, 3, -2], "index"), [0, 1, 2]);
});
