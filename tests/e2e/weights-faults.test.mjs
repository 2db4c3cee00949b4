/**
 * Every way in which weights fail to come, with many small chunks: a sentence, nothing lost that came, the next try
 * goes on from there, and the figure is the undisturbed one.
 */
import assert from 'node:assert/strict';
import { utimes } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { NETWORK_PROBLEMS, finish } from './harness.mjs';
import { LANES } from '../../www/source/lanes.js';
import { LIMITS, closeAnalyzer, heard, isSentence, libraryPage, open, score } from './weights-page.mjs';
import { FILE, HEAD, REPOSITORY, REVISION, weightsSetup } from './weights-setup.mjs';

const all = weightsSetup();

/** What the page shows of a job never jumps back, whatever happens to the line. @returns {object[]} what it told of the line */
function neverBack(progress) {
  const line = progress.filter((p) => p.line).map((p) => p.line);
  assert.ok(line.length > 1);
  for (const [i, now] of line.entries()) {
    if (i) assert.ok(now.fetched >= line[i - 1].fetched, `${line[i - 1].fetched} bytes, then ${now.fetched}`);
    assert.ok(now.fetched <= now.total);
  }
  for (const key of ['done', 'bytesRead']) {
    for (const [i, now] of progress.entries()) if (i) assert.ok(now[key] >= progress[i - 1][key], key);
  }
  return line;
}

/** The plan once nothing more is kept: a run ends with its first failed request, and others may be on their way then. */
const settledPlan = (page) => page.evaluate(async () => {
  for (let last = await window.model.plan(); ;) {
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    const now = await window.model.plan();
    if (now.here === last.here) return now;
    last = now;
  }
});

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
      const page = await libraryPage(all.browser, all.site);
      const base = fault.kind === 'expired' ? all.hub.resolveBase(REPOSITORY, REVISION) : all.hub.mirrorBase(REPOSITORY);
      await open(page, base);
      all.hub.faults.set([{ ...fault, from: 5 }]);
      const { error } = await score(page);
      assert.equal(error?.name, code, error?.message);
      isSentence(error);
      const { here, bytes } = await settledPlan(page);
      assert.equal(bytes, all.model.needed);
      assert.ok(here > 1 << 20, `${here} bytes are kept of the requests before`);

      // The next try, on a good line, after a reload. What was still trying again ends before the line is good.
      await closeAnalyzer(page);
      await page.reload();
      all.hub.faults.set([]);
      all.hub.resetCounts();
      const { plan } = await open(page, base);
      assert.equal(plan.here, here);
      all.sameFigure(await score(page));
      all.onlyMissing(here);
      await finish(page, NETWORK_PROBLEMS);
    });
  }
});

describe('a fault that passes is waited for', () => {
  const cases = [
    { kind: 'truncate', value: 300_000 }, { kind: 'status', value: 500 }, { kind: 'busy', value: 1 },
    { kind: 'offline' }, { kind: 'stall', value: 100_000 }, { kind: 'expired' },
  ];
  const TIMES = 2;
  for (const fault of cases) {
    test(`${fault.kind}, twice`, async () => {
      const page = await libraryPage(all.browser, all.site);
      await open(page, fault.kind === 'expired' ? all.hub.resolveBase(REPOSITORY, REVISION) : all.hub.mirrorBase(REPOSITORY));
      all.hub.faults.set([{ ...fault, from: 3, times: TIMES }]);
      all.sameFigure(await score(page));
      neverBack((await heard(page)).progress);
      const { bytes, requests } = all.hub.served(FILE);
      assert.ok(requests > 2);
      // A request whose body was cut goes on at the chunk that was cut, so that each cut costs less than a chunk.
      const lost = fault.kind === 'truncate' || fault.kind === 'stall' ? TIMES * LIMITS.chunkBytes : 0;
      assert.ok(bytes <= all.model.needed + HEAD + all.model.gaps + lost, `${bytes} bytes, ${bytes - all.model.needed - HEAD} too many`);
      await finish(page, NETWORK_PROBLEMS);
    });
  }

  test('a server that asks to wait is waited for, and the page says so', async () => {
    const page = await libraryPage(all.browser, all.site);
    await open(page, all.hub.mirrorBase(REPOSITORY));
    all.hub.faults.set([{ kind: 'busy', value: 2, times: 1 }]);
    all.sameFigure(await score(page));
    const { progress } = await heard(page);
    assert.ok(progress.some(({ line }) => /next try is in 2 s/.test(line?.waiting ?? '')), 'the reason for waiting');
    await finish(page, NETWORK_PROBLEMS);
  });

  test('offline in the middle and back: it waits, says so, and goes on by itself', async () => {
    const page = await libraryPage(all.browser, all.site);
    await open(page, all.hub.mirrorBase(REPOSITORY));
    all.hub.line.rate = 4e6;
    const running = score(page);
    await page.waitForFunction(() => window.heard.progress.at(-1)?.line?.fetched > 1e6);
    await page.context().setOffline(true);
    // The network is gone for the server too: what Chromium lets through of an open answer must not hide it.
    all.hub.faults.set([{ kind: 'offline' }]);
    await page.waitForFunction(() => /offline/.test(window.heard.progress.at(-1)?.line?.waiting ?? ''));
    await page.waitForTimeout(3000);
    all.hub.faults.set([]);
    all.hub.line.rate = 0;
    await page.context().setOffline(false);
    all.sameFigure(await running);
    neverBack((await heard(page)).progress);
    const { bytes } = all.hub.served(FILE);
    // Of each request that was cut, its last chunk.
    assert.ok(bytes <= all.model.needed + HEAD + all.model.gaps + LANES * LIMITS.chunkBytes, `${bytes - all.model.needed} bytes too many`);
    await finish(page, NETWORK_PROBLEMS);
  });

  test('a slow line gives the same figure, columns before the last byte, and bytes that never go back', async () => {
    const page = await libraryPage(all.browser, all.site);
    await open(page, all.hub.mirrorBase(REPOSITORY));
    all.hub.line.rate = 6e6;
    all.sameFigure(await score(page));
    const { progress } = await heard(page);
    const line = neverBack(progress);
    assert.ok(line.some(({ rate, secondsLeft }) => rate > 3e6 && rate < 12e6 && secondsLeft > 0.2), 'rate and time left');
    await finish(page, NETWORK_PROBLEMS);
  });
});

test('a changed file on the server is never mixed with what is kept of the old one', async () => {
  const page = await libraryPage(all.browser, all.site);
  await open(page, all.hub.mirrorBase(REPOSITORY));
  await score(page, { abortAfter: 1 });
  await closeAnalyzer(page);
  await utimes(`${all.model.folder}/model.safetensors`, new Date(), new Date(Date.now() - 5000)); // the hub's ETag holds the time
  all.hub.resetCounts();
  const { plan } = await open(page, all.hub.mirrorBase(REPOSITORY));
  assert.equal(plan.here, 0);
  assert.match((await heard(page)).notices.join(), /another one than at the last visit/);
  all.sameFigure(await score(page));
  assert.equal((await page.evaluate(() => window.analyzer.kept())).length, 1, 'the old one is gone');
  await finish(page, NETWORK_PROBLEMS);
});
