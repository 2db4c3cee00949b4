/** The SHA-256 of the whole file: computed where all bytes are here, after the figure, and held against what is published. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { headmap } from '../../scripts/test/program.mjs';
import { startHub } from '../hub/server.mjs';
import { NETWORK_PROBLEMS, byId, finish, launchBrowser, newPage, nextError, openFigure, run, savedResult, startSite } from './harness.mjs';
import { makeModel } from './weights-model.mjs';
import { closeAnalyzer, flipOnDisk, libraryPage, open, score, verify } from './weights-page.mjs';

const REPOSITORY = 'someone/small';
const ODD = 'someone/odd';
const HALF = 'someone/half';
const REVISION = 'c'.repeat(40);

let site;
let hub;
let browser;
let model;
let odd;
let half;
let sha256;
before(async () => {
  model = makeModel();
  odd = makeModel({ masks: 'odd' });
  half = `${model.folder}-f16`;
  await headmap(['convert', '--model', model.folder, '--out', half, '--dtype', 'f16']);
  sha256 = createHash('sha256').update(await readFile(join(model.folder, 'model.safetensors'))).digest('hex');
  site = await startSite();
  hub = await startHub({ repositories: { [REPOSITORY]: { path: model.folder, revision: REVISION }, [ODD]: odd.folder, [HALF]: half } });
  browser = await launchBrowser({ webgpu: false });
});
after(async () => {
  await browser?.close();
  await hub?.close();
  await site?.close();
  for (const folder of [model.folder, odd.folder, half]) await rm(folder, { recursive: true, force: true });
});
beforeEach(() => hub.resetCounts());

const published = (sha = sha256) => [{ label: 'Test', repository: REPOSITORY, revision: REVISION, bytes: model.size, sha256: sha }];
const OTHER = 'ab'.repeat(32);

/** What a result says of its file. */
const stamp = (page) => page.evaluate(async () => {
  const { model: { sha256: sha, checked } } = await window.model.scoreRelation({ name: 'a few', pairs: [['Mary', 'Mary'], ['John', 'John']], k: 1 });
  return { sha256: sha, checked: checked ?? null };
});

/** Writes another hash, of other chunks, beside those that are kept. */
const forgeKeptHash = (page) => page.evaluate(async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('headmap-weights');
  for await (const file of folder.values()) {
    const handle = await file.getFileHandle('meta.json');
    const meta = JSON.parse(await (await handle.getFile()).text());
    const writer = await handle.createWritable();
    await writer.write(JSON.stringify({ ...meta, whole: { sha256: 'ab'.repeat(32), of: 'cd'.repeat(32) } }));
    await writer.close();
    if (!meta.whole) throw new Error('no hash was kept');
  }
});

/** All tensors of a whole model, as a run of it brings them. */
const runIt = (page) => page.evaluate(() => window.model.runPrompt({ text: 'The story of Mary contains' }).then(() => null));

describe('a file on this computer', () => {
  /** Opens the page with its list of published models changed, and the test's file in it. */
  async function openFile(entry) {
    const page = await newPage(browser);
    await page.route('**/data/models.json', (route) => route.fulfill({ json: [{ id: 'test', ...entry }] }));
    await openFigure(page, site.url);
    await byId(page, 'model-select').selectOption({ label: 'Files on this computer' });
    await byId(page, 'model-files').setInputFiles(join(model.folder, 'model.safetensors'));
    await byId(page, 'model-facts').filter({ hasText: 'files on this computer' }).waitFor();
    await run(page);
    return page;
  }

  test('the published one is known by its hash, and the result says so', async () => {
    const page = await openFile(published()[0]);
    await byId(page, 'facts').filter({ hasText: `sha256 ${sha256.slice(0, 12)}… checked` }).waitFor();
    const first = (await savedResult(page)).model;
    assert.deepEqual([first.sha256, first.checked], [sha256, 'published']);
    await run(page);
    const second = (await savedResult(page)).model;
    assert.deepEqual([second.sha256, second.checked], [sha256, 'published'], 'known at once in the next result');
    assert.equal(await byId(page, 'error').count(), 0);
    await finish(page);
  });

  test('a changed copy of the published one is an error that says so, and its figure does not pass for it', async () => {
    const page = await openFile(published(OTHER)[0]);
    const { code, text } = await nextError(page);
    assert.equal(code, 'SourceChanged');
    assert.match(text, /has the size of the published Test to the byte, but its SHA-256 is/);
    assert.ok(text.includes(sha256.slice(0, 12)) && text.includes(OTHER.slice(0, 12)));
    const { model: said } = await savedResult(page);
    assert.deepEqual([said.sha256, said.checked], [sha256, 'differs']);
    await byId(page, 'facts').filter({ hasText: 'is not the one that it should be' }).waitFor();
    await finish(page);
  });

  test('any other file has its hash, and nothing is claimed', async () => {
    const page = await openFile({ ...published(OTHER)[0], bytes: 5 });
    await byId(page, 'facts').filter({ hasText: `sha256 ${sha256.slice(0, 12)}… of the whole file` }).waitFor();
    assert.equal((await savedResult(page)).model.checked, null);
    await finish(page);
  });
});

describe('weights from an address', () => {
  test('a figure alone fetches too little for a hash, and nothing is claimed', async () => {
    const page = await libraryPage(browser, site);
    await open(page, hub.mirrorBase(REPOSITORY), { published: published() });
    await score(page);
    assert.deepEqual(await verify(page), { seen: null, progress: [] });
    assert.deepEqual(await stamp(page), { sha256: null, checked: null });
    await finish(page, NETWORK_PROBLEMS);
  });

  test('once the model has run all is here but the masks: the hash proves all of it, and is kept', async () => {
    const page = await libraryPage(browser, site);
    const base = hub.resolveBase(REPOSITORY, REVISION);
    const options = { spec: { kindOfSource: 'hub', repository: REPOSITORY, revision: REVISION }, published: published() };
    await open(page, base, options);
    await runIt(page);
    const { seen, progress } = await verify(page);
    assert.deepEqual(seen, { sha256, checked: 'published', problem: null });
    assert.equal(progress.at(-1), model.size);
    assert.ok(hub.served(`${REPOSITORY}/model.safetensors`).bytes < model.size - 20e6, 'the masks were not fetched for it');
    assert.deepEqual(await stamp(page), { sha256, checked: 'published' });

    await closeAnalyzer(page);
    await open(page, base, options);
    assert.deepEqual(await verify(page), { seen, progress: [] }, 'known from before, nothing is hashed');
    // A chunk that was damaged and came again is the same chunk.
    await closeAnalyzer(page);
    await flipOnDisk(page);
    await open(page, base, options);
    await runIt(page);
    assert.deepEqual(await stamp(page), { sha256: null, checked: null }, 'nothing is said before it is asked');
    assert.deepEqual(await verify(page), { seen, progress: [] });

    // A hash that was written down for other chunks is not believed.
    await closeAnalyzer(page);
    await forgeKeptHash(page);
    await open(page, base, options);
    const again = await verify(page);
    assert.deepEqual([again.seen, again.progress.at(-1)], [seen, model.size]);
    await finish(page, NETWORK_PROBLEMS);
  });

  test('with other masks nothing is claimed', async () => {
    const page = await libraryPage(browser, site);
    await open(page, hub.mirrorBase(ODD), { published: published() });
    await runIt(page);
    assert.equal((await verify(page)).seen, null);
    await finish(page, NETWORK_PROBLEMS);
  });

  test('a converted copy is held against its manifest, whole', async () => {
    const page = await libraryPage(browser, site);
    await open(page, `${hub.mirrorBase(HALF)}manifest.json`, { published: published() });
    await score(page);
    const whole = createHash('sha256').update(await readFile(join(half, 'model.safetensors'))).digest('hex');
    assert.deepEqual((await verify(page)).seen, { sha256: whole, checked: 'manifest', problem: null });
    await closeAnalyzer(page);

    const text = await readFile(join(half, 'manifest.json'), 'utf8');
    await writeFile(join(half, 'manifest.json'), JSON.stringify({ ...JSON.parse(text), sha256: OTHER }));
    try {
      await open(page, `${hub.mirrorBase(HALF)}manifest.json`, { published: published() });
      const { seen } = await verify(page);
      assert.equal(seen.checked, 'differs');
      assert.match(seen.problem, /manifest contradicts itself/);
    } finally {
      await writeFile(join(half, 'manifest.json'), text);
    }
    await finish(page, NETWORK_PROBLEMS);
  });
});

test('nothing is hashed while a job runs', async () => {
  const page = await libraryPage(browser, site);
  await page.evaluate(async (base) => {
    const { createAnalyzer } = await import(new URL('headmap.js', document.baseURI).href);
    window.analyzer = await createAnalyzer({ backend: 'cpu' });
    const get = async (name) => new File([await (await fetch(base + name)).arrayBuffer()], name);
    window.model = await window.analyzer.loadModel({ kind: 'files', files: [await get('model.safetensors'), await get('config.json'), await get('tokenizer.json')] });
  }, hub.mirrorBase(REPOSITORY));
  const { atLayers, pieces, seen } = await page.evaluate(async () => {
    const told = [];
    let hashed = 0;
    const pairs = Array.from({ length: 40 }, () => ['Mary', 'John']);
    const job = window.model.scoreRelation({ name: 'x', pairs, k: 1 }, { onLayer: () => told.push(hashed) });
    const hashing = window.model.verify({ onProgress: () => { hashed += 1; } });
    await job;
    return { seen: await hashing, pieces: hashed, atLayers: told };
  });
  assert.equal(seen.sha256, sha256);
  // The last layer ends the job; what is told of it and of the first hash comes through two ports, in any order.
  assert.equal(atLayers.length, 6);
  assert.deepEqual(atLayers.slice(0, -1), [0, 0, 0, 0, 0], 'none before the last layer');
  assert.equal(pieces, Math.ceil(model.size / (4 << 20)));
  await finish(page, NETWORK_PROBLEMS);
});
