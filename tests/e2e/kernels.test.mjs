/** The kernel that an adapter's trial chose is used again at the next start, without a trial. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, launchBrowser, newPage, startSite } from './harness.mjs';

let site;
let browser;
before(async () => {
  site = await startSite();
  browser = await launchBrowser({ webgpu: true });
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/** Starts the WebGPU engine once. @returns {Promise<[string, string][]>} what is remembered then */
const startAndList = (page, planted) => page.evaluate(async ({ library, plant }) => {
  const cache = await caches.open('headmap-kernels');
  if (plant) await cache.put('/headmap-kernels.json', new Response(JSON.stringify(plant)));
  const { createAnalyzer } = await import(library);
  const analyzer = await createAnalyzer({ backend: 'webgpu' });
  const { backend, note } = analyzer.engine;
  analyzer.close();
  if (backend !== 'webgpu') throw new Error(note);
  return (await cache.match('/headmap-kernels.json')).json();
}, { library: `${site.url}headmap.js`, plant: planted });

test('a remembered kernel is taken, whichever the trial would choose', async () => {
  const page = await newPage(browser);
  await page.goto(`${site.url}LICENSE.txt`);
  const [[adapter, chosen], ...others] = await startAndList(page);
  assert.equal(others.length, 0);
  assert.ok(['tile', 'registers', 'broadcast'].includes(chosen), chosen);
  // The trial would choose one of them both times.
  for (const kernel of ['tile', 'registers']) {
    assert.deepEqual(await startAndList(page, [[adapter, kernel]]), [[adapter, kernel]]);
  }
  // A name that is no kernel leads to a trial.
  const [[, again]] = await startAndList(page, [[adapter, 'constructor']]);
  assert.ok(['tile', 'registers', 'broadcast'].includes(again), again);
  await finish(page);
});
