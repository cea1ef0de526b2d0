// The page's arithmetic beside plain loops and tables worked out by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attention,
  identity,
  largestMagnitude,
  maskOf,
  meanOfNumbers,
  setAside,
  share,
  shares,
  softmaxOf,
  totals,
  uniform,
  withMask,
} from "../../inspector/report/html/assets/attention/maths.js";

const close = (found, wanted, within = 1e-6) => {
  assert.equal(found.length, wanted.length);
  wanted.forEach((value, i) => {
    if (Number.isNaN(value)) assert.ok(Number.isNaN(found[i]), `${i}: ${found[i]} is a number`);
    else assert.ok(Math.abs(found[i] - value) <= within, `${i}: ${found[i]} is not ${value}`);
  });
};

/** Numbers that look random and are the same each time. */
const numbers = (count, seed = 1) => {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647) * 4 - 2;
  });
};

/** softmax(scale · q·kᵀ) in plain double precision, one number at a time. */
const plain = (q, k, rows, cols, d, scale, allowed, cap, added, sink) => {
  const out = [];
  for (let i = 0; i < rows; i++) {
    const powers = [];
    for (let j = 0; j < cols; j++) {
      let score = 0;
      for (let t = 0; t < d; t++) score += q[i * d + t] * k[j * d + t];
      score *= scale;
      if (cap) score = cap * Math.tanh(score / cap);
      if (added) score += added[i * cols + j];
      powers.push(allowed(i, j) ? Math.exp(score) : 0);
    }
    const sum = powers.reduce((a, b) => a + b, 0) + (sink == null ? 0 : Math.exp(sink));
    out.push(...powers.map((power) => power / sum));
  }
  return out;
};

// 2 and 4 at a time inside, what is left over outside: every kind of edge.
for (const [rows, cols, d] of [
  [1, 1, 1],
  [2, 4, 3],
  [3, 5, 2],
  [5, 3, 7],
  [6, 8, 4],
]) {
  test(`attention of ${rows} × ${cols}, width ${d}`, () => {
    const q = numbers(rows * d, 3),
      k = numbers(cols * d, 5);
    const always = () => true;
    close(attention(q, k, rows, cols, 0.7, null), plain(q, k, rows, cols, d, 0.7, always));
    const causal = (i, j) => j <= i;
    close(attention(q, k, rows, cols, 0.7, causal), plain(q, k, rows, cols, d, 0.7, causal));
    const added = numbers(rows * cols, 7);
    close(
      attention(q, k, rows, cols, 0.7, null, { softcap: 1.5, added, sink: 0.4 }),
      plain(q, k, rows, cols, d, 0.7, always, 1.5, added, 0.4),
    );
  });
}

test("a mask is read from its lowest bit on", () => {
  const visible = maskOf(Uint8Array.from([0b00000101, 1, 0b10, 0]), 2);
  assert.deepEqual(
    [0, 1, 2, 8].map((j) => visible(0, j)),
    [true, false, true, true],
  );
  assert.deepEqual(
    [0, 1, 8].map((j) => visible(1, j)),
    [false, true, false],
  );
});

test("shares of positive scores; a row without any is the identity's, or even between two texts", () => {
  const R = { rows: 2, cols: 2, data: Float32Array.from([-1, -2, 3, 1]) };
  close([...share(R).data], [1, 0, 0.75, 0.25]);
  close([...share(R, true).data], [0.5, 0.5, 0.75, 0.25]);
  assert.deepEqual(shares([1, 3]), [0.25, 0.75]);
  assert.deepEqual(shares([0, 0]), [0, 0]);
});

test("softmax of a table, and the table untouched", () => {
  const R = { rows: 1, cols: 2, data: Float32Array.from([0, Math.log(3)]) };
  close([...softmaxOf(R, 1).data], [0.25, 0.75]);
  close([...softmaxOf(R, 2).data], [0.1, 0.9]);
  close([...R.data], [0, Math.log(3)]);
});

test("identity and uniform attention", () => {
  assert.deepEqual([...identity(2, 2).data], [1, 0, 0, 1]);
  close([...uniform(1, 4, null).data], [0.25, 0.25, 0.25, 0.25]);
  close([...uniform(2, 2, (i, j) => j <= i).data], [1, 0, 0.5, 0.5]);
});

test("what is masked has no number, and is not zero", () => {
  const matrix = { rows: 2, cols: 2, data: Float32Array.from([1, 0, 0.25, 0.75]) };
  close([...withMask(matrix, (i, j) => j <= i).data], [1, NaN, 0.25, 0.75]);
  assert.equal(withMask(matrix, null), matrix);
});

test("without a key the others are what they were", () => {
  const matrix = { rows: 2, cols: 3, data: Float32Array.from([0.5, 0.3, 0.2, 1, 0, 0]) };
  const { matrix: rest, hidden } = setAside(matrix, [0]);
  close([...rest.data], [NaN, 0.3, 0.2, NaN, 0, 0]);
  close([...hidden], [0.5, 1]);
});

test("totals, means and the largest magnitude", () => {
  const sums = totals({ rows: 2, cols: 2, data: Float32Array.from([1, NaN, 3, 4]) });
  assert.deepEqual(
    [[...sums.rows], [...sums.cols]],
    [
      [1, 7],
      [4, 4],
    ],
  );
  assert.equal(meanOfNumbers([1, NaN, 3]), 2);
  assert.ok(Number.isNaN(meanOfNumbers([NaN])));
  assert.equal(largestMagnitude([1, -3, 2]), 3);
  assert.equal(largestMagnitude([]), 0);
});
