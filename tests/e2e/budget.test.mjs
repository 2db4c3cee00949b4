/** What GPT-2 small's shape may cost a reader: bytes, wasm heaps; and what the first paint waits for. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/lib/paths.mjs';
import { startHub } from '../hub/server.mjs';
import { finish, launchBrowser, newPage, startSite } from './harness.mjs';
import { sparseModel } from './weights-xl.mjs';

const FILE = 'someone/small/model.safetensors';
/** Of the file, for the first figure; the header is asked for with more behind it. */
const SHARE = 0.53;
const HEAD = 64 << 10;
const FIRST_PAINT_MS = 1000;
/** Of the worker alone: it holds no part of the embedding, and a GPU's does not either. */
const WORKER = 64e6;
const NAMES = JSON.parse(readFileSync(join(root, 'www/data/relations/name_copying.json'), 'utf8')).pairs;
/**
 * Bytes of all wasm heaps together; the CPU engine has to hold the embedding (154 MB). A software adapter takes minutes for
 * all names, and a heap that holds no embedding does not grow with them.
 */
const WAYS = [
  { backend: 'cpu', most: 350e6, pairs: NAMES.slice(0, 132) },
  { backend: 'webgpu', most: 64e6, pairs: NAMES.slice(0, 8) },
];

let site;
let hub;
let model;
before(async () => {
  model = sparseModel('small');
  site = await startSite();
  hub = await startHub({ repositories: { 'someone/small': model.folder } });
});
after(async () => {
  await hub?.close();
  await site?.close();
  await rm(model.folder, { recursive: true });
});

for (const { backend, most, pairs } of WAYS) {
  test(`GPT-2 small on ${backend}: at most 53 % of the file, at most ${most / 1e6} MB of wasm heap`, { timeout: 300_000 }, async () => {
    const browser = await launchBrowser({ webgpu: backend === 'webgpu' });
    try {
      const page = await newPage(browser);
      page.setDefaultTimeout(0);
      await page.goto(`${site.url}LICENSE.txt`);
      hub.resetCounts();
      const { engine, info, heaps } = await page.evaluate(async ({ base, wanted, asked }) => {
        const { createAnalyzer } = await import(new URL('headmap.js', document.baseURI).href);
        const analyzer = await createAnalyzer({ backend: wanted });
        const opened = await analyzer.loadModel({ kind: 'url', base, kindOfSource: 'mirror', name: 'small, of zeros' });
        // A wasm heap never shrinks: what it holds at the end is the most that it held.
        const seen = { worker: 0, shards: [] };
        await opened.scoreRelation({ name: 'names', pairs: asked, k: 1 });
        Object.assign(seen, await analyzer.heapBytes());
        return { engine: analyzer.engine, info: opened.info, heaps: [seen.worker, ...seen.shards] };
      }, { base: hub.mirrorBase('someone/small'), wanted: backend, asked: pairs });
      const { bytes } = hub.served(FILE);
      const heap = heaps.reduce((sum, each) => sum + each, 0);
      console.log(`${backend}: ${(bytes / 1e6).toFixed(0)} of ${(model.size / 1e6).toFixed(0)} MB (${((100 * bytes) / model.size).toFixed(1)} %), heaps ${heaps.map((each) => (each / 1e6).toFixed(0))} MB`);
      assert.equal(engine.backend, backend);
      assert.equal(info.nLayer, 12);
      assert.ok(bytes > 0.4 * model.size && bytes <= SHARE * model.size + HEAD, `${bytes} of ${model.size} bytes`);
      if (backend === 'cpu') assert.ok(heap >= 4 * info.nVocab * info.dModel, 'the embedding is in the heaps that were measured');
      assert.ok(heap <= most, `${heap} bytes of wasm heap`);
      assert.ok(heaps[0] <= WORKER, `${heaps[0]} bytes in the worker`);
      await finish(page);
    } finally {
      await browser.close();
    }
  });
}

/** Opens the page with all but its first files held back. @returns {Promise<number>} milliseconds to the first paint */
async function firstPaint(browser) {
  const page = await newPage(browser);
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route('**/*', async (route) => {
    const { pathname } = new URL(route.request().url());
    if (!/^\/(main\.js|[a-z]+\.css)?$/.test(pathname)) await released;
    await route.continue().catch(() => {});
  });
  await page.goto(site.url, { waitUntil: 'commit' });
  const painted = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  const milliseconds = await painted.jsonValue();
  await page.getByRole('heading', { name: 'Headmap', level: 1 }).waitFor();
  release();
  await page.locator('[data-testid="figure-state"][data-state="complete"]').waitFor({ timeout: 90_000 });
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await finish(page);
  return milliseconds;
}

test(`the first paint waits for no engine and no model, and comes within ${FIRST_PAINT_MS} ms`, async () => {
  const browser = await launchBrowser({ webgpu: false });
  try {
    const times = [];
    // Of several: others may use the machine.
    while (times.length < 3 && !times.some((ms) => ms < FIRST_PAINT_MS)) times.push(await firstPaint(browser));
    console.log(`first contentful paint after ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    assert.ok(Math.min(...times) < FIRST_PAINT_MS, `${times} ms`);
  } finally {
    await browser.close();
  }
});
