/** The way of weights without a browser: cuts, requests, retries, manifests, the index on the disk, the rate. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CHUNK, REQUEST, chunkOf, chunksOf, headerEnd, partition, requestsFor } from '../../www/source/partition.js';
import { checkManifest } from '../../www/source/manifest.js';
import { decodeIndex } from '../../www/source/opfs-store.js';
import { Rate } from '../../www/source/rate.js';
import { WeightSource } from '../../www/source/weights.js';
import { retryAfterMs, retryable, retrying } from '../../www/source/retry.js';
import { Gate } from '../../www/source/gate.js';
import { SHAPES, headerOf, jobOf } from '../e2e/weights-xl.mjs';

const GOALS = { small: [0.53, 0.58], medium: [0.43, 0.35], large: [0.39, 1], xl: [0.37, 1] };
for (const [name, shape] of Object.entries(SHAPES)) {
  test(`GPT-2 ${name}: the requests of a figure bring at most ${GOALS[name][0] * 100} % of the file`, () => {
    const { head, size } = headerOf(shape);
    const starts = partition(size, head);
    const ranges = jobOf(head);
    const chunks = chunksOf(starts, ranges);
    const requests = requestsFor(starts, chunks);
    const bytes = requests.reduce((sum, { first, last }) => sum + starts[last + 1] - starts[first], 0);
    assert.ok(bytes / size <= GOALS[name][0], `${bytes} of ${size}`);
    const wanted = ranges.reduce((sum, [, length]) => sum + length, 0);
    assert.ok(bytes - wanted < 0.001 * wanted, 'next to nothing comes along');
    for (const { first, last } of requests) assert.ok(starts[last + 1] - starts[first] <= REQUEST);
    const first = ranges.slice(0, 3).reduce((sum, [, length]) => sum + length, 0);
    assert.ok(first / wanted <= GOALS[name][1] + 0.01, `the first column needs ${(100 * first / wanted).toFixed(1)} % of these bytes`);
    // Every request is needed no later than those behind it.
    assert.equal(requests[0].first, chunkOf(starts, ranges[0][0]));
  });
}

test('chunks cover the file once, and cuts lie where tensors begin', () => {
  const { head, size } = headerOf(SHAPES.small);
  const starts = partition(size, head);
  assert.equal(headerEnd(head), head.length);
  assert.equal(starts[0], 0);
  assert.equal(starts.at(-1), size);
  for (let i = 1; i < starts.length; i += 1) assert.ok(starts[i] > starts[i - 1] && starts[i] - starts[i - 1] <= CHUNK);
  for (const [offset] of jobOf(head)) assert.equal(starts[chunkOf(starts, offset)], offset);
  for (const at of [0, 1, head.length, size - 1]) {
    const i = chunkOf(starts, at);
    assert.ok(starts[i] <= at && at < starts[i + 1]);
  }
});

test('a header that lies still gives a partition', () => {
  const lies = ['{', '[]', 'null', '{"a":{"data_offsets":[-5,1e300]}}', '{"a":{"data_offsets":"x"},"b":7}', '{"a":{"data_offsets":[0.5,3]}}'];
  for (const text of lies) {
    const head = Buffer.alloc(8 + text.length);
    head.writeBigUInt64LE(BigInt(text.length));
    head.write(text, 8);
    const starts = partition(100_000, head, 30_000);
    assert.equal(starts[0], 0);
    assert.equal(starts.at(-1), 100_000);
    assert.ok(starts.every((at, i) => i === 0 || (at > starts[i - 1] && at - starts[i - 1] <= 30_000)), text);
  }
  assert.equal(headerEnd(Buffer.from('<!doctype html>')), 0);
});

test('requests follow the order of need, join neighbours, and span small gaps only', () => {
  const starts = [0, 10, 20, 21, 31, 500, 510, 520];
  assert.deepEqual(requestsFor(starts, [4, 0, 1, 3], 400), [{ first: 4, last: 4 }, { first: 0, last: 3 }]);
  assert.deepEqual(requestsFor(starts, [1, 0], 400), [{ first: 0, last: 1 }]);
  assert.deepEqual(requestsFor(starts, [3, 5], 10_000), [{ first: 3, last: 5 }], 'a gap of 469 bytes');
  assert.deepEqual(requestsFor(starts, [3, 5], 800), [{ first: 3, last: 3 }, { first: 5, last: 5 }]);
  assert.deepEqual(requestsFor(starts, [5, 6], 15), [{ first: 5, last: 5 }, { first: 6, last: 6 }]);
  assert.deepEqual(requestsFor(starts, []), []);
});

test('what passes is tried again, what does not is not, and progress starts the count anew', async () => {
  const fail = (name, more = {}) => Object.assign(new Error(name), { name, ...more });
  assert.ok(retryable(fail('SourceStatus', { status: 503 })) && retryable(fail('SourceTruncated')));
  assert.ok(!retryable(fail('SourceStatus', { status: 404 })) && !retryable(fail('SourceChanged')) && retryable(fail('SourceChanged', { retry: true })));
  let tries = 0;
  const busy = () => { tries += 1; throw fail('SourceStatus', { status: 503, retryAfterMs: 1 }); };
  await assert.rejects(retrying(busy), { name: 'SourceStatus' });
  assert.equal(tries, 4);
  tries = 0;
  await assert.rejects(retrying(() => { tries += 1; throw fail('SourceChanged'); }), { name: 'SourceChanged' });
  assert.equal(tries, 1);
  let at = 0;
  const slowly = async () => { at += 1; if (at < 9) throw fail('SourceTruncated', { retryAfterMs: 1 }); return at; };
  assert.equal(await retrying(slowly, { reached: () => at }), 9);
  const abort = new AbortController();
  const waiting = retrying(() => { throw fail('SourceStatus', { status: 503, retryAfterMs: 60_000 }); }, { signal: abort.signal });
  setTimeout(() => abort.abort(), 20);
  await assert.rejects(waiting, { name: 'AbortError' });
});

test('Retry-After is read as seconds and as a date', () => {
  assert.equal(retryAfterMs('2'), 2000);
  assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:05 GMT', 1000), 4000);
  for (const wrong of [null, '', 'soon', '-3']) assert.equal(retryAfterMs(wrong), undefined);
});

test('a manifest is believed only when it fits together', () => {
  const sha256 = 'ab'.repeat(32);
  const good = { schema: 'headmap/weights', version: 1, name: 'x', file: 'model.safetensors', config: 'config.json', tokenizer: 'tokenizer.json', bytes: 30, chunks: [{ length: 10, sha256 }, { length: 20, sha256 }] };
  assert.deepEqual(checkManifest(JSON.stringify(good)).starts, [0, 10, 30]);
  const lies = [
    { schema: 'other' }, { version: 2 }, { file: '../../etc/passwd' }, { file: 'https://elsewhere/x' }, { config: null }, { bytes: 31 }, { bytes: -1 },
    { chunks: [] }, { chunks: [{ length: 30, sha256: 'zz' }] }, { chunks: [{ length: 0, sha256 }, { length: 30, sha256 }] }, { chunks: null },
  ];
  for (const lie of lies) {
    assert.throws(() => checkManifest(JSON.stringify({ ...good, ...lie })), (e) => e.name === 'ConfigInvalid' && /manifest cannot be used/.test(e.message), JSON.stringify(lie));
  }
  assert.throws(() => checkManifest('<html>'), { name: 'ConfigInvalid' });
});

test('an index that was torn or forged gives the records that are whole', () => {
  assert.equal(decodeIndex(new Uint8Array(0), 100).size, 0);
  const noise = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 256);
  assert.equal(decodeIndex(noise, 1e9).size, 0);
});

test('a kept chunk is read from the disk once, though reads begin and end in the middle of chunks', async () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
  const starts = [0, 10, 24, 40, 55, 70, 85, 100];
  const read = [];
  const store = {
    keeps: true,
    has: () => true,
    async get(start, length, into = new Uint8Array(length)) {
      read.push(start);
      into.set(bytes.subarray(start, start + length));
      return into;
    },
  };
  const host = { signal: () => undefined, notice: (text) => assert.fail(text), news() {} };
  const source = new WeightSource({ file: { name: 'f', size: 100 }, store, starts, head: bytes.slice(0, 10), host });
  source.expect([[10, 90]]);
  for (const [from, length] of [[10, 20], [30, 3], [33, 37], [70, 20], [90, 10]]) {
    assert.deepEqual(await source.read(from, length), bytes.slice(from, from + length));
  }
  assert.deepEqual(read, [10, 24, 40, 55, 70, 85]);
  source.expect([[10, 90]]);
  await source.read(90, 10);
  assert.equal(read.at(-1), 85, 'another job reads what the disk holds then');
});

test('the rate is that of the last seconds', () => {
  const rate = new Rate();
  rate.add(0, 0);
  assert.equal(rate.perSecond, null);
  for (let second = 1; second <= 20; second += 1) rate.add(second <= 10 ? second * 1000 : 10_000 + (second - 10) * 5000, second * 1000);
  assert.equal(Math.round(rate.perSecond), 5000);
  rate.reset();
  assert.equal(rate.perSecond, null);
});

test('a closed gate holds until it opens or the job is cancelled', async () => {
  const gate = new Gate();
  await gate.wait();
  gate.pause();
  const passed = [];
  const abort = new AbortController();
  const waits = [gate.wait().then(() => passed.push('open')), gate.wait(abort.signal).then(() => passed.push('cancelled'))];
  abort.abort();
  await waits[1];
  assert.deepEqual(passed, ['cancelled']);
  gate.resume();
  await waits[0];
  assert.deepEqual(passed, ['cancelled', 'open']);
});
