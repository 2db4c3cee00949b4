/**
 * Every way in which weights fail to come, with many small chunks: a sentence, nothing lost that came, the next try
 * goes on from there, and the figure is the undisturbed one.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startHub } from '../hub/server.mjs';
import { NETWORK_PROBLEMS, finish, launchBrowser, startSite } from './harness.mjs';
import { makeModel } from './weights-model.mjs';
import { closeAnalyzer, heard, isSentence, libraryPage, open, score } from './weights-page.mjs';

const REPOSITORY = 'someone/small';
const FILE = `${REPOSITORY}/model.safetensors`;
const REVISION = 'b'.repeat(40);
/** The header is asked for with more behind it, as one request. */
const HEAD = 64 << 10;

let site;
let hub;
let browser;
let model;
let undisturbed;
before(async () => {
  model = makeModel();
  site = await startSite();
  hub = await startHub({ repositories: { [REPOSITORY]: model.folder } });
  browser = await launchBrowser({ webgpu: false });
  const page = await libraryPage(browser, site);
  await open(page, hub.mirrorBase(REPOSITORY));
  undisturbed = await score(page);
  assert.ok(undisturbed.hits.flat().some((hits) => hits > 0 && hits < undisturbed.total), 'a figure that says something');
  await finish(page, NETWORK_PROBLEMS);
});
after(async () => {
  await browser?.close();
  await hub.close();
  await site.close();
  await rm(model.folder, { recursive: true });
});
beforeEach(() => {
  hub.faults.set([]);
  hub.resetCounts();
  hub.line.rate = 0;
});

function sameFigure({ error, hits, suppression }) {
  assert.equal(error, undefined, error?.message);
  assert.deepEqual({ hits, suppression }, { hits: undisturbed.hits, suppression: undisturbed.suppression });
}

describe('a fault that lasts ends the run with its sentence; what came is kept', () => {
  const cases = [
    ['cut in the middle of a chunk', { kind: 'truncate', value: 100_000 }, 'SourceTruncated'],
    ['200 instead of 206', { kind: 'ignore-range' }, 'SourceRange'],
    ['another Content-Range', { kind: 'wrong-range' }, 'SourceRange'],
    ['another size', { kind: 'wrong-total' }, 'SourceRange'],
    ['404', { kind: 'status', value: 404 }, 'SourceStatus'],
    ['403', { kind: 'status', value: 403 }, 'SourceStatus'],
    ['500', { kind: 'status', value: 500 }, 'SourceStatus'],
    ['503 with Retry-After', { kind: 'busy', value: 1 }, 'SourceStatus'],
    ['a redirect that has expired', { kind: 'expired' }, 'SourceStatus'],
    ['another ETag', { kind: 'etag' }, 'SourceChanged'],
    ['no CORS headers', { kind: 'no-cors' }, 'SourceUnreachable'],
    ['a stalled line', { kind: 'stall', value: 100_000 }, 'SourceTruncated'],
    ['a server that is gone', { kind: 'offline' }, 'SourceUnreachable'],
    ['a page of HTML', { kind: 'html' }, 'SourceRange'],
  ];
  for (const [what, fault, code] of cases) {
    test(`${what}: ${code}`, async () => {
      const page = await libraryPage(browser, site);
      const base = fault.kind === 'expired' ? hub.resolveBase(REPOSITORY, REVISION) : hub.mirrorBase(REPOSITORY);
      await open(page, base);
      hub.faults.set([{ ...fault, from: 5 }]);
      const { error } = await score(page);
      assert.equal(error?.name, code, error?.message);
      isSentence(error);
      const { here, bytes } = await page.evaluate(() => window.model.plan());
      assert.equal(bytes, model.needed);
      assert.ok(here > 1 << 20, `${here} bytes are kept of the requests before`);

      // The next try, on a good line, after a reload.
      hub.faults.set([]);
      await closeAnalyzer(page);
      hub.resetCounts();
      const { plan } = await open(page, base);
      assert.equal(plan.here, here);
      sameFigure(await score(page));
      const { bytes: came } = hub.served(FILE);
      assert.ok(came >= bytes - here && came <= bytes - here + 4096, `${came} bytes where ${bytes - here} were missing`);
      await finish(page, NETWORK_PROBLEMS);
    });
  }
});

describe('a fault that passes is waited for', () => {
  const cases = [
    { kind: 'truncate', value: 300_000 }, { kind: 'status', value: 500 }, { kind: 'busy', value: 1 },
    { kind: 'offline' }, { kind: 'stall', value: 100_000 }, { kind: 'expired' },
  ];
  for (const fault of cases) {
    test(`${fault.kind}, twice`, async () => {
      const page = await libraryPage(browser, site);
      await open(page, fault.kind === 'expired' ? hub.resolveBase(REPOSITORY, REVISION) : hub.mirrorBase(REPOSITORY));
      hub.faults.set([{ ...fault, from: 3, times: 2 }]);
      sameFigure(await score(page));
      const { bytes, requests } = hub.served(FILE);
      assert.ok(requests > 2);
      // A cut request goes on at the chunk that was cut: at most what the cut answers sent comes again.
      assert.ok(bytes <= model.needed + HEAD + 4096 + 2 * 300_000, `${bytes} bytes`);
      await finish(page, NETWORK_PROBLEMS);
    });
  }

  test('a server that asks to wait is waited for, and the page says so', async () => {
    const page = await libraryPage(browser, site);
    await open(page, hub.mirrorBase(REPOSITORY));
    hub.faults.set([{ kind: 'busy', value: 2, times: 1 }]);
    sameFigure(await score(page));
    const { progress } = await heard(page);
    assert.ok(progress.some(({ line }) => /next try is in 2 s/.test(line?.waiting ?? '')), 'the reason for waiting');
    await finish(page, NETWORK_PROBLEMS);
  });

  test('offline in the middle and back: it waits, says so, and goes on by itself', async () => {
    const page = await libraryPage(browser, site);
    await open(page, hub.mirrorBase(REPOSITORY));
    hub.line.rate = 4e6;
    const running = score(page);
    await page.waitForFunction(() => window.heard.progress.at(-1)?.line?.fetched > 1e6);
    await page.context().setOffline(true);
    // The network is gone for the server too: what Chromium lets through of an open answer must not hide it.
    hub.faults.set([{ kind: 'offline' }]);
    await page.waitForFunction(() => /offline/.test(window.heard.progress.at(-1)?.line?.waiting ?? ''));
    await page.waitForTimeout(3000);
    hub.faults.set([]);
    hub.line.rate = 0;
    await page.context().setOffline(false);
    sameFigure(await running);
    await finish(page, NETWORK_PROBLEMS);
  });

  test('a slow line gives the same figure, columns before the last byte, and bytes that never go back', async () => {
    const page = await libraryPage(browser, site);
    await open(page, hub.mirrorBase(REPOSITORY));
    hub.line.rate = 6e6;
    sameFigure(await score(page));
    const { progress } = await heard(page);
    const line = progress.filter((p) => p.line).map((p) => p.line);
    for (const [i, now] of line.entries()) {
      if (i) assert.ok(now.fetched >= line[i - 1].fetched, 'bytes');
      assert.ok(now.fetched <= now.total);
    }
    assert.ok(line.some(({ rate, secondsLeft }) => rate > 3e6 && rate < 12e6 && secondsLeft > 0.2), 'rate and time left');
    await finish(page, NETWORK_PROBLEMS);
  });
});

test('a changed file on the server is never mixed with what is kept of the old one', async () => {
  const page = await libraryPage(browser, site);
  await open(page, hub.mirrorBase(REPOSITORY));
  await score(page, { abortAfter: 1 });
  await closeAnalyzer(page);
  const { utimes } = await import('node:fs/promises');
  await utimes(`${model.folder}/model.safetensors`, new Date(), new Date(Date.now() - 5000)); // the hub's ETag holds the time
  hub.resetCounts();
  const { plan } = await open(page, hub.mirrorBase(REPOSITORY));
  assert.equal(plan.here, 0);
  assert.match((await heard(page)).notices.join(), /another one than at the last visit/);
  sameFigure(await score(page));
  assert.equal((await page.evaluate(() => window.analyzer.kept())).length, 1, 'the old one is gone');
  await finish(page, NETWORK_PROBLEMS);
});
