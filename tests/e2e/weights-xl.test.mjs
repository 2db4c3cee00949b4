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
import { HELD } from '../../www/source/held.js';
import { LANES } from '../../www/source/lanes.js';
import { CHUNK } from '../../www/source/partition.js';
import { startHub } from '../hub/server.mjs';
import { startSite } from './harness.mjs';
import { AT_ONCE, ISOLATED, scoreWatched } from './weights-memory.mjs';
import { SHAPES, sparseModel } from './weights-xl.mjs';

/** More than the worker keeps between jobs, so that layers pass by as they do in a whole run. */
const LAYERS = Number(process.env.HEADMAP_XL_LAYERS ?? 5);

const { d } = SHAPES.xl;
const EMBEDDING = 4 * 50_257 * d;
/** W_V and W_O of a layer. */
const LAYER = 2 * 4 * d * d;
/** Of a tensor, in the worker at a time (src/checkpoint/read.rs): as bytes and as numbers. */
const PIECE = 4 << 20;
/** Layers that are kept between jobs (src/web/model.rs). */
const LAYER_BUDGET = 64 << 20;

/** Of the wasm heaps, beside what they hold when the model is open: the layer at hand, a piece twice. */
const WORKER_HEAP = LAYER + 2 * PIECE;
/** Module and stack, a part of the embedding with what its bytes that are 0 do not tell, rows that come in, a layer that rows go through. */
const shardHeap = (count) => (4 << 20) + (1.01 * EMBEDDING) / count + PIECE + LAYER;
/**
 * JavaScript's own, beside that of the open model: chunks that wait to be read; of each line the chunk that fills, the one
 * that is hashed and the one that goes to the disk; a piece on its way to the core, and to the shards in parts and messages; kept layers.
 */
const JAVASCRIPT = HELD + LANES * 3 * CHUNK + 4 * PIECE + LAYER_BUDGET;

let site;
let hub;
let model;
let profile;
let context;
before(async () => {
  model = sparseModel('xl');
  site = await startSite('/', ISOLATED);
  hub = await startHub({ repositories: { 'someone/xl': model.folder } });
  profile = await mkdtemp(join(tmpdir(), 'headmap-profile-'));
  // A profile on the disk: a private window keeps its files in memory.
  context = await chromium.launchPersistentContext(profile, { executablePath: chromiumPath() ?? undefined, args: ['--no-sandbox', '--disable-quic', '--no-first-run', AT_ONCE] });
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
  const heard = await page.evaluate(scoreWatched, { base: hub.mirrorBase('someone/xl'), name: 'XL of zeros', pairs: [['Mary', 'Mary']], most: LAYERS });
  const served = hub.served('someone/xl/model.safetensors').bytes;
  const { rest, peak } = heard;
  const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(`XL: file ${mb(model.size)}, served ${mb(served)} (${((100 * served) / model.size).toFixed(1)} %), kept ${mb(heard.kept[0]?.bytes ?? 0)}, ${heard.seconds.toFixed(0)} s; `
    + `heap of the worker ${mb(peak.worker)} (open: ${mb(rest.worker)}; ${mb(WORKER_HEAP)} more are allowed), of its shards ${peak.shards.map(mb)} (${mb(shardHeap(peak.shards.length))}), `
    + `JavaScript ${mb(peak.javascript)} (idle: ${mb(heard.idle)}, open: ${mb(rest.javascript)}; ${mb(JAVASCRIPT)} more), looked at ${heard.looks} times`);

  assert.equal(heard.info.nLayer, 48);
  assert.ok(model.size > 2 ** 32 && heard.info.fileBytes === model.size);
  assert.ok(heard.plan.bytes <= 0.37 * model.size, `${heard.plan.bytes} bytes`);
  assert.ok(served <= 0.37 * model.size + (64 << 10), `${served} bytes`);
  assert.ok(heard.ended === 'whole' || heard.ended === 'AbortError', heard.ended);
  assert.equal(heard.layers.length, LAYERS);
  assert.ok(heard.layers.every(({ hits }) => hits.length === 25 && hits.every((n) => n === 0)), 'dead heads score nothing');
  assert.ok(hub.served('someone/xl/model.safetensors').ranges.some(([from]) => from > 6e9), 'the embedding, from the end of the file');
  assert.deepEqual(heard.notices, []);

  assert.ok(heard.looks >= LAYERS && peak.shards.length > 0, 'memory was looked at');
  assert.ok(heard.idle < 2e6 && rest.javascript < 8e6, 'an idle page and an open model are small');
  assert.ok(peak.worker <= rest.worker + WORKER_HEAP, `heap of the worker: ${mb(peak.worker)}`);
  assert.ok(peak.shards.every((bytes) => bytes <= shardHeap(peak.shards.length)), `heaps of the shards: ${peak.shards.map(mb)}`);
  assert.ok(peak.javascript <= rest.javascript + JAVASCRIPT, `JavaScript: ${mb(peak.javascript)}`);
});
