/** The model that the page opens with, and the page about it. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dist } from '../../scripts/lib/paths.mjs';
import { seriousFaults } from './pictures.mjs';
import { byId, figureState, finish, launchBrowser, newPage, savedResult, settled, startSite } from './harness.mjs';

let browser;
let site;
before(async () => {
  browser = await launchBrowser({ webgpu: false });
  site = await startSite();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const shipped = async (name) => JSON.parse(await readFile(join(dist, 'models', 'demo', name), 'utf8'));

test('the page opens with the trained model, says what it is, and shows the figure that was shipped', async () => {
  const page = await newPage(browser);
  await page.goto(site.url);
  await figureState(page, 'complete');
  assert.equal(await byId(page, 'model-name').textContent(), 'Demonstration model');
  assert.match(await byId(page, 'demo-note').textContent(), /trained on generated sentences: a small relative of GPT-2, not GPT-2/);
  assert.equal(await byId(page, 'planted-badge').count(), 0);
  const { model, relations: [names] } = await savedResult(page);
  assert.equal(model.planted, false);
  const { figure } = await shipped('training.json');
  assert.deepEqual([names.hits, names.suppression_hits, names.total], [figure.hits, figure.suppression_hits, figure.total]);
  await finish(page);
});

test('its known heads are marked, and the planted model is one choice away', async () => {
  const page = await newPage(browser);
  await page.goto(site.url);
  await figureState(page, 'complete');
  assert.match(await byId(page, 'known-source').textContent(), /Ablation: of 915 right answers .* measured by this project/);
  await byId(page, 'model-select').selectOption('planted');
  await byId(page, 'planted-badge').waitFor();
  await settled(page);
  assert.equal(await byId(page, 'demo-note').count(), 0);
  assert.ok(await byId(page, 'planted-table').locator('tbody tr').count());
  await finish(page);
});

test('the page about it draws three curves and the table of what it reached', async () => {
  const page = await newPage(browser);
  await page.goto(site.url);
  await figureState(page, 'complete');
  await byId(page, 'demo-note').getByRole('link').click();
  await byId(page, 'reached').waitFor();
  assert.equal(await page.locator('svg.curve').count(), 3);
  const { measured } = await shipped('training.json');
  const first = await byId(page, 'reached').locator('tbody tr').first().locator('td').last().textContent();
  assert.equal(first, `${(100 * measured.at(-1).names).toFixed(1)} %`);
  await finish(page);
});

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true };
for (const [name, options] of Object.entries({ light: {}, dark: { colorScheme: 'dark' }, phone: PHONE })) {
  test(`the page about it, ${name}: axe finds nothing serious, and nothing is wider than the screen`, async () => {
    const page = await newPage(browser, options);
    await page.goto(`${site.url}demo.html`);
    await byId(page, 'reached').waitFor();
    assert.deepEqual(await seriousFaults(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');
    await finish(page);
  });
}

test('a site without the training’s log says so', async () => {
  const page = await newPage(browser);
  await page.route('**/training.json', (route) => route.fulfill({ contentType: 'application/json', body: '{"steps":[]}' }));
  await page.goto(`${site.url}demo.html`);
  assert.match(await byId(page, 'demo-error').textContent(), /not the log of a training.*Reload/);
  await finish(page);
});
