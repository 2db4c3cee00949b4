/** What the page itself says and does about weights: the plan, pause, what is kept, deleting it, a manifest's f16 copy. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, beforeEach, test } from 'node:test';
import { headmap } from '../../scripts/test/program.mjs';
import { startHub } from '../hub/server.mjs';
import { NETWORK_PROBLEMS, byId, figureState, finish, launchBrowser, newPage, nextError, openFigure, run, savedResult, startSite } from './harness.mjs';
import { runView, show } from './run-page.mjs';
import { makeModel } from './weights-model.mjs';

const REPOSITORY = 'someone/small';
const HALF = 'someone/half';
const HALF_FILE = `${HALF}/model.safetensors`;
/** Of all hits of all heads, how many f16 weights may turn. */
const MOST_TURNED = 0.02;

let site;
let hub;
let browser;
let model;
let half;
before(async () => {
  model = makeModel();
  half = `${model.folder}-f16`;
  await headmap(['convert', '--model', model.folder, '--out', half, '--dtype', 'f16']);
  site = await startSite();
  hub = await startHub({ repositories: { [REPOSITORY]: model.folder, [HALF]: half } });
  browser = await launchBrowser({ webgpu: false });
});
after(async () => {
  await browser?.close();
  await hub?.close();
  await site?.close();
  await rm(model.folder, { recursive: true });
  await rm(half, { recursive: true, force: true });
});
beforeEach(() => {
  hub.faults.set([]);
  hub.resetCounts();
  hub.line.rate = 0;
});

async function openMirror(page, base) {
  await byId(page, 'model-select').selectOption({ label: 'A mirror’s address' });
  await byId(page, 'mirror-address').fill(base);
  await byId(page, 'open-mirror').click();
  await page.locator('[data-testid="model-facts"]').filter({ hasText: 'a mirror' }).waitFor();
}

test('the page names what is to be fetched, what is here, lists what is kept and deletes it', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  assert.equal(await byId(page, 'kept-panel').isVisible(), false);
  await openMirror(page, hub.mirrorBase(REPOSITORY));
  await byId(page, 'run').filter({ hasText: 'Fetch 13 MB and draw' }).waitFor();

  // Cancelled in the middle: what came stays.
  hub.line.rate = 5e6;
  await byId(page, 'run').click();
  await byId(page, 'progress-text').filter({ hasText: /of 13 MB fetched · .*\/s/ }).waitFor();
  await byId(page, 'pause').click();
  await byId(page, 'progress-text').filter({ hasText: /^Paused/ }).waitFor();
  await byId(page, 'pause').filter({ hasText: 'Resume' }).click();
  await byId(page, 'progress-text').filter({ hasText: /^(?!Paused)/ }).waitFor();
  await byId(page, 'cancel').click();
  await byId(page, 'plan').filter({ hasText: /of 13 MB are here already/ }).waitFor();
  await byId(page, 'kept-summary').filter({ hasText: '1 model' }).waitFor();

  hub.line.rate = 0;
  await run(page);
  const first = (await savedResult(page)).relations;
  await byId(page, 'run').filter({ hasText: 'Draw the figure' }).waitFor();
  await byId(page, 'plan').filter({ hasText: 'nothing is fetched' }).waitFor();

  // After a reload it is opened from the list, without a byte of weights.
  hub.resetCounts();
  await openFigure(page, site.url);
  await byId(page, 'kept-summary').click();
  await byId(page, 'kept-open').click();
  await page.locator('[data-testid="model-facts"]').filter({ hasText: 'a mirror' }).waitFor();
  await run(page);
  assert.deepEqual((await savedResult(page)).relations.map(({ hits }) => hits), first.map(({ hits }) => hits));
  assert.equal(hub.served(`${REPOSITORY}/model.safetensors`).bytes, 0);

  await byId(page, 'kept-delete').click();
  await page.locator('[data-testid="kept-panel"]').waitFor({ state: 'hidden' });
  await run(page);
  await finish(page, NETWORK_PROBLEMS);
});

test('running the model fetches what the figure has not, and the page names it before', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  await openMirror(page, hub.mirrorBase(REPOSITORY));
  await run(page);
  hub.resetCounts();
  await show(page, 'prompt');
  const plan = byId(page, 'plan').filter({ hasText: /^Running needs .*are here already\.$/ });
  await plan.waitFor();
  const [, named, here, needed] = /^Running needs ([\d.]+) MB, .* ([\d.]+) MB of ([\d.]+) MB are here/.exec(await plan.innerText()).map(Number);
  assert.equal(named, needed);
  await runView(page, 'prompt');
  const fetched = hub.served(`${REPOSITORY}/model.safetensors`).bytes / 1e6;
  // The words are rounded to a tenth below 10 MB, else to one.
  assert.ok(fetched > 0.5 && Math.abs(fetched - (needed - here)) < 1.1, `${fetched} MB, ${needed} - ${here} were named`);
  await byId(page, 'plan').filter({ hasText: /All [\d.]+ MB that running needs are here: nothing is fetched/ }).waitFor();
  await finish(page, NETWORK_PROBLEMS);
});

test('an f16 copy with a manifest: half the bytes, named as such, and hardly a hit turned', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  await openMirror(page, hub.mirrorBase(REPOSITORY));
  await run(page);
  const whole = await savedResult(page);
  await openMirror(page, `${hub.mirrorBase(HALF)}manifest.json`);
  await run(page);
  const small = await savedResult(page);
  assert.deepEqual([whole.model.dtype, small.model.dtype], ['F32', 'F16']);
  await byId(page, 'facts').filter({ hasText: 'f16 weights' }).waitFor();
  assert.ok(hub.served(HALF_FILE).bytes < model.needed / 2 + (64 << 10) + 4096);

  let [turned, all] = [0, 0];
  for (const [r, { hits, suppression_hits: suppressed, total }] of whole.relations.entries()) {
    const other = small.relations[r];
    for (const [l, row] of hits.entries()) {
      for (const [h, n] of row.entries()) {
        turned += Math.abs(n - other.hits[l][h]) + Math.abs(suppressed[l][h] - other.suppression_hits[l][h]);
        all += 2 * total;
      }
    }
  }
  console.log(`f16 weights: ${turned} of ${all} pairs turned`);
  assert.ok(turned / all <= MOST_TURNED);
  await finish(page, NETWORK_PROBLEMS);
});

test('a byte that flips on the way is found by the manifest: fetched again, or refused when it stays', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  await openMirror(page, `${hub.mirrorBase(HALF)}manifest.json`);
  hub.faults.set([{ kind: 'flip', times: 1 }]);
  await run(page);
  const once = await savedResult(page);
  await byId(page, 'kept-summary').click();
  await byId(page, 'kept-delete').click();
  await openMirror(page, `${hub.mirrorBase(HALF)}manifest.json`);
  // Behind the first chunk, which comes well.
  hub.faults.set([{ kind: 'flip', value: 6_000_000 }]);
  await byId(page, 'run').click();
  const error = await nextError(page);
  assert.equal(error.code, 'SourceChanged');
  assert.match(error.text, /another SHA-256 than its manifest names/);
  assert.notEqual(await byId(page, 'figure-state').getAttribute('data-state'), 'complete');
  await byId(page, 'error').first().getByRole('button').click();
  await byId(page, 'plan').filter({ hasText: /of .* are here already/ }).waitFor();
  hub.faults.set([]);
  hub.resetCounts();
  await run(page);
  const { bytes } = hub.served(HALF_FILE);
  assert.ok(bytes > 0 && bytes < model.needed / 2 - 100_000, `${bytes} bytes: what was right is not fetched again`);
  assert.deepEqual((await savedResult(page)).relations, once.relations);
  await figureState(page, 'complete');
  await finish(page, NETWORK_PROBLEMS);
});

test('a manifest that lies is refused with a sentence', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  await byId(page, 'model-select').selectOption({ label: 'A mirror’s address' });
  await byId(page, 'mirror-address').fill(`${hub.mirrorBase(REPOSITORY)}config.json`);
  await byId(page, 'open-mirror').click();
  const error = await nextError(page);
  assert.equal(error.code, 'ConfigInvalid');
  assert.match(error.text, /manifest cannot be used/);
  await finish(page, NETWORK_PROBLEMS);
});

test('a connection that is set to save data is warned about', async () => {
  const page = await newPage(browser);
  await page.addInitScript(() => Object.defineProperty(NetworkInformation.prototype, 'saveData', { get: () => true }));
  await openFigure(page, site.url);
  assert.equal(await byId(page, 'plan').innerText(), '');
  await openMirror(page, hub.mirrorBase(REPOSITORY));
  await byId(page, 'plan').filter({ hasText: 'set to save data' }).waitFor();
  await finish(page, NETWORK_PROBLEMS);
});

test('files that were dropped are offered again at the next visit, from their handles', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  // A file of the browser's own file system has a handle of the same kind as one of the disk.
  const drop = await page.evaluateHandle(async () => {
    const folder = await navigator.storage.getDirectory();
    const data = new DataTransfer();
    const handles = [];
    for (const name of ['model.safetensors', 'config.json', 'tokenizer.json']) {
      const bytes = await (await fetch(`models/planted/${name}`)).arrayBuffer();
      const handle = await folder.getFileHandle(name, { create: true });
      const writer = await handle.createWritable();
      await writer.write(bytes);
      await writer.close();
      handles.push(handle);
      data.items.add(new File([bytes], name));
    }
    DataTransferItem.prototype.getAsFileSystemHandle = () => Promise.resolve(handles.shift());
    return data;
  });
  await page.dispatchEvent('main', 'drop', { dataTransfer: drop });
  const openedFiles = () => byId(page, 'model-facts').filter({ hasText: 'files on this computer' }).waitFor();
  await openedFiles();
  await openFigure(page, site.url);
  await byId(page, 'model-select').selectOption({ label: 'Files on this computer' });
  await byId(page, 'model-again').filter({ hasText: 'model.safetensors' }).click();
  await openedFiles();
  await run(page);
  assert.equal((await savedResult(page)).model.source, 'file');

  // Gone meanwhile: a sentence.
  await page.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry('model.safetensors'));
  await byId(page, 'model-again').click();
  const error = await nextError(page);
  assert.match(error.text, /no longer where it was/);
  await finish(page, NETWORK_PROBLEMS);
});
