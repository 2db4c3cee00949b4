/** The library from another place than the page that uses it: another folder, or another site altogether. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startStaticServer } from '../../scripts/lib/static-server.mjs';
import { startHub } from '../hub/server.mjs';
import { finish, launchBrowser, newPage, startSite } from './harness.mjs';
import { makeModel } from './weights-model.mjs';

/** What a site sends whose scripts others may import. */
const CORS = { 'Access-Control-Allow-Origin': '*' };

let folder;
let model;
let hub;
let browser;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headmap-elsewhere-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Another page</title>');
  // Wide enough that its embedding is spread over workers of the worker.
  model = makeModel({ layers: 2, heads: 2, d: 256, masks: false });
  // So that the library has to bring GPT-2's own.
  await rm(join(model.folder, 'tokenizer.json'));
  hub = await startHub({ repositories: { 'someone/bare': model.folder } });
  browser = await launchBrowser({ webgpu: true });
});
after(async () => {
  await browser?.close();
  await hub?.close();
  await Promise.all([folder, model.folder].map((path) => rm(path, { recursive: true })));
});

/** Scores in a page, with the library of another address. */
async function scoreFrom(page, library, backend) {
  return page.evaluate(async ({ address, base, wanted }) => {
    const { createAnalyzer } = await import(address);
    const analyzer = await createAnalyzer({ backend: wanted });
    const opened = await analyzer.loadModel({ kind: 'url', base, kindOfSource: 'mirror', name: 'bare' });
    const pairs = ['Mary', 'John', 'Paul', 'Anna'].map((name) => [name, name]);
    const { relations: [relation] } = await opened.scoreRelation({ name: 'names', pairs, k: 1 });
    const { shards } = await analyzer.heapBytes();
    analyzer.close();
    return { backend: analyzer.engine.backend, total: relation.total, hits: relation.hits, notes: opened.info.notes, shards: shards.length };
  }, { address: library, base: hub.mirrorBase('someone/bare'), wanted: backend });
}

async function check(page, library, backend) {
  const { hits, total, notes, shards, ...rest } = await scoreFrom(page, library, backend);
  assert.equal(rest.backend, backend);
  assert.equal(total, 4);
  assert.match(notes.join(), /GPT-2's own is used/);
  assert.ok(hits.flat().some((count) => count === total), 'a head that copies names');
  if (backend === 'cpu') assert.ok(shards > 0, 'workers of the worker');
}

test('from another folder of the same host', async () => {
  const site = await startSite('/deep/headmap/');
  const page = await newPage(browser);
  try {
    await page.goto(`${site.url}LICENSE.txt`);
    await page.evaluate(() => history.replaceState(null, '', '/elsewhere/page/'));
    assert.ok((await page.evaluate(() => document.baseURI)).endsWith('/elsewhere/page/'));
    await check(page, `${site.url}headmap.js`, 'cpu');
    await finish(page);
  } finally {
    await site.close();
  }
});

for (const backend of ['cpu', 'webgpu']) {
  test(`from another site, ${backend}`, async () => {
    const site = await startSite('/deep/headmap/', CORS);
    const other = await startStaticServer({ root: folder, base: '/own/' });
    const page = await newPage(browser);
    try {
      const own = [];
      page.on('request', (request) => {
        if (request.url().startsWith(other.url.replace('/own/', '/')) && !/favicon/.test(request.url())) own.push(request.url());
      });
      await page.goto(other.url);
      await check(page, `${site.url}headmap.js`, backend);
      assert.deepEqual(own, [other.url], 'of its own site the page loads itself alone');
      await finish(page);
    } finally {
      await other.close();
      await site.close();
    }
  });
}
