/** Rows on their way to the shards are bounded: a source gives nothing more while too many are not taken in. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Paced } from '../../www/source/paced.js';
import { Shards, UNTAKEN } from '../../www/shards.js';

const [N, D] = [8192, 1024];
const PIECE = 8 << 20;

/** Workers that take a message in when they are told to. */
function startSlowWorkers() {
  const workers = [];
  globalThis.origin = 'null';
  globalThis.Worker = class {
    waiting = [];
    terminated = false;
    constructor() {
      workers.push(this);
    }
    postMessage({ id, method, data }, transfer = []) {
      // As a browser does: what is given away is gone here.
      const mine = transfer.length ? structuredClone(data, { transfer }) : data;
      if (id) this.waiting.push({ id, method, bytes: mine.rows?.byteLength ?? 0 });
    }
    take() {
      const { id, bytes } = this.waiting.shift();
      this.onmessage({ data: { id } });
      return bytes;
    }
    terminate() {
      this.terminated = true;
    }
  };
  return workers;
}

test('a line that is faster than the workers piles up no more than a bound, and every row arrives', async () => {
  const workers = startSlowWorkers();
  const shards = new Shards(N, D, 'cpu', 3);
  let read = 0;
  const fast = { name: 'fast', size: 4 * N * D, expect() {}, read: async (offset, length) => { read += length; return new Uint8Array(length); } };
  const source = new Paced(fast, () => shards.room());
  let most = 0;
  const reading = (async () => {
    for (let at = 0; at < fast.size; at += PIECE) {
      const bytes = await source.read(at, PIECE);
      shards.write(at / (4 * D), new Float32Array(bytes.buffer));
      most = Math.max(most, shards.untaken);
    }
  })();
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  await settled();
  assert.equal(read, PIECE, 'nobody reads on while a piece is not taken in');
  let taken = 0;
  while (workers.some(({ waiting }) => waiting.length)) {
    // The slowest worker decides: the others are done at once.
    const next = workers.find(({ waiting }) => waiting.length);
    const bytes = next.take();
    taken += bytes;
    assert.ok(bytes <= 1 << 20, 'messages are small');
    await settled();
  }
  await reading;
  assert.equal(taken, 4 * N * D);
  assert.equal(shards.untaken, 0);
  assert.ok(most <= UNTAKEN + PIECE, `${most} bytes at once`);
  shards.close();
});

test('who waits for room hears what broke a worker', async () => {
  const workers = startSlowWorkers();
  const shards = new Shards(N, D, 'cpu', 2);
  shards.write(0, new Float32Array(PIECE / 4));
  const waiting = shards.room();
  workers[0].onmessage({ data: { id: 0, error: { name: 'WorkerDied', message: 'It broke down.' } } });
  await assert.rejects(waiting, { name: 'WorkerDied' });
  shards.close();
  assert.ok(workers.every(({ terminated }) => terminated));
});
