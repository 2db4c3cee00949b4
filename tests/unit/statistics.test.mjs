/** Pearson's r against values worked out by hand, and properties on random numbers. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { correlationText, pearson } from '../../www/run/statistics.js';
import { seeded } from './random.mjs';

test('values worked out by hand', () => {
  // Deviations (-1.5, -0.5, 0.5, 1.5) and (-1.75, 1.25, -0.75, 1.25): 3.5 / sqrt(5 * 6.75).
  const { r, n } = pearson([1, 2, 3, 4], [1, 4, 2, 4]);
  assert.ok(Math.abs(r - 3.5 / Math.sqrt(5 * 6.75)) < 1e-12, String(r));
  assert.equal(n, 4);
  assert.equal(pearson([0, 1], [3, 5]).r, 1);
  assert.equal(pearson([0, 1], [5, 3]).r, -1);
});

test('not defined is null, never 0 or NaN', () => {
  assert.deepEqual(pearson([], []), { r: null, n: 0 });
  assert.deepEqual(pearson([1], [1]), { r: null, n: 1 });
  assert.deepEqual(pearson([0.1, 0.1, 0.1], [1, 2, 3]), { r: null, n: 3 });
  assert.deepEqual(pearson([1, 2, 3], [0.7, 0.7, 0.7]), { r: null, n: 3 });
  assert.match(correlationText({ r: null, n: 3 }), /not defined.*n = 3/);
});

test('what is no number is refused', () => {
  assert.throws(() => pearson([1, NaN], [1, 2]), RangeError);
  assert.throws(() => pearson([1, 2], [1, Infinity]), RangeError);
  assert.throws(() => pearson([1, 2], [1]), RangeError);
});

test('symmetric, within -1 and 1, and blind to scale and place', () => {
  const random = seeded(7);
  for (let round = 0; round < 200; round += 1) {
    const n = 2 + Math.floor(random() * 50);
    const xs = Float64Array.from({ length: n }, () => random() - 0.5);
    const ys = Float64Array.from({ length: n }, () => random() - 0.5);
    const { r } = pearson(xs, ys);
    assert.ok(r >= -1 && r <= 1);
    assert.ok(Math.abs(pearson(ys, xs).r - r) < 1e-12);
    const scale = 0.01 + random() * 1000;
    assert.ok(Math.abs(pearson(xs.map((x) => x * scale + 3), ys).r - r) < 1e-9);
    assert.ok(Math.abs(pearson(xs.map((x) => -x), ys).r + r) < 1e-12);
  }
});

test('in words', () => {
  assert.equal(correlationText({ r: 0.9876, n: 144 }), 'Pearson’s r = 0.988, n = 144');
  assert.equal(correlationText({ r: -0.5, n: 3 }), 'Pearson’s r = −0.500, n = 3');
});
