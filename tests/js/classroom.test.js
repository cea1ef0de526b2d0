/** The class in the page's address, and its numbers as Python writes them; the arithmetic stands beside NumPy in pytest. */

import assert from "node:assert/strict";
import { test } from "node:test";

const folder = "../../inspector/report/html/assets/classroom";
const { classOf, hashOf } = await import(`${folder}/address.js`);
const { limitsOf } = await import(`${folder}/data.js`);
const { bondsOf, study, unfolded } = await import(`${folder}/study.js`);
const { alikeWords, listeningWords, written } = await import(`${folder}/write.js`);

const first = {
  students: ["Ann", "Bob", "Cy"],
  traits: ["x", "y"],
  table: [
    [1, 2],
    [2, 1],
    [3, 0],
  ],
};
const limits = limitsOf(first);

test("a class goes through the address and comes back", () => {
  assert.equal(hashOf(first, first), "");
  const hostile = ["<b>", "a,b&c=d;e#", "‮שלום👩‍👩‍👧", "%00"];
  const own = { students: hostile, traits: ["π"], table: [[-1.5], [0], [1e-7], [1000]] };
  assert.deepEqual(classOf(`#${hashOf(own, first)}`, limits), own);
});

test("an address that names no class that can be shown is refused, with a reason", () => {
  const good = { students: "A,B", traits: "x", marks: "1;2" };
  const refused = (changes, why) => {
    const hash = Object.entries({ ...good, ...changes })
      .map(([key, value]) => `${key}=${value}`)
      .join("&");
    const found = classOf(`#${hash}`, limits);
    assert.equal(typeof found, "string", hash);
    assert.match(found, why);
  };
  assert.deepEqual(classOf("#students=A,B&traits=x&marks=1;2", limits).table, [[1], [2]]);
  refused({ students: "A" }, /1 students, and this page shows 2 to 12/);
  refused({ students: [...Array(13).keys()].join() }, /13 students/);
  refused({ students: "A,A" }, /number 2 will not do: there is one of that name/);
  refused({ students: "A,%20" }, /cannot be empty/);
  refused({ students: "A,%E0%A4" }, /garbled/);
  refused({ students: `A,${"n".repeat(41)}` }, /at most 40 characters/);
  refused({ traits: "x,y" }, /do not fit/);
  for (const mark of ["", "NaN", "Infinity", "1e9", "-1001", "one", "0x", "1,2"]) {
    refused({ marks: `1;${mark}` }, /no number|do not fit/);
  }
  refused({ marks: "9".repeat(30_000) }, /longer than 20000/);
  refused({ __proto__x: "1" }, /something that a class does not have/);
  assert.match(classOf("#students=A,B&students=A,B&traits=x&marks=1;2", limits), /students twice/);
  assert.match(classOf("#students=A,B&traits=x", limits), /does not name the marks/);
});

test("what the page came with is within its limits", () => {
  const large = { students: [...Array(15).keys()].map(String), traits: ["t".repeat(60)], table: Array(15).fill([5e6]) };
  assert.deepEqual(limitsOf(large), { students: 15, traits: 12, mark: 5e6, name: 60 });
});

test("numbers are written as Python writes them: halves to even, a real minus sign, never −0", () => {
  assert.deepEqual(
    [0.125, 0.375, 2.675, 1.005, -0.125, -0.001, 1.5, 3, 1e-9].map((value) => written(value)),
    ["0.12", "0.38", "2.67", "1", "−0.12", "0", "1.5", "3", "0"],
  );
  assert.deepEqual(
    [0.5, 1.5, 2.5, 100].map((value) => written(value, 0)),
    ["0", "2", "2", "100"],
  );
  assert.equal(written(3, 2, true), "3.00");
});

test("who shares nothing with anybody has no shares and no bonds", () => {
  const { shares, closeness, A } = study([
    [1, 0],
    [0, 1],
    [0, 2],
  ]);
  assert.equal(shares[0], null);
  assert.deepEqual(closeness[0], [null, null, null]);
  assert.deepEqual(bondsOf(study([[0], [0]]), 0), []);
  assert.deepEqual(study([[0], [0]]).A, [
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
  assert.ok(A[0][0] > A[0][1]);
  assert.match(alikeWords([[0], [0]], [[0], [0]]), /nothing to compare/);
});

test("a sum is unfolded into what is shown and what is left", () => {
  // 2·1 + 3·(−1) + 4·2 = 7, of sizes 2 + 3 + 8
  assert.deepEqual(unfolded([2, 3, 4], [1, -1, 2], [2, 1]), { each: [8, -3], sum: 7, rest: 2, told: 11 / 13 });
});

test("that everybody listens only to themselves is said only where it is so", () => {
  const said = (A) => listeningWords(A, ["it", "cat"]);
  assert.deepEqual(
    said([
      [0.98, 0.02],
      [0.05, 0.95],
    ]),
    {
      alone: true,
      text: "Each listens almost only to itself (95 % to 98 %): a vector is most like itself.",
    },
  );
  assert.deepEqual(
    said([
      [0.98, 0.02],
      [0.8, 0.2],
    ]),
    {
      alone: false,
      text: "Now they listen: “it” most to itself (98 %), “cat” most to “it” (80 %).",
    },
  );
});
