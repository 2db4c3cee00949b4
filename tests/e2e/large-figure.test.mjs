/** A figure of GPT-2 XL's 48 layers and 25 heads: a finished layer costs the page a column, not the whole figure. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { byId, figureState, finish, launchBrowser, newPage, openFigure, run, startSite } from './harness.mjs';
import { LONGEST_TASK_MS, tasksDuring } from './tasks.mjs';
import { makeModel } from './weights-model.mjs';

const SHAPE = { layers: 48, heads: 25, d: 50, masks: false };
/** Of one canvas: a filled rectangle a cell, two while it is empty. */
const CELLS = SHAPE.layers * SHAPE.heads;

let site;
let browser;
let models;
before(async () => {
  // By its shape the other is taken for GPT-2 small, whose known heads are marked.
  models = { large: makeModel(SHAPE), marked: makeModel({ layers: 12, heads: 12, d: 48, masks: false }) };
  site = await startSite();
  browser = await launchBrowser({ webgpu: false });
});
after(async () => {
  await browser?.close();
  await site.close();
  for (const { folder } of Object.values(models)) await rm(folder, { recursive: true });
});

async function open(model) {
  const page = await newPage(browser);
  await page.addInitScript(() => {
    window.filled = 0;
    const { fillRect } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillRect = function counted(...box) {
      window.filled += 1;
      fillRect.apply(this, box);
    };
  });
  await openFigure(page, site.url);
  await byId(page, 'model-select').selectOption({ label: 'Files on this computer' });
  await byId(page, 'model-files').setInputFiles(['model.safetensors', 'config.json', 'tokenizer.json'].map((name) => join(model.folder, name)));
  await byId(page, 'model-facts').filter({ hasText: 'files on this computer' }).waitFor();
  await page.locator('[data-testid="run"]:enabled').waitFor();
  return page;
}

const pictures = (page) => page.evaluate(() => [...document.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL()));

test('every cell is drawn once while it is empty and once when it is scored, in short tasks', async () => {
  const page = await open(models.large);
  await page.evaluate(() => { window.filled = 0; });
  const tasks = await tasksDuring(browser, page, () => run(page));
  const filled = await page.evaluate(() => window.filled);
  console.log(`${filled} rectangles, ${(filled / (2 * CELLS)).toFixed(1)} a cell; longest tasks: ${tasks.slice(0, 3).map((ms) => ms.toFixed(1)).join(', ')} ms`);
  // Empty (2), scored (1), and the whole result (1), with the ground, the colour bars and a legend beside them.
  assert.ok(filled <= 2 * CELLS * (2 + 1 + 1) + 2000, `${filled} rectangles`);
  assert.ok(tasks[0] <= LONGEST_TASK_MS, `${tasks.slice(0, 5)} ms`);
  await finish(page);
});

/** Presses Run, and Cancel once `layers` are drawn. */
async function runSome(page, layers) {
  await page.evaluate((wanted) => {
    const find = (id) => document.querySelector(`[data-testid="${id}"]`);
    new MutationObserver((_, observer) => {
      if (find('figure-state').dataset.state !== 'running' || parseInt(find('figure-state').textContent, 10) < wanted) return;
      observer.disconnect();
      find('cancel').click();
    }).observe(find('figure-state'), { childList: true, characterData: true, subtree: true });
  }, layers);
  await byId(page, 'run').click();
  await figureState(page, 'stopped');
  await page.locator('[data-testid="run"]:enabled').waitFor();
}

for (const [what, name, layers] of [['without marks', 'large', 12], ['under marks of known heads', 'marked', 3]]) {
  test(`columns drawn one by one, ${what}, are the picture that is drawn at once`, async () => {
    const page = await open(models[name]);
    assert.equal(await byId(page, 'known-source').innerText() !== '', name === 'marked');
    await runSome(page, layers);
    const stepwise = await pictures(page);
    for (const colorScheme of ['dark', 'light']) {
      const filled = await page.evaluate(() => window.filled);
      await page.emulateMedia({ colorScheme });
      await page.waitForFunction((count) => window.filled > count, filled);
    }
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    assert.deepEqual(await pictures(page), stepwise);
    await finish(page);
  });
}
