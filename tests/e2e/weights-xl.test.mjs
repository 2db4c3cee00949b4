/**
 * GPT-2 XL's header and shapes through a tab: offsets beyond 32 bits (the embedding lies behind byte 6,000,000,000), and
 * what memory that takes. The first layers show it; HEADMAP_XL_LAYERS=48 takes all of them, 2.4 GB.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { chromiumPath } from '../../scripts/lib/chromium.mjs';
import { startHub } from '../hub/server.mjs';
import { startSite } from './harness.mjs';
import { peakRenderer, sparseModel } from './weights-xl.mjs';

/** Wasm heap of the worker that reads, and of all that hold parts of the embedding (322 MB): the CPU engine keeps it whole. */
const WORKER_HEAP = 200e6;
const ALL_HEAPS = 700e6;
/** Of the page's process, beside the wasm heaps: Chromium's own, the tokenizer, rows on their way to the shards, garbage not yet collected. */
const BESIDE = 800e6;

const LAYERS = Number(process.env.HEADMAP_XL_LAYERS ?? 3);

let site;
let hub;
let model;
let profile;
let context;
before(async () => {
  model = sparseModel('xl');
  site = await startSite();
  hub = await startHub({ repositories: { 'someone/xl': model.folder } });
  profile = await mkdtemp(join(tmpdir(), 'headmap-profile-'));
  // A profile on the disk: a private window keeps its files in memory.
  context = await chromium.launchPersistentContext(profile, { executablePath: chromiumPath() ?? undefined, args: ['--no-sandbox', '--disable-quic', '--no-first-run'] });
});
after(async () => {
  await context?.close();
  await hub?.close();
  await site?.close();
  await rm(model.folder, { recursive: true });
  await rm(profile, { recursive: true, force: true });
});

test('GPT-2 XL goes through a tab, piece by piece', { timeout: 900_000 }, async () => {
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  await page.goto(`${site.url}LICENSE.txt`);
  const heard = await page.evaluate(async ({ base, most }) => {
    const { createAnalyzer } = await import(new URL('headmap.js', document.baseURI).href);
    const notices = [];
    const analyzer = await createAnalyzer({ backend: 'cpu', onNotice: (text) => notices.push(text) });
    const opened = await analyzer.loadModel({ kind: 'url', base, kindOfSource: 'mirror', name: 'XL of zeros' });
    const plan = await opened.plan();
    const start = performance.now();
    const layers = [];
    const abort = new AbortController();
    const ended = await opened.scoreRelation({ name: 'one pair', pairs: [['Mary', 'Mary']], k: 1 }, {
      signal: abort.signal,
      onLayer: ({ layer, hits }) => {
        layers.push({ layer, hits: [...hits] });
        if (layers.length === most) abort.abort();
      },
    }).then(() => 'whole', (e) => e.name);
    const seconds = (performance.now() - start) / 1000;
    return { notices, plan, info: opened.info, layers, ended, seconds, kept: await analyzer.kept(), heap: await analyzer.heapBytes() };
  }, { base: hub.mirrorBase('someone/xl'), most: LAYERS });
  const peak = peakRenderer();
  const served = hub.served('someone/xl/model.safetensors').bytes;
  const heaps = heard.heap.worker + heard.heap.shards.reduce((a, b) => a + b, 0);
  const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(`XL: file ${mb(model.size)}, served ${mb(served)} (${((100 * served) / model.size).toFixed(1)} %), kept ${mb(heard.kept[0]?.bytes ?? 0)}, `
    + `worker heap ${mb(heard.heap.worker)}, all heaps ${mb(heaps)}, peak of the process ${peak ? mb(peak) : 'unknown'}, ${heard.seconds.toFixed(0)} s`);

  assert.equal(heard.info.nLayer, 48);
  assert.ok(model.size > 2 ** 32 && heard.info.fileBytes === model.size);
  assert.ok(heard.plan.bytes <= 0.37 * model.size, `${heard.plan.bytes} bytes`);
  assert.ok(served <= 0.37 * model.size + (64 << 10), `${served} bytes`);
  assert.ok(heard.ended === 'whole' || heard.ended === 'AbortError', heard.ended);
  assert.equal(heard.layers.length, LAYERS);
  assert.ok(heard.layers.every(({ hits }) => hits.length === 25 && hits.every((n) => n === 0)), 'dead heads score nothing');
  assert.ok(hub.served('someone/xl/model.safetensors').ranges.some(([from]) => from > 6e9), 'the embedding, from the end of the file');
  assert.deepEqual(heard.notices, []);
  assert.ok(heard.heap.worker <= WORKER_HEAP, 'heap of the worker');
  assert.ok(heaps <= ALL_HEAPS, 'all heaps');
  if (peak) assert.ok(peak <= heaps + BESIDE, `${mb(peak - heaps)} beside the heaps`);
});
