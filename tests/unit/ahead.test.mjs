/** Chunks that are read before they are asked for. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Ahead, AHEAD } from '../../www/source/ahead.js';

const HALF = AHEAD / 2;

/** A disk that says what was read of it. */
function disk(missing = []) {
  const asked = [];
  return { asked, read: (i) => (missing.includes(i) ? null : asked.push(i) && Promise.resolve(Uint8Array.of(i))) };
}

test('what follows in the order of the job is read, as much as may be held, and given once', async () => {
  const ahead = new Ahead([5, 2, 9, 1]);
  const { asked, read } = disk();
  ahead.readOn(5, read, () => HALF);
  assert.deepEqual(asked, [2, 9]);
  ahead.readOn(5, read, () => HALF);
  assert.deepEqual(asked, [2, 9], 'nothing is read twice');
  assert.deepEqual([...await ahead.take(2)], [2]);
  assert.equal(ahead.take(2), undefined);
  ahead.readOn(2, read, () => HALF);
  assert.deepEqual(asked, [2, 9, 1]);
  assert.deepEqual([...await ahead.take(9)], [9]);
});

test('it stops at what is not on the disk, and knows nothing of what is not in the job', () => {
  const { asked, read } = disk([2]);
  const ahead = new Ahead([5, 2, 9]);
  ahead.readOn(5, read, () => 1);
  ahead.readOn(7, read, () => 1);
  ahead.readOn(9, read, () => 1);
  new Ahead().readOn(0, read, () => 1);
  assert.deepEqual(asked, []);
});

test('a failure is heard by whoever takes the chunk, and by nobody else', async () => {
  const ahead = new Ahead([0, 1]);
  ahead.readOn(0, () => Promise.reject(new Error('gone')), () => 1);
  await new Promise((resolve) => { setImmediate(resolve); });
  await assert.rejects(ahead.take(1), /gone/);
});

test('the rest of a chunk waits for the next read', async () => {
  const ahead = new Ahead([3, 4]);
  const bytes = Uint8Array.of(1, 2);
  ahead.keep(3, bytes);
  assert.equal(await ahead.take(3), bytes);
});
