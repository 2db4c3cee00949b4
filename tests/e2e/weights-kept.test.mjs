/** What is kept in the browser: the second visit, a disk that errs or is full or is not there, two tabs, a killed tab. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { dist } from '../../scripts/lib/paths.mjs';
import { startStaticServer } from '../../scripts/lib/static-server.mjs';
import { startHub } from '../hub/server.mjs';
import { NETWORK_PROBLEMS, finish, launchBrowser, startSite } from './harness.mjs';
import { MASK_BYTES, makeModel } from './weights-model.mjs';
import { closeAnalyzer, flipOnDisk, heard, libraryPage, open, score } from './weights-page.mjs';

const REPOSITORY = 'someone/small';
const FILE = `${REPOSITORY}/model.safetensors`;
const HEAD = 64 << 10;

let site;
let hub;
let browser;
let model;
let base;
let undisturbed;
before(async () => {
  model = makeModel();
  site = await startSite();
  hub = await startHub({ repositories: { [REPOSITORY]: model.folder } });
  base = hub.mirrorBase(REPOSITORY);
  browser = await launchBrowser({ webgpu: false });
  const page = await libraryPage(browser, site);
  await open(page, base);
  undisturbed = await score(page);
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

/** Small gaps between tensors come along where that saves a request. */
function onlyMissing(here) {
  const { bytes } = hub.served(FILE);
  assert.ok(bytes >= model.needed - here && bytes <= model.needed - here + 4096, `${bytes} bytes where ${model.needed - here} were missing`);
}

async function wholeModel() {
  const page = await libraryPage(browser, site);
  await open(page, base);
  sameFigure(await score(page));
  return page;
}

test('only the tensors of the job are fetched, each once, and never a causal mask', async () => {
  const page = await libraryPage(browser, site);
  const { plan } = await open(page, base);
  assert.deepEqual(plan, { bytes: model.needed, here: 0 }, 'the plan, before anything is fetched');
  assert.ok(hub.served(FILE).bytes <= HEAD);
  sameFigure(await score(page));
  const { bytes, ranges } = hub.served(FILE);
  assert.ok(bytes <= model.needed + HEAD + 4096, `${bytes} of ${model.needed} needed bytes`);
  const masks = Object.entries(model.tensors).filter(([name]) => /attn\.bias$/.test(name)).map(([, range]) => range);
  assert.equal(masks[0][1] - masks[0][0], MASK_BYTES);
  for (const [from, to] of ranges.slice(1)) {
    for (const [first, end] of masks) assert.ok(to < first || from >= end, `range ${from} to ${to} touches a mask`);
  }
  await finish(page, NETWORK_PROBLEMS);
});

test('the second visit fetches no byte of weights; a second job of the same visit none either', async () => {
  const page = await wholeModel();
  hub.resetCounts();
  sameFigure(await score(page));
  assert.equal(hub.served(FILE).requests, 0);
  await closeAnalyzer(page);
  const { plan } = await open(page, base);
  assert.deepEqual(plan, { bytes: model.needed, here: model.needed });
  sameFigure(await score(page));
  assert.equal(hub.served(FILE).bytes, 0);
  const [kept] = await page.evaluate(() => window.analyzer.kept());
  assert.ok(kept.complete && kept.name === 'test model' && kept.bytes >= model.needed && kept.bytes < model.needed + HEAD, JSON.stringify(kept.bytes));
  await finish(page, NETWORK_PROBLEMS);
});

test('a kept model opens and scores without a network', async () => {
  const page = await wholeModel();
  await closeAnalyzer(page);
  hub.resetCounts();
  hub.faults.set([{ kind: 'offline', file: '' }]);
  await open(page, base);
  assert.match((await heard(page)).notices.join(), /cannot be reached. What an earlier visit kept/);
  sameFigure(await score(page));
  assert.equal(hub.served(FILE).bytes, 0);
  await finish(page, NETWORK_PROBLEMS);
});

test('a model at a pinned revision of the hub is opened again without a single request', async () => {
  const page = await libraryPage(browser, site);
  const pinned = hub.resolveBase(REPOSITORY, 'b'.repeat(40));
  await open(page, pinned);
  sameFigure(await score(page));
  await closeAnalyzer(page);
  hub.resetCounts();
  await open(page, pinned);
  sameFigure(await score(page));
  assert.equal(hub.served(FILE).requests + hub.served(`${REPOSITORY}/config.json`).requests + hub.served(`${REPOSITORY}/tokenizer.json`).requests, 0);
  await finish(page, NETWORK_PROBLEMS);
});

test('one byte that flipped on the disk is found, and its chunk alone is fetched again', async () => {
  const page = await wholeModel();
  await closeAnalyzer(page);
  await flipOnDisk(page);
  hub.resetCounts();
  await open(page, base);
  sameFigure(await score(page));
  assert.match((await heard(page)).notices.join(), /on this computer's disk was damaged/);
  const { bytes, requests } = hub.served(FILE);
  assert.ok(bytes > 0 && bytes <= 256 << 10, `${bytes} bytes`);
  assert.equal(requests, 2, 'one that only looks, one for the chunk');
  await closeAnalyzer(page);
  hub.resetCounts();
  await open(page, base);
  sameFigure(await score(page));
  assert.equal(hub.served(FILE).bytes, 0, 'and it is mended');
  await finish(page, NETWORK_PROBLEMS);
});

test('Cancel keeps what came, and the next run goes on from there', async () => {
  const page = await libraryPage(browser, site);
  await open(page, base);
  hub.line.rate = 10e6;
  const running = score(page);
  await page.waitForFunction(() => window.heard.progress.at(-1)?.line?.fetched > 4e6);
  await page.evaluate(() => window.abortScore());
  assert.equal((await running).error?.name, 'AbortError');
  hub.line.rate = 0;
  const { here } = await page.evaluate(() => window.model.plan());
  assert.ok(here > 3e6, `${here}`);
  hub.resetCounts();
  sameFigure(await score(page));
  onlyMissing(here);
  await finish(page, NETWORK_PROBLEMS);
});

test('Pause stops the line, resume goes on, and nothing is fetched twice', async () => {
  const page = await libraryPage(browser, site);
  await open(page, base);
  hub.line.rate = 8e6;
  const running = score(page);
  await page.waitForFunction(() => window.heard.progress.at(-1)?.line?.fetched > 2e6);
  await page.evaluate(() => window.analyzer.pause());
  await page.waitForTimeout(700);
  const shown = await page.evaluate(() => window.heard.progress.at(-1).line.fetched);
  await page.waitForTimeout(1000);
  assert.equal(await page.evaluate(() => window.heard.progress.at(-1).line.fetched), shown);
  assert.ok(shown < model.needed, 'the file is not through');
  hub.line.rate = 0;
  await page.evaluate(() => window.analyzer.resume());
  sameFigure(await running);
  assert.ok(hub.served(FILE).bytes <= model.needed + HEAD + 4096);
  await finish(page, NETWORK_PROBLEMS);
});

test('a tab that is killed in the middle loses at most the chunks on their way', async () => {
  const page = await libraryPage(browser, site);
  await open(page, base);
  hub.line.rate = 10e6;
  const running = score(page).catch(() => null);
  await page.waitForFunction(() => window.heard.progress.at(-1)?.line?.fetched > 5e6);
  const next = await page.context().newPage();
  await page.close();
  await running;
  hub.line.rate = 0;
  await next.goto(`${site.url}LICENSE.txt`);
  hub.resetCounts();
  const { plan } = await open(next, base);
  // Three requests at a time, each in the middle of a chunk of 256 KiB, and one chunk on its way to the disk.
  assert.ok(plan.here > 5e6 - 6 * (256 << 10), `${plan.here}`);
  sameFigure(await score(next));
  onlyMissing(plan.here);
  await next.context().close();
});

test('two tabs at once: both have the figure, and the second reads what the first keeps', async () => {
  const first = await wholeModel();
  const second = await libraryPage(browser, site, { beside: first });
  hub.resetCounts();
  await open(second, base);
  assert.match((await heard(second)).notices.join(), /Another tab has this model open/);
  sameFigure(await score(second));
  assert.equal(hub.served(FILE).bytes, 0);
  sameFigure(await score(first));
  const busy = await second.evaluate(async () => {
    const [{ key }] = await window.analyzer.kept();
    return window.analyzer.forget(key).then(() => null, (e) => ({ name: e.name, message: e.message }));
  });
  assert.equal(busy?.name, 'Busy', 'what another tab uses is not deleted');
  await finish(first, NETWORK_PROBLEMS);
});

test('two tabs that begin at once fetch without mixing', async () => {
  const first = await libraryPage(browser, site);
  const second = await libraryPage(browser, site, { beside: first });
  await Promise.all([open(first, base), open(second, base)]);
  const [a, b] = await Promise.all([score(first), score(second)]);
  sameFigure(a);
  sameFigure(b);
  await finish(first, NETWORK_PROBLEMS);
});

describe('without room or without a disk', () => {
  test('a quota that is reached in the middle: it goes on in memory, says so, and what is kept stays', async () => {
    const page = await libraryPage(browser, site);
    await open(page, base);
    const session = await page.context().newCDPSession(page);
    const { usage } = await session.send('Storage.getUsageAndQuota', { origin: new URL(site.url).origin });
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url).origin, quotaSize: usage + 6e6 });
    sameFigure(await score(page));
    assert.match((await heard(page)).notices.join(), /no more room/);
    await closeAnalyzer(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url).origin });
    hub.resetCounts();
    const { plan } = await open(page, base);
    assert.ok(plan.here > 1e6 && plan.here < model.needed, `${plan.here}`);
    sameFigure(await score(page));
    onlyMissing(plan.here);
    await finish(page, NETWORK_PROBLEMS);
  });

  test('what is kept is deleted while it is in use: the run ends well, and the list is empty', async () => {
    const page = await wholeModel();
    await closeAnalyzer(page);
    await open(page, base);
    await page.evaluate(async () => {
      const [{ key }] = await window.analyzer.kept();
      await window.analyzer.forget(key);
    });
    sameFigure(await score(page));
    assert.deepEqual(await page.evaluate(() => window.analyzer.kept()), []);
    await finish(page, NETWORK_PROBLEMS);
  });

  /** The site with scripts that find a poorer browser: what is taken away is gone in the worker too. */
  async function poorerSite(prefix) {
    const copy = await mkdtemp(join(tmpdir(), 'headmap-site-'));
    await cp(dist, copy, { recursive: true });
    for (const name of await readdir(copy)) {
      if (name.endsWith('.js')) await writeFile(join(copy, name), prefix + await readFile(join(copy, name), 'utf8'));
    }
    const server = await startStaticServer({ root: copy });
    return { url: server.url, close: () => server.close().then(() => rm(copy, { recursive: true })) };
  }

  const noFolder = 'delete StorageManager.prototype.getDirectory;';
  const cases = {
    'no file system of its own: the Cache API keeps them': [noFolder, true],
    'neither that nor the Cache API: memory, with a sentence': [`${noFolder}delete globalThis.caches;delete (globalThis.WorkerGlobalScope??Window).prototype.caches;`, false],
  };
  for (const [what, [prefix, keeps]] of Object.entries(cases)) {
    test(what, async () => {
      const poorer = await poorerSite(prefix);
      const page = await libraryPage(browser, poorer);
      await open(page, base);
      sameFigure(await score(page));
      if (!keeps) assert.match((await heard(page)).notices.join(), /held in memory only/);
      assert.deepEqual((await page.evaluate(() => window.analyzer.kept())).map(({ complete }) => complete), keeps ? [true] : []);
      await closeAnalyzer(page);
      hub.resetCounts();
      await open(page, base);
      sameFigure(await score(page));
      if (keeps) assert.equal(hub.served(FILE).bytes, 0);
      else assert.ok(hub.served(FILE).bytes >= model.needed);
      await finish(page, NETWORK_PROBLEMS);
      await poorer.close();
    });
  }
});
