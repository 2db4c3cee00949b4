/** How the views that run the model look: accessibility rules, dark, a phone, long prompts, and the canvases' pixels. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { byId, finish, launchBrowser, newPage, startSite } from './harness.mjs';
import { canvasPicture, compare, seriousFaults } from './pictures.mjs';
import { loadRun, openView, runView, show } from './run-page.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, isMobile: true, hasTouch: true };
const LOOKS = { light: {}, dark: { colorScheme: 'dark' }, phone: PHONE };
const CANVASES = Object.freeze({
  'in-use': ['in-use-panel-1', 'scatter'], ablation: ['curve'], prompt: ['attribution-0', 'pattern'], patterns: ['patterns-panel-2'],
});

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

describe('every view, before and after its run', () => {
  for (const [look, options] of Object.entries(LOOKS)) {
    test(look, async () => {
      const page = await newPage(browser, options);
      await openView(page, site.url, 'in-use');
      const faults = [];
      for (const [view, canvases] of Object.entries(CANVASES)) {
        await show(page, view);
        if (look === 'light') faults.push(...(await seriousFaults(page)).map((fault) => `${view}, empty: ${fault}`));
        await runView(page, view);
        faults.push(...(await seriousFaults(page)).map((fault) => `${view}: ${fault}`));
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${view}: no sideways scrolling`);
        for (const id of canvases) compare(`${id}-${look}`, await canvasPicture(page, id));
      }
      assert.deepEqual(faults, []);
      await finish(page);
    });
  }
});

test('a tap reads a point, a step and a token', async () => {
  const page = await newPage(browser, PHONE);
  await openView(page, site.url, 'in-use');
  await runView(page, 'in-use');
  const best = { hasText: /static 1\.00, in use 1\.00/ };
  await byId(page, 'scatter').focus();
  await page.keyboard.press('End');
  await byId(page, 'scatter-reading').filter(best).waitFor();
  const ring = await byId(page, 'scatter-ring').boundingBox();
  const box = await byId(page, 'scatter').boundingBox();
  await page.keyboard.press('Home');
  await byId(page, 'scatter-reading').filter({ hasNotText: best.hasText }).waitFor();
  await byId(page, 'scatter').tap({ position: { x: ring.x + ring.width / 2 - box.x, y: ring.y + ring.height / 2 - box.y } });
  await byId(page, 'scatter-reading').filter(best).waitFor();
  await finish(page);
});

/** A saved prompt of 1,024 tokens: the planted model reads 64 at most, so the page is given a file. */
function longPrompt() {
  const length = 1024;
  const heads = (value) => Array.from({ length: 4 }, () => new Array(4).fill(value));
  const pattern = new Array(length * length).fill(0);
  for (let query = 0; query < length; query += 1) {
    pattern[query * length] += 0.25;
    pattern[query * length + Math.max(0, query - 200)] += 0.75;
  }
  const guess = { id: 1, text: ' a', logit: 1, probability: 0.5 };
  return JSON.stringify({
    schema: 'headmap/prompt', version: 1, created: null,
    model: {
      name: 'Long', source: 'file', repository: null, revision: null, sha256: null,
      n_layer: 4, n_head: 4, d_model: 8, d_head: 2, n_vocab: 100, dtype: 'F32', planted: false,
    },
    engine: { backend: 'cpu', adapter: null, fallback_adapter: false, note: null },
    seconds: 1, multiply_adds: 1,
    tokens: Array.from({ length }, (_, at) => ({ id: at % 100, text: ` w${at}` })),
    top: [guess], target: guess, attribution: heads(0.1), attribution_rest: 0, ablated: [], ablated_top: null, ablated_target: null,
    attention: [{ layer: 1, head: 2, pattern }],
  });
}

test('1,024 tokens: drawn as block means, a part looked at closer, no cell drawn one by one', async () => {
  const page = await newPage(browser);
  await openView(page, site.url, 'prompt');
  await page.evaluate(() => {
    window.drawn = { fillRect: 0, fillText: 0, drawImage: 0, pixels: 0 };
    for (const name of ['fillRect', 'fillText', 'drawImage', 'putImageData']) {
      const own = CanvasRenderingContext2D.prototype[name];
      CanvasRenderingContext2D.prototype[name] = function counted(...args) {
        if (name === 'putImageData') window.drawn.pixels += args[0].width * args[0].height;
        else window.drawn[name] += 1;
        return own.apply(this, args);
      };
    }
  });
  await loadRun(page, 'prompt', longPrompt());
  await page.locator('[data-testid="pattern"][aria-label*="1024 tokens"]').waitFor();
  const drawn = await page.evaluate(() => window.drawn);
  assert.ok(drawn.pixels > 0 && drawn.pixels <= 4 * 520 * 520, `${drawn.pixels} pixels of patterns`);
  assert.ok(drawn.fillRect + drawn.fillText < 8000, JSON.stringify(drawn));
  compare('pattern-1024', await canvasPicture(page, 'pattern'));

  await byId(page, 'pattern').focus();
  for (const key of ['ArrowDown', '+', '+', '+', '+', '+']) await page.keyboard.press(key);
  await byId(page, 'pattern-part').filter({ hasText: 'queries 0 to 31, keys 0 to 31 of 1024' }).waitFor();
  for (let step = 0; step < 40; step += 1) await page.keyboard.press('ArrowDown');
  await byId(page, 'pattern-reading').filter({ hasText: /^“·w40” \(40\) looks at “·w0” \(0\) with 1\.000/ }).waitFor();
  await byId(page, 'pattern-part').filter({ hasText: 'queries 9 to 40' }).waitFor();
  await byId(page, 'pattern-whole').click();
  await byId(page, 'pattern-part').filter({ hasText: '1024 tokens' }).waitFor();
  await finish(page);
});
