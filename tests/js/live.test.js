// The live page's pure parts: what is carried over to another text, what is changed, what an answer holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { carried, moves } from "../../inspector/report/html/assets/live/carry.js";
import {
  asked,
  blocked,
  inModel,
  isBlocked,
  isSilent,
  listed,
  moved,
  noChanges,
  silenced,
} from "../../inspector/report/html/assets/live/changes.js";
import { Supply } from "../../inspector/report/html/assets/live/supply.js";
import { unpack } from "../../inspector/report/html/assets/live/unpack.js";
import { headName, movedWords, quoted, tookWords } from "../../inspector/report/html/assets/live/words.js";

/** @param {string} letters a token each */
const tokens = (letters) => [...letters].map((letter) => ({ id: letter.charCodeAt(0) }));
/** @param {string} before @param {string} after */
const all = (before, after) => [...before].map((_, i) => moves(tokens(before), tokens(after))(i));

test("tokens stay where they now stand", () => {
  assert.deepEqual(all("abcd", "abcd"), [0, 1, 2, 3]);
  assert.deepEqual(all("[ab]", "[abc]"), [0, 1, 2, 4]);
  assert.deepEqual(all("[ab]", "[xab]"), [0, 2, 3, 4]);
  assert.deepEqual(all("[abc]", "[ac]"), [0, 1, null, 2, 3]);
  // One exchanged for two, and two for one.
  assert.deepEqual(all("[abc]", "[axyc]"), [0, 1, 2, 4, 5]);
  assert.deepEqual(all("[axyc]", "[abc]"), [0, 1, 2, null, 3, 4]);
  // A letter that is there twice is counted once.
  assert.deepEqual(all("aa", "aaa"), [0, 1]);
  assert.deepEqual(all("aaa", "aa"), [0, 1, null]);
  assert.deepEqual(all("abc", "xyz"), [0, 1, 2]);
  assert.deepEqual(all("", "a"), []);
});

test("what was chosen is carried over, and nothing that is gone", () => {
  const state = /** @type {any} */ ({
    index: 3,
    head: 2,
    pinned: 2,
    compared: 1,
    hovered: 4,
    cell: [2, 1],
    zoom: [0, 0, 2, 2],
    direction: "out",
    scope: "layer",
  });
  const on = (/** @type {number} */ i) => i + 1,
    gone = () => null;
  assert.deepEqual(carried(state, on, on, false), {
    index: 3,
    head: 2,
    pinned: 3,
    compared: 2,
    cell: [3, 2],
    direction: "out",
    scope: "layer",
  });
  const same = (/** @type {number} */ i) => i;
  assert.deepEqual(carried(state, same, same, true).zoom, [0, 0, 2, 2]);
  const left = carried(state, gone, same, true);
  assert.ok(!("pinned" in left) && !("cell" in left) && left.compared === null);
  // Of a question about who attends to a word it is a word of the keys.
  assert.equal(carried({ ...state, direction: "in" }, gone, on, false).pinned, 3);
  assert.equal(carried({ ...state, pinned: null }, gone, gone, false).pinned, null);
});

test("heads are silenced and words blocked, and back", () => {
  const head = /** @type {any} */ (["self", 2, 3]),
    word = /** @type {any} */ ({ of: "text", tokens: [4, 5], name: "trophy" });
  let changes = silenced(noChanges(), head);
  assert.ok(isSilent(changes, /** @type {any} */ (["self", 2, 3])) && inModel(changes));
  assert.ok(!isSilent(changes, /** @type {any} */ (["decoder", 2, 3])));
  changes = blocked(changes, word);
  assert.ok(isBlocked(changes, word) && !isBlocked(changes, { ...word, of: "target" }));
  assert.deepEqual(asked(changes), {
    silence: [["self", 2, 3]],
    block: [
      ["text", 4],
      ["text", 5],
    ],
  });
  assert.deepEqual(
    listed(changes).map(({ says }) => says),
    ["layer 2, head 3 silenced", "“trophy” blocked"],
  );
  assert.deepEqual(listed(changes)[0].without.silence, []);
  assert.deepEqual(blocked(silenced(changes, head), word), noChanges());
  const swap = { before: "a b", from: "b", to: "c", count: 1 };
  const swapped = { ...noChanges(), swap };
  assert.ok(!inModel(swapped));
  assert.equal(asked(swapped).before, "a b");
  assert.equal(listed(swapped)[0].says, "“b” swapped for “c”");
  assert.equal(listed(swapped)[0].without.swap, null);
  const twice = { ...noChanges(), swap: { ...swap, count: 2 } };
  assert.equal(listed(twice)[0].says, "2 words swapped, “b” for “c” last");
  // In another text a word is where it now stands, or no more.
  const on = { text: (/** @type {number} */ i) => i + 1, target: () => null };
  const named = () => "elephant";
  assert.deepEqual(moved(changes, on, named).block, [{ ...word, tokens: [5, 6], name: "elephant" }]);
  const half = { ...on, text: (/** @type {number} */ i) => (i === 4 ? 4 : null) };
  assert.deepEqual(moved(changes, half, named).block, []);
});

/** @param {object} said @param {number[]} bytes */
function packed(said, bytes) {
  const json = new TextEncoder().encode(JSON.stringify(said));
  const whole = new Uint8Array(4 + json.length + bytes.length);
  new DataView(whole.buffer).setUint32(0, json.length, true);
  whole.set(json, 4);
  whole.set(bytes, 4 + json.length);
  return whole.buffer;
}

test("an answer is unpacked, and one that is not whole is refused", () => {
  const header = { payload: 3, blobs: { a: { length: 2 }, b: { length: 0 }, c: { length: 1 } } };
  const found = unpack(packed({ header, moved: null }, [1, 2, 3]));
  assert.deepEqual(
    [...found.planes].map(([name, bytes]) => [name, ...bytes]),
    [["a", 1, 2], ["b"], ["c", 3]],
  );
  assert.equal(found.moved, null);
  // Each by itself, so that one can be given away.
  assert.equal(found.planes.get("a")?.buffer.byteLength, 2);
  for (const bytes of [
    [1, 2],
    [1, 2, 3, 4],
  ])
    assert.throws(() => unpack(packed({ header, moved: null }, bytes)), /another length/);
  assert.throws(() => unpack(new ArrayBuffer(3)), /cut short/);
  assert.throws(() => unpack(packed({ header, moved: null }, []).slice(0, 20)), /cut short/);
  assert.throws(() => unpack(packed({ header: { ...header, payload: 2 } }, [])), /version 2, not 3/);
});

test("what is said of an answer before and after", () => {
  const place = (/** @type {string} */ token, /** @type {number} */ probability) =>
    /** @type {any} */ ({ token, probability });
  assert.equal(
    movedWords({ measure: "shift", size: 0.0123, before: [], after: [] }),
    "The text’s vector turns by 0.012 (1 − cosine; 0 is not at all).",
  );
  assert.match(movedWords({ measure: "shift", size: null, before: [], after: [] }), /not known/);
  assert.equal(
    movedWords({ measure: "kl_bits", size: 1.5, before: [place(" mat", 0.25)], after: [place(" hat", 0.5)] }),
    "Before: “mat” 25 %. After: “hat” 50 %. The answer moves by 1.50 bits.",
  );
  // A word exchanged: there is an answer before and after, and no distance.
  assert.equal(
    movedWords({ measure: "shift", size: null, before: [place("a", 0.25)], after: [place("b", 0.5)] }),
    "Before: “a” 25 %. After: “b” 50 %.",
  );
  const many = [place("a", 0.1), place("b", 0.2), place("c", 0.3)];
  assert.equal(
    movedWords({ measure: "kl_bits", size: 0.5, before: many, after: many }),
    "The answer moves by 0.50 bits.",
  );
  assert.equal(quoted(" \u202eab"), "“‹U+202E›ab”");
  assert.equal(headName(["self", 0, 3]), "layer 0, head 3");
  assert.equal(headName(["cross", 1, 2]), "cross layer 1, head 2");
  const header = /** @type {any} */ ({ text: { tokens: [1, 2] }, verification: { verdict: "unproved" } });
  assert.equal(tookWords(41.6, header), "2 tokens, read in 42 ms; not proved.");
  header.verification.verdict = "verified";
  assert.equal(tookWords(2000, header), "2 tokens, read in 2000 ms; asked the real model too.");
});

/** A server that is asked for heads of one token, and answers when it is told to. */
class Asked {
  constructor() {
    /** @type {string[]} */
    this.heads = [];
    /** @type {((outcome: any) => void)[]} */
    this.waiting = [];
    /** @type {(() => void)[]} */
    this.backs = [];
  }

  /** @param {string} what @param {any} question @returns {Promise<any>} */
  ask(what, question) {
    assert.equal(`${what} ${question.reading}`, "head a text");
    this.heads.push(`${question.layer}.${question.head}`);
    return new Promise((go) => this.waiting.push(go));
  }

  /** @returns {Promise<void>} */
  back() {
    return new Promise((go) => this.backs.push(go));
  }

  /** @param {number} layer @param {number} head two queries of a byte each, and a key of one */
  send(layer, head) {
    const blobs = {
      [`query.${layer}.${head}`]: { dtype: "uint8", length: 2 },
      [`key.${layer}.0`]: { dtype: "uint8", length: 1 },
    };
    const carried = { layer, head, shared: 0, terms: {}, sink: null, error: 0 },
      planes = new Map([
        [`query.${layer}.${head}`, Uint8Array.of(layer, head)],
        [`key.${layer}.0`, Uint8Array.of(7)],
      ]);
    this.waiting.shift()?.({ kind: "answer", answer: { header: { payload: 3, carried, blobs }, planes, moved: null } });
  }
}

test("a head is asked for once, and those not looked at for longest make way", async () => {
  const server = new Asked(),
    /** @type {string[]} */ told = [];
  // Three bytes each: two of them are kept.
  const supply = new Supply("a text", server, (what) => told.push(what), 7);
  const both = [supply.head(0, 1), supply.head(0, 1)];
  server.send(0, 1);
  const [one, same] = await Promise.all(both);
  assert.equal(one, same);
  assert.deepEqual([...(one?.query ?? [])], [0, 1]);
  assert.deepEqual([server.heads, told], [["0.1"], ["headsent"]]);
  const second = supply.head(0, 2);
  server.send(0, 2);
  await second;
  // The first is looked at again, and so the second goes.
  assert.equal(await supply.head(0, 1), one);
  const third = supply.head(0, 3);
  server.send(0, 3);
  await third;
  assert.deepEqual(
    [1, 2, 3].map((head) => supply.has(0, head)),
    [true, false, true],
  );
  supply.head(0, 2);
  assert.deepEqual(server.heads, ["0.1", "0.2", "0.3", "0.2"]);
  // One that is larger than all that may be kept is kept alone.
  const small = new Supply("a text", new Asked(), () => {}, 1),
    asked = /** @type {Asked} */ (/** @type {unknown} */ (small.asking));
  for (const head of [4, 5]) {
    const waited = small.head(0, head);
    asked.send(0, head);
    await waited;
  }
  assert.deepEqual([small.has(0, 4), small.has(0, 5)], [false, true]);
});

test("a head that is not sent can be asked for again, and the server's return is told once", async () => {
  const server = new Asked(),
    /** @type {string[]} */ told = [];
  const supply = new Supply("a text", server, (what) => told.push(what));
  const first = supply.head(1, 1);
  server.waiting.shift()?.({ kind: "newer" });
  assert.equal(await first, null);
  for (let time = 0; time < 2; time++) {
    const lost = supply.head(1, 1);
    server.waiting.shift()?.({ kind: "lost", message: "gone" });
    await assert.rejects(lost, /gone/);
  }
  const refused = supply.head(9, 9);
  server.waiting.shift()?.({ kind: "refused", message: "no such head" });
  await assert.rejects(refused, /no such head/);
  assert.equal(server.backs.length, 1);
  assert.deepEqual(told, []);
  server.backs[0]();
  await Promise.resolve();
  assert.deepEqual(told, ["serverback"]);
  assert.ok(!supply.has(1, 1));
});
