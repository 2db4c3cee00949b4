/** Where weights are kept, when others want the same place, or it is full, or not there at all. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dist } from '../../scripts/lib/paths.mjs';
import { startStaticServer } from '../../scripts/lib/static-server.mjs';
import { NETWORK_PROBLEMS, finish } from './harness.mjs';
import { closeAnalyzer, heard, libraryPage, open, score } from './weights-page.mjs';
import { FILE, REPOSITORY, REVISION, weightsSetup } from './weights-setup.mjs';

const all = weightsSetup();

test('two tabs at once: both have the figure, and the second reads what the first keeps', async () => {
  const first = await all.wholeModel();
  const second = await libraryPage(all.browser, all.site, { beside: first });
  all.hub.resetCounts();
  await open(second, all.base);
  assert.match((await heard(second)).notices.join(), /Another tab has this model open/);
  all.sameFigure(await score(second));
  assert.equal(all.hub.served(FILE).bytes, 0);
  all.sameFigure(await score(first));
  const busy = await second.evaluate(async () => {
    const [{ key }] = await window.analyzer.kept();
    return window.analyzer.forget(key).then(() => null, (e) => ({ name: e.name, message: e.message }));
  });
  assert.equal(busy?.name, 'Busy', 'what another tab uses is not deleted');
  await finish(first, NETWORK_PROBLEMS);
});

test('two tabs that begin at once fetch without mixing', async () => {
  const first = await libraryPage(all.browser, all.site);
  const second = await libraryPage(all.browser, all.site, { beside: first });
  await Promise.all([open(first, all.base), open(second, all.base)]);
  const [a, b] = await Promise.all([score(first), score(second)]);
  all.sameFigure(a);
  all.sameFigure(b);
  await finish(first, NETWORK_PROBLEMS);
});

test('the browser is asked once to keep what is here, after the first whole model', async () => {
  const count = () => {
    globalThis.persistAsked = 0;
    StorageManager.prototype.persist = async () => { globalThis.persistAsked += 1; return true; };
  };
  const page = await libraryPage(all.browser, all.site, { init: count });
  const asked = () => page.evaluate(() => globalThis.persistAsked);
  // What is told comes before the answer to the next question.
  const told = () => page.evaluate(() => window.analyzer.kept());
  await open(page, all.base);
  await score(page, { abortAfter: 1 });
  await told();
  assert.equal(await asked(), 0, 'not for a part');
  all.sameFigure(await score(page));
  await told();
  assert.equal(await asked(), 1);
  all.sameFigure(await score(page));
  await closeAnalyzer(page);
  await open(page, all.hub.resolveBase(REPOSITORY, REVISION));
  all.sameFigure(await score(page));
  assert.equal((await told()).filter(({ complete }) => complete).length, 2);
  assert.equal(await asked(), 1, 'nor for a second model');
  await finish(page, NETWORK_PROBLEMS);
});

describe('without room or without a disk', () => {
  test('a quota that is reached in the middle: it goes on in memory, says so, and what is kept stays', async () => {
    const page = await libraryPage(all.browser, all.site);
    await open(page, all.base);
    const session = await page.context().newCDPSession(page);
    const { usage } = await session.send('Storage.getUsageAndQuota', { origin: new URL(all.site.url).origin });
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(all.site.url).origin, quotaSize: usage + 6e6 });
    all.sameFigure(await score(page));
    assert.match((await heard(page)).notices.join(), /no more room/);
    await closeAnalyzer(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(all.site.url).origin });
    all.hub.resetCounts();
    const { plan } = await open(page, all.base);
    assert.ok(plan.here > 1e6 && plan.here < all.model.needed, `${plan.here}`);
    all.sameFigure(await score(page));
    all.onlyMissing(plan.here);
    await finish(page, NETWORK_PROBLEMS);
  });

  test('what is kept is deleted while it is in use: the run ends well, and the list is empty', async () => {
    const page = await all.wholeModel();
    await closeAnalyzer(page);
    await open(page, all.base);
    await page.evaluate(async () => {
      const [{ key }] = await window.analyzer.kept();
      await window.analyzer.forget(key);
    });
    all.sameFigure(await score(page));
    assert.deepEqual(await page.evaluate(() => window.analyzer.kept()), []);
    await finish(page, NETWORK_PROBLEMS);
  });

  test('the browser deletes all that the site keeps in the middle of a run: it ends well, and the next one fetches again', async () => {
    const page = await libraryPage(all.browser, all.site);
    await open(page, all.base);
    all.hub.line.rate = 8e6;
    const running = score(page);
    await page.waitForFunction(() => window.heard.progress.at(-1)?.line?.fetched > 4e6);
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.clearDataForOrigin', { origin: new URL(all.site.url).origin, storageTypes: 'all' });
    all.hub.line.rate = 0;
    all.sameFigure(await running);
    await closeAnalyzer(page);
    await open(page, all.base);
    all.sameFigure(await score(page));
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

  test('a closed frame, which starts no workers: a sentence that says so', async () => {
    // Scripts of a page without an origin of its own come only from hosts that allow everybody.
    const anyone = await startStaticServer({ root: dist, headers: { 'Access-Control-Allow-Origin': '*' } });
    const parent = await libraryPage(all.browser, anyone);
    await parent.evaluate((src) => {
      const frame = Object.assign(document.createElement('iframe'), { src });
      frame.setAttribute('sandbox', 'allow-scripts');
      document.body.append(frame);
    }, `${anyone.url}LICENSE.txt`);
    const element = await parent.waitForSelector('iframe');
    const frame = await element.contentFrame();
    await frame.waitForLoadState();
    const error = await frame.evaluate(async () => {
      const { createAnalyzer } = await import(new URL('headmap.js', document.baseURI).href);
      return createAnalyzer({ backend: 'cpu' }).then(() => null, (e) => ({ name: e.name, message: e.message }));
    });
    assert.equal(error?.name, 'WorkerDied');
    assert.match(error.message, /closed frame.*Open it in a tab of its own\.$/);
    await finish(parent, NETWORK_PROBLEMS);
    await anyone.close();
  });

  const noFolder = 'delete StorageManager.prototype.getDirectory;';
  const cases = {
    'no file system of its own: the Cache API keeps them': [noFolder, true],
    'neither that nor the Cache API: memory, with a sentence': [`${noFolder}delete globalThis.caches;delete (globalThis.WorkerGlobalScope??Window).prototype.caches;`, false],
  };
  for (const [what, [prefix, keeps]] of Object.entries(cases)) {
    test(what, async () => {
      const poorer = await poorerSite(prefix);
      const page = await libraryPage(all.browser, poorer);
      await open(page, all.base);
      all.sameFigure(await score(page));
      if (!keeps) assert.match((await heard(page)).notices.join(), /held in memory only/);
      assert.deepEqual((await page.evaluate(() => window.analyzer.kept())).map(({ complete }) => complete), keeps ? [true] : []);
      await closeAnalyzer(page);
      all.hub.resetCounts();
      await open(page, all.base);
      all.sameFigure(await score(page));
      if (keeps) assert.equal(all.hub.served(FILE).bytes, 0);
      else assert.ok(all.hub.served(FILE).bytes >= all.model.needed);
      await finish(page, NETWORK_PROBLEMS);
      await poorer.close();
    });
  }
});
