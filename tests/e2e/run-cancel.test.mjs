/** A run of the model that is cancelled stops at once and leaves no half result; the next one is right. On both engines. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { byId, finish, launchBrowser, newPage, openFigure, startSite, useEngine } from './harness.mjs';
import { RUN_MS, runView, savedRun, show } from './run-page.mjs';

const CANCEL_MS = 200;
const golden = JSON.parse(readFileSync(new URL('../golden/dynamic-planted.json', import.meta.url), 'utf8'));
/** As many templates as are allowed, so that a run takes seconds. */
const MANY = Array.from({ length: 32 }, (_, at) => `${'The story of the '.repeat(1 + (at % 8))}<X> contains`).join('\n');

let site;
before(async () => {
  site = await startSite();
});
after(() => site.close());

/** Runs, cancels while blocks go by, and gives the milliseconds until the page can be used again. */
async function cancelled(page) {
  await byId(page, 'run').click();
  await page.waitForFunction(() => /block/.test(document.querySelector('[data-testid="progress-text"]').textContent)
    && document.querySelector('[data-testid="progress"]').value > 0, null, { timeout: RUN_MS });
  return page.evaluate(async () => {
    const find = (id) => document.querySelector(`[data-testid="${id}"]`);
    if (!find('cancel').checkVisibility()) throw new Error('the run was over before Cancel');
    const start = performance.now();
    find('cancel').click();
    const usable = () => find('run').checkVisibility() && !find('run').disabled;
    while (!usable() && performance.now() - start < 20_000) await new Promise((resolve) => setTimeout(resolve, 5));
    if (!usable()) throw new Error('the page was not usable 20 s after Cancel');
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

    test(`Cancel within ${CANCEL_MS} ms, no half result, then the goldens’ numbers`, async () => {
      const page = await newPage(browser);
      await openFigure(page, site.url);
      if (backend === 'webgpu') await useEngine(page, 'webgpu');
      await show(page, 'in-use');
      // Everything is loaded before the clock runs.
      await byId(page, 'templates').fill('No <X> means no');
      await runView(page, 'in-use');
      const former = await savedRun(page, 'in-use');
      assert.equal(former.document.engine.backend, backend);

      await byId(page, 'templates').fill(MANY);
      const milliseconds = await cancelled(page);
      assert.ok(milliseconds <= CANCEL_MS, `${milliseconds.toFixed(0)} ms`);
      assert.equal(await byId(page, 'error').count(), 0);
      assert.deepEqual((await savedRun(page, 'in-use')).document, former.document, 'the former result stands');

      await byId(page, 'templates').fill(golden.cases[1].template);
      await runView(page, 'in-use');
      const { document } = await savedRun(page, 'in-use');
      assert.deepEqual(document.templates[0].with_context.hits, golden.cases[1].with_context_score.hits);
      assert.deepEqual(document.templates[0].without_context.hits, golden.cases[1].without_context_score.hits);

      // A reload forgets what ran and runs again.
      await page.reload();
      await byId(page, 'templates').waitFor();
      await page.locator('[data-testid="run"]:enabled').waitFor({ timeout: RUN_MS });
      assert.ok(await byId(page, 'scatter').isHidden());
      await finish(page);
    });
  });
}
