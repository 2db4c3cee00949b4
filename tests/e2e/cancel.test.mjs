/** A run that is cancelled stops at once, and the page does not freeze while one goes on. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { byId, figureState, finish, launchBrowser, newPage, openFigure, pick, run, savedResult, startSite, useEngine } from './harness.mjs';
import { LONGEST_TASK_MS, tasksDuring } from './tasks.mjs';

const CANCEL_MS = 200;

let site;
before(async () => {
  site = await startSite();
});
after(() => site.close());

/** So many pairs that a run takes seconds: every name with every other, up to the limit of a relation. */
async function longRelation(url) {
  const { pairs } = await (await fetch(new URL('data/relations/name_copying.json', url))).json();
  const names = pairs.map(([source]) => source);
  const many = names.flatMap((source) => names.map((target) => [source, target])).slice(0, 20_000);
  return { name: 'many.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(many)) };
}

async function openLong(browser, backend) {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  if (backend === 'webgpu') await useEngine(page, 'webgpu');
  await pick(page, 'figure-single');
  await byId(page, 'relation-select').selectOption('file');
  await byId(page, 'relation-file').setInputFiles(await longRelation(site.url));
  await byId(page, 'kept-pairs').filter({ hasText: 'many' }).waitFor();
  await page.locator('[data-testid="run"]:enabled').waitFor();
  return page;
}

/** Runs, cancels in the middle. @returns {Promise<number>} milliseconds until the page can be used again */
async function cancelled(page) {
  await byId(page, 'run').click();
  await figureState(page, 'running');
  await page.waitForFunction(() => document.querySelector('[data-testid="progress"]').value > 0);
  return page.evaluate(async () => {
    const find = (id) => document.querySelector(`[data-testid="${id}"]`);
    if (find('figure-state').dataset.state !== 'running') throw new Error('the run was over before Cancel');
    const start = performance.now();
    find('cancel').click();
    const usable = () => find('run').checkVisibility() && !find('run').disabled;
    while (!usable() && performance.now() - start < 5000) await new Promise((resolve) => setTimeout(resolve, 5));
    if (!usable()) throw new Error('the page was not usable 5 s after Cancel');
    return performance.now() - start;
  });
}

for (const backend of ['cpu', 'webgpu']) {
  describe(backend, () => {
    let browser;
    before(async () => {
      browser = await launchBrowser({ webgpu: backend === 'webgpu' });
    });
    after(() => browser?.close());

    test(`Cancel stops within ${CANCEL_MS} ms and leaves a usable page`, async () => {
      const page = await openLong(browser, backend);
      const milliseconds = await cancelled(page);
      assert.ok(milliseconds <= CANCEL_MS, `${milliseconds.toFixed(0)} ms`);
      assert.notEqual(await byId(page, 'figure-state').getAttribute('data-state'), 'running');
      assert.equal(await byId(page, 'error').count(), 0);

      await pick(page, 'figure-A');
      await run(page);
      assert.equal((await savedResult(page)).engine.backend, backend);
      await finish(page);
    });

    test(`no task of the page takes over ${LONGEST_TASK_MS} ms during a run`, async () => {
      const page = await openLong(browser, backend);
      const tasks = await tasksDuring(browser, page, async () => {
        await byId(page, 'run').click();
        await figureState(page, 'running');
        // Watched to its end, or for two seconds of it.
        const over = () => document.querySelector('[data-testid="figure-state"]').dataset.state !== 'running';
        await page.waitForFunction(over, null, { timeout: 2000 }).catch(() => {});
      });
      assert.ok(tasks[0] <= LONGEST_TASK_MS, `${tasks.slice(0, 5)} ms`);
      await finish(page);
    });
  });
}
