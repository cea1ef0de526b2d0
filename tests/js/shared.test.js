// What every page uses: the store, numbers in writing, numbers in bytes, and means over heads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, crc32 as zlibCrc } from "node:zlib";
import { joinMeans, meanOfHeads } from "../../inspector/report/html/assets/attention/means.js";
import { scoreTermsOf } from "../../inspector/report/html/assets/attention/score_terms.js";
import { crc32, inflate } from "../../inspector/report/html/assets/shared/decode.js";
import { exact, fixed, percent, tokenNames, visible } from "../../inspector/report/html/assets/shared/format.js";
import { joinPlanes } from "../../inspector/report/html/assets/shared/numbers.js";
import { createStore } from "../../inspector/report/html/assets/shared/store.js";

test("only who looks at what changed hears of it, until they stop", () => {
  const store = createStore({ a: 1, b: 1 }),
    heard = [];
  const stop = store.watch(["a"], ({ a }) => heard.push(a));
  store.set({ b: 2 });
  store.set({ a: 1 });
  store.set({ a: 3 });
  stop();
  store.set({ a: 4 });
  assert.deepEqual(heard, [1, 3]);
  assert.deepEqual(store.get(), { a: 4, b: 2 });
});

test("what has to change along does so in one go", () => {
  const store = createStore({ a: 1, b: 1 }, (changes) => ({ ...changes, b: 9 })),
    seen = [];
  store.watch(["a", "b"], ({ a, b }) => seen.push([a, b]));
  store.set({ a: 2 });
  assert.deepEqual(seen, [
    [1, 1],
    [2, 9],
  ]);
});

test("numbers as people read them", () => {
  assert.equal(exact(-1.25e-7), "−1.250e−7");
  assert.equal(fixed(-0.0001, 2), "0.00");
  assert.equal(fixed(NaN), "–");
  assert.equal(percent(0.004), "< 1 %");
  assert.equal(visible("a\u200bb"), "a‹U+200B›b");
  assert.equal(visible("  "), "␣␣");
});

test("a token is called what it stands for, and a special one by its name", () => {
  const tokens = [
    ["<s>", "", true],
    ["Ġæ", "漢 1/3", false],
    ["ĊĠĠĠ", "\n   ", false],
    ["Ġ", " ", false],
  ].map(([text, shown, special]) => ({ text, shown, special }));
  assert.deepEqual(tokenNames(tokens), ["<s>", "漢 1/3", "↵", "␣"]);
});

test("the checksum is zlib's", { skip: !zlibCrc }, () => {
  for (const length of [0, 1, 5, 1000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) % 256);
    assert.equal(crc32(bytes), zlibCrc(bytes));
  }
});

test("bytes come out as they went in", async () => {
  const bytes = Uint8Array.from({ length: 3000 }, (_, i) => (i * i) % 251);
  const { bytes: out, found } = await inflate(new Uint8Array(deflateRawSync(bytes)), bytes.length);
  assert.equal(found, bytes.length);
  assert.deepEqual(out, bytes);
});

/** Equal bytes of all numbers together, as a page carries them. */
const planesOf = (numbers) => {
  const bytes = new Uint8Array(numbers.buffer),
    size = numbers.BYTES_PER_ELEMENT;
  return Uint8Array.from(
    { length: bytes.length },
    (_, i) => bytes[(i % numbers.length) * size + Math.floor(i / numbers.length)],
  );
};
const packed = (numbers, shape, dtype = "float32") => ({ planes: planesOf(numbers), shape, dtype });

test("planes become numbers again", () => {
  const numbers = Float32Array.from([1.5, -2, 1e-3]);
  assert.deepEqual(joinPlanes(planesOf(numbers), { dtype: "float32", shape: [3] }), numbers);
  // 1, −2, the smallest half, infinity.
  const halves = Uint16Array.from([0x3c00, 0xc000, 0x0001, 0x7c00]);
  assert.deepEqual([...joinPlanes(planesOf(halves), { dtype: "float16", shape: [4] })], [1, -2, 2 ** -24, Infinity]);
  assert.throws(
    () => joinPlanes(new Uint8Array(8), /** @type {any} */ ({ dtype: "float64", shape: [1] })),
    /unknown kind/,
  );
});

test("the mean of heads that travel as weights, and of heads that share a key", () => {
  const weights = packed(Float32Array.from([1, 0, 0, 1, 0.5, 0.5, 0.5, 0.5]), [2, 2, 2]);
  const mean = meanOfHeads({ rows: 2, cols: 2, heads: 2, weights, scores: null });
  for (let h = 0; h < 2; h++) mean.add(h);
  assert.deepEqual([...mean.data], [0.75, 0.25, 0.25, 0.75]);

  const query = packed(Float32Array.from([1, 0]), [2, 1, 1]),
    key = packed(Float32Array.from([Math.log(3), 0]), [1, 2, 1]);
  const shared = meanOfHeads({
    rows: 1,
    cols: 2,
    heads: 2,
    weights: null,
    scores: { query, key, visible: null, scale: 1, softcap: null, terms: {} },
  });
  for (let h = 0; h < 2; h++) shared.add(h);
  // softmax(ln 3, 0) is ¾, ¼; softmax(0, 0) is ½, ½.
  for (const [i, wanted] of [0.625, 0.375].entries()) assert.ok(Math.abs(shared.data[i] - wanted) < 1e-6);
});

test("layers count by their heads", () => {
  const of = (value) => ({ rows: 1, cols: 1, data: Float32Array.from([value]) });
  assert.equal(joinMeans([of(1), of(0)], [3, 1]).data[0], 0.75);
});

test("what positions add", () => {
  const none = {
    softcap: null,
    sink: null,
    by_key: null,
    by_distance: null,
    distance_rows: null,
    distance_keys: null,
    distance_queries: null,
  };
  const q = Float32Array.from([1, 2]),
    k = Float32Array.from([3, 4]);
  assert.equal(scoreTermsOf(none, q, k, 2, 2, 1), null);
  const byKey = scoreTermsOf({ ...none, by_key: Float32Array.from([0, -1]) }, q, k, 2, 2, 1);
  assert.deepEqual([...byKey.added], [0, -1, 0, -1]);
  const byDistance = scoreTermsOf({ ...none, by_distance: Float32Array.from([10, 20, 30]) }, q, k, 2, 2, 1);
  assert.deepEqual([...byDistance.added], [20, 30, 10, 20]);
  // Distances −1, 0, 1 have the vectors 5, 6, 7: q's product with them, scaled by ½.
  const vectors = { distance_rows: Uint32Array.from([0, 1, 2]), distance_keys: Float32Array.from([5, 6, 7]) };
  const made = scoreTermsOf({ ...none, ...vectors }, q, k, 2, 2, 0.5);
  assert.deepEqual([...made.added], [3, 3.5, 5, 6]);
});
