/** The hub itself: it has to behave like the real one, and each switch has to do what it says. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { startHub } from './server.mjs';

const REPOSITORY = 'someone/model';
const REVISION = 'a'.repeat(40);
const FILE = `${REPOSITORY}/model.safetensors`;
const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251));
const origin = { Origin: 'http://localhost:1' };
let folder;
let hub;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headmap-hub-'));
  await writeFile(join(folder, 'model.safetensors'), bytes);
  await writeFile(join(folder, 'config.json'), '{}');
  hub = await startHub({ repositories: { [REPOSITORY]: { path: folder, revision: REVISION } } });
});
after(async () => {
  await hub.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  hub.faults.set([]);
  hub.resetCounts();
  hub.line.rate = 0;
});

const resolveUrl = () => `${hub.resolveBase(REPOSITORY, REVISION)}model.safetensors`;
const mirrorUrl = (fault) => `${hub.mirrorBase(REPOSITORY, fault)}model.safetensors`;
const get = (url, range = 'bytes=1000-200999', options = {}) =>
  fetch(url, { headers: { ...origin, Range: range }, ...options });
const body = async (response) => Buffer.from(await response.arrayBuffer());

test('a resolve address redirects to a signed address of another origin', async () => {
  const response = await get(resolveUrl(), undefined, { redirect: 'manual' });
  assert.equal(response.status, 302);
  const location = new URL(response.headers.get('location'));
  assert.notEqual(location.origin, new URL(hub.url).origin);
  assert.ok(location.searchParams.get('signature'));
  location.searchParams.set('expires', String(Date.now() + 1e9));
  assert.equal((await get(location)).status, 403);
});

test('a range comes with 206, Content-Range, ETag and CORS headers, and is counted', async () => {
  const response = await get(resolveUrl());
  assert.equal(response.status, 206);
  assert.equal(response.headers.get('content-range'), 'bytes 1000-200999/300000');
  assert.equal(response.headers.get('content-length'), '200000');
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
  for (const name of ['Content-Range', 'ETag', 'Content-Length', 'Retry-After']) {
    assert.ok(response.headers.get('access-control-expose-headers').includes(name), name);
  }
  assert.match(response.headers.get('etag'), /^"[0-9a-f]{32}"$/);
  assert.deepEqual(await body(response), bytes.subarray(1000, 201_000));
  assert.deepEqual(hub.served(FILE), { requests: 1, bytes: 200_000, ranges: [[1000, 200_999]] });
  assert.equal((await get(resolveUrl(), 'bytes=300000-300001')).status, 416);
});

test('an unknown revision, file or repository is 404, and no path leaves the folder', async () => {
  assert.equal((await get(`${hub.resolveBase(REPOSITORY, 'main')}model.safetensors`)).status, 404);
  assert.equal((await get(`${hub.mirrorBase(REPOSITORY)}other.json`)).status, 404);
  assert.equal((await get(`${hub.mirrorBase('no/body')}config.json`)).status, 404);
  assert.equal((await get(`${hub.mirrorBase(REPOSITORY)}..%2f..%2f..%2fetc%2fpasswd`)).status, 404);
});

test('a preflight for Range is answered', async () => {
  const response = await fetch(resolveUrl(), { method: 'OPTIONS', headers: origin });
  assert.equal(response.status, 204);
  assert.match(response.headers.get('access-control-allow-headers'), /Range/);
});

const statuses = [['status=404', 404], ['status=403', 403], ['status=500', 500], ['busy=2', 503], ['expired', 206]];
for (const [fault, status] of statuses) {
  test(`fault ${fault} on a mirror gives ${status}`, async () => {
    const response = await get(mirrorUrl(fault));
    assert.equal(response.status, status);
    assert.equal(response.headers.get('retry-after'), fault === 'busy=2' ? '2' : null);
    await response.arrayBuffer();
  });
}

test('an expired redirect gives 403 from the CDN', async () => {
  hub.faults.set([{ kind: 'expired', times: 1 }]);
  assert.equal((await get(resolveUrl())).status, 403);
  const again = await get(resolveUrl());
  assert.equal(again.status, 206);
  await again.arrayBuffer();
});

test('ignore-range, html, wrong-range, wrong-total, no-cors and etag show in the answer', async () => {
  const whole = await get(mirrorUrl('ignore-range'));
  assert.equal(whole.status, 200);
  assert.equal((await body(whole)).length, bytes.length);
  const page = await get(mirrorUrl('html'));
  assert.deepEqual([page.status, page.headers.get('content-type')], [200, 'text/html']);
  assert.match(await page.text(), /<!doctype html>/);
  const ask = async (fault, name) => {
    const response = await get(mirrorUrl(fault));
    await response.arrayBuffer();
    return response.headers.get(name);
  };
  assert.equal(await ask('wrong-range', 'content-range'), 'bytes 1001-201000/300000');
  assert.equal(await ask('wrong-total', 'content-range'), 'bytes 1000-200999/300008');
  assert.equal(await ask('no-cors', 'access-control-allow-origin'), null);
  assert.notEqual(await ask('etag', 'etag'), await ask('etag', 'etag'));
});

test('truncate cuts the body and offline cuts before it', async () => {
  const cut = await get(mirrorUrl('truncate=500'));
  assert.equal(cut.status, 206);
  const first = await cut.body.getReader().read();
  assert.equal(first.value.length, 500);
  await assert.rejects(get(mirrorUrl('truncate')).then(body));
  await assert.rejects(get(mirrorUrl('offline')));
});

test('flip changes one bit of one byte, at the place asked for', async () => {
  const got = await body(await get(mirrorUrl('flip=70000')));
  const other = [...got.keys()].filter((i) => got[i] !== bytes[1000 + i]);
  assert.deepEqual(other, [69_000]);
});

test('stall stops in the middle without an end', async () => {
  const response = await get(mirrorUrl('stall=1000'), undefined, { signal: AbortSignal.timeout(400) });
  await assert.rejects(body(response), { name: 'TimeoutError' });
});

test('a slow connection and a slow line keep their rate', async () => {
  const timed = async (url) => {
    const start = performance.now();
    await body(await get(url));
    return performance.now() - start;
  };
  const slow = await timed(mirrorUrl('slow=400000'));
  assert.ok(slow > 300 && slow < 2000, `${slow} ms for 200,000 bytes at 400,000 a second`);
  hub.line.rate = 800_000;
  const start = performance.now();
  await Promise.all([timed(mirrorUrl()), timed(mirrorUrl())]);
  const both = performance.now() - start;
  assert.ok(both > 350 && both < 2000, `${both} ms for 400,000 bytes at 800,000 a second`);
});

test('from and times choose the requests that fail', async () => {
  hub.faults.set([{ kind: 'status', value: 500, from: 1, times: 2 }]);
  const seen = [];
  for (let i = 0; i < 4; i += 1) {
    const response = await get(resolveUrl());
    seen.push(response.status);
    await response.arrayBuffer();
  }
  assert.deepEqual(seen, [206, 500, 500, 206]);
});

test('the server ends itself', async () => {
  const short = await startHub({ repositories: {}, lifetimeMs: 50 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await assert.rejects(fetch(short.url));
});
