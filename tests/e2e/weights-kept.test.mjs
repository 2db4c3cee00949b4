/** What is kept in the browser: the second visit, a disk that errs, Cancel, Pause, a tab that is killed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NETWORK_PROBLEMS, finish } from './harness.mjs';
import { MASK_BYTES } from './weights-model.mjs';
import { closeAnalyzer, flipOnDisk, heard, holdFileOpen, libraryPage, open, score } from './weights-page.mjs';
import { FILE, HEAD, REPOSITORY, REVISION, weightsSetup } from './weights-setup.mjs';

const all = weightsSetup();

test('only the tensors of the job are fetched, each once, and never a causal mask', async () => {
  const page = await libraryPage(all.browser, all.site);
  const { plan } = await open(page, all.base);
  assert.deepEqual(plan, { bytes: all.model.needed, here: 0 }, 'the plan, before anything is fetched');
  assert.ok(all.hub.served(FILE).bytes <= HEAD);
  all.sameFigure(await score(page));
  const { bytes, ranges } = all.hub.served(FILE);
  assert.ok(bytes <= all.model.needed + HEAD + all.model.gaps, `${bytes} of ${all.model.needed} needed bytes`);
  const masks = Object.entries(all.model.tensors).filter(([name]) => /attn\.bias$/.test(name)).map(([, range]) => range);
  assert.equal(masks[0][1] - masks[0][0], MASK_BYTES);
  for (const [from, to] of ranges.slice(1)) {
    for (const [first, end] of masks) assert.ok(to < first || from >= end, `range ${from} to ${to} touches a mask`);
  }
  await finish(page, NETWORK_PROBLEMS);
});

test('the second visit fetches no byte of weights; a second job of the same visit none either', async () => {
  const page = await all.wholeModel();
  all.hub.resetCounts();
  all.sameFigure(await score(page));
  assert.equal(all.hub.served(FILE).requests, 0);
  await closeAnalyzer(page);
  const { plan } = await open(page, all.base);
  assert.deepEqual(plan, { bytes: all.model.needed, here: all.model.needed });
  all.sameFigure(await score(page));
  assert.equal(all.hub.served(FILE).bytes, 0);
  const [kept] = await page.evaluate(() => window.analyzer.kept());
  assert.ok(kept.complete && kept.name === 'test model' && kept.bytes >= all.model.needed && kept.bytes < all.model.needed + HEAD, JSON.stringify(kept.bytes));
  await finish(page, NETWORK_PROBLEMS);
});

test('a kept model opens and scores without a network', async () => {
  const page = await all.wholeModel();
  await closeAnalyzer(page);
  all.hub.resetCounts();
  all.hub.faults.set([{ kind: 'offline', file: '' }]);
  await open(page, all.base);
  assert.match((await heard(page)).notices.join(), /cannot be reached. What an earlier visit kept/);
  all.sameFigure(await score(page));
  assert.equal(all.hub.served(FILE).bytes, 0);
  await finish(page, NETWORK_PROBLEMS);
});

test('a model at a pinned revision of the hub is opened again without a single request', async () => {
  const page = await libraryPage(all.browser, all.site);
  const pinned = all.hub.resolveBase(REPOSITORY, REVISION);
  await open(page, pinned);
  all.sameFigure(await score(page));
  await closeAnalyzer(page);
  all.hub.resetCounts();
  await open(page, pinned);
  all.sameFigure(await score(page));
  assert.equal(all.hub.served(FILE).requests + all.hub.served(`${REPOSITORY}/config.json`).requests + all.hub.served(`${REPOSITORY}/tokenizer.json`).requests, 0);
  await finish(page, NETWORK_PROBLEMS);
});

test('a file that the last visit has not closed yet is waited for, not fetched again', async () => {
  const page = await all.wholeModel();
  await closeAnalyzer(page);
  await holdFileOpen(page, 600);
  all.hub.resetCounts();
  await open(page, all.base);
  all.sameFigure(await score(page));
  assert.equal(all.hub.served(FILE).bytes, 0);
  await finish(page, NETWORK_PROBLEMS);
});

test('one byte that flipped on the disk is found, and its chunk alone is fetched again', async () => {
  const page = await all.wholeModel();
  await closeAnalyzer(page);
  await flipOnDisk(page);
  all.hub.resetCounts();
  await open(page, all.base);
  all.sameFigure(await score(page));
  assert.match((await heard(page)).notices.join(), /on this computer's disk was damaged/);
  const { bytes, requests } = all.hub.served(FILE);
  assert.ok(bytes > 0 && bytes <= 256 << 10, `${bytes} bytes`);
  assert.equal(requests, 2, 'one that only looks, one for the chunk');
  await closeAnalyzer(page);
  all.hub.resetCounts();
  await open(page, all.base);
  all.sameFigure(await score(page));
  assert.equal(all.hub.served(FILE).bytes, 0, 'and it is mended');
  await finish(page, NETWORK_PROBLEMS);
});

test('Cancel keeps what came, and the next run goes on from there', async () => {
  const page = await libraryPage(all.browser, all.site);
  await open(page, all.base);
  all.hub.line.rate = 10e6;
  const running = score(page);
  await page.waitForFunction(() => window.heard.progress.at(-1)?.line?.fetched > 4e6);
  await page.evaluate(() => window.abortScore());
  assert.equal((await running).error?.name, 'AbortError');
  all.hub.line.rate = 0;
  const { here } = await page.evaluate(() => window.model.plan());
  assert.ok(here > 3e6, `${here}`);
  all.hub.resetCounts();
  all.sameFigure(await score(page));
  all.onlyMissing(here);
  await finish(page, NETWORK_PROBLEMS);
});

test('Pause stops the line, resume goes on, and nothing is fetched twice', async () => {
  const page = await libraryPage(all.browser, all.site);
  await open(page, all.base);
  all.hub.line.rate = 8e6;
  const running = score(page);
  await page.waitForFunction(() => window.heard.progress.at(-1)?.line?.fetched > 2e6);
  await page.evaluate(() => window.analyzer.pause());
  await page.waitForTimeout(700);
  const shown = await page.evaluate(() => window.heard.progress.at(-1).line.fetched);
  await page.waitForTimeout(1000);
  assert.equal(await page.evaluate(() => window.heard.progress.at(-1).line.fetched), shown);
  assert.ok(shown < all.model.needed, 'the file is not through');
  all.hub.line.rate = 0;
  await page.evaluate(() => window.analyzer.resume());
  all.sameFigure(await running);
  assert.ok(all.hub.served(FILE).bytes <= all.model.needed + HEAD + all.model.gaps);
  await finish(page, NETWORK_PROBLEMS);
});

test('a tab that is killed in the middle loses at most the chunks on their way', async () => {
  const page = await libraryPage(all.browser, all.site);
  await open(page, all.base);
  all.hub.line.rate = 10e6;
  const running = score(page).catch(() => null);
  await page.waitForFunction(() => window.heard.progress.at(-1)?.line?.fetched > 5e6);
  const next = await page.context().newPage();
  await page.close();
  await running;
  all.hub.line.rate = 0;
  await next.goto(`${all.site.url}LICENSE.txt`);
  all.hub.resetCounts();
  const { plan } = await open(next, all.base);
  // Three requests at a time, each in the middle of a chunk of 256 KiB, and one chunk on its way to the disk.
  assert.ok(plan.here > 5e6 - 6 * (256 << 10), `${plan.here}`);
  all.sameFigure(await score(next));
  all.onlyMissing(plan.here);
  await next.context().close();
});
