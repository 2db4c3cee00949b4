/** How the page looks and is used: accessibility rules, keyboard, phone, dark, and the canvas's pixels. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { byId, finish, launchBrowser, newPage, openFigure, pick, run, startSite } from './harness.mjs';
import { canvasPicture, compare, seriousFaults } from './pictures.mjs';

let site;
let browser;
before(async () => {
  site = await startSite();
  browser = await launchBrowser({ webgpu: false });
});
after(async () => {
  await browser?.close();
  await site.close();
});

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true };
const LOOKS = { light: {}, dark: { colorScheme: 'dark' }, phone: PHONE };

describe('axe finds nothing serious', () => {
  for (const [name, options] of Object.entries(LOOKS)) {
    test(name, async () => {
      const page = await newPage(browser, options);
      await openFigure(page, site.url);
      await byId(page, 'score-table').locator('summary').click();
      await byId(page, 'score-table').locator('tbody tr').first().waitFor();
      await byId(page, 'panel-0').focus();
      await page.keyboard.press('Enter');
      await byId(page, 'pair-list').waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      await finish(page);
    });
  }
});

describe('a phone', () => {
  test('stacks the panels, and nothing is wider than the screen', async () => {
    const page = await newPage(browser, PHONE);
    await openFigure(page, site.url);
    const [first, second] = await Promise.all([0, 1].map((index) => byId(page, `panel-${index}`).boundingBox()));
    assert.ok(second.y >= first.y + first.height, 'the second panel stands under the first');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');
    const table = byId(page, 'planted-table').locator('.scroll');
    assert.ok(await table.evaluate((region) => region.scrollWidth <= region.clientWidth), 'planted and computed counts are in sight');
    await finish(page);
  });

  test('a tap on a cell reads it and lists its pairs', async () => {
    const page = await newPage(browser, PHONE);
    await openFigure(page, site.url);
    const canvas = byId(page, 'panel-0');
    const { width, height } = await canvas.boundingBox();
    await canvas.tap({ position: { x: width / 2, y: height / 2 } });
    await byId(page, 'cell-reading').filter({ hasText: /^layer \d+, head \d+: \d\.\d\d \(\d+ of \d+ pairs\)$/ }).waitFor();
    await byId(page, 'pair-list').waitFor();
    await finish(page);
  });
});

test('on a desktop the panels stand side by side', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  const [first, second] = await Promise.all([0, 1].map((index) => byId(page, `panel-${index}`).boundingBox()));
  assert.equal(first.y, second.y);
  assert.ok(second.x > first.x);
  await finish(page);
});

test('from the keyboard alone: figure, cell, pairs, and back', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  const focused = () => page.evaluate(() => document.activeElement?.dataset.testid ?? null);
  for (let presses = 0; (await focused()) !== 'panel-0'; presses += 1) {
    assert.ok(presses < 40, 'Tab never reached the figure');
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await byId(page, 'cell-reading').filter({ hasText: 'layer 1, head 1:' }).waitFor();
  await page.keyboard.press('Enter');
  await byId(page, 'pair-list').waitFor();
  assert.equal(await focused(), 'pair-list');
  const [all, hits, misses] = await Promise.all(['all', 'hits', 'misses'].map(async (which) =>
    Number((await byId(page, `pairs-${which}`).innerText()).match(/\((\d+)\)/)[1])));
  assert.equal(all, hits + misses);
  await byId(page, 'pair-list-close').focus();
  await page.keyboard.press('Enter');
  await byId(page, 'pair-list').waitFor({ state: 'hidden' });
  assert.equal(await focused(), 'panel-0');
  await finish(page);
});

test('hovering a cell reads it', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  const { width, height } = await byId(page, 'panel-1').boundingBox();
  await byId(page, 'panel-1').hover({ position: { x: width / 2, y: height / 2 } });
  await byId(page, 'cell-reading').filter({ hasText: /^layer \d+, head \d+: / }).waitFor();
  await finish(page);
});

describe('the canvases look as they did', () => {
  for (const [name, options] of Object.entries({ light: {}, dark: { colorScheme: 'dark' }, phone: { ...PHONE, deviceScaleFactor: 1.5 } })) {
    test(name, async () => {
      const page = await newPage(browser, options);
      await openFigure(page, site.url);
      for (const index of [0, 1]) compare(`A-${name}-${index}`, await canvasPicture(page, `panel-${index}`));
      await finish(page);
    });
  }

  test('Figure B', async () => {
    const page = await newPage(browser);
    await openFigure(page, site.url);
    await pick(page, 'figure-B');
    await run(page);
    for (const index of [0, 1]) compare(`B-light-${index}`, await canvasPicture(page, `panel-${index}`));
    await finish(page);
  });
});
