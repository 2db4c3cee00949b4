/**
 * What the way of weights costs, as a table.
 *
 *   node bench/weights.mjs [--only sizes,memory,keeping,columns] [--rounds 3] [--megabits 40]
 *
 * Bytes of a figure for each published size, from its header; keeping and hashing against a bare ranged fetch of the
 * same bytes, in turns in one browser; the second visit; the first column on a throttled line; memory. Needs dist/ (npm run build)
 * and about 1.5 GB of room for files of GPT-2 small's shape.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { chromiumPath } from '../scripts/lib/chromium.mjs';
import { dist, root } from '../scripts/lib/paths.mjs';
import { main } from '../scripts/lib/run.mjs';
import { startStaticServer } from '../scripts/lib/static-server.mjs';
import { AT_ONCE, ISOLATED, scoreWatched } from '../tests/e2e/weights-memory.mjs';
import { SHAPES, headerOf, jobOf, sparseModel } from '../tests/e2e/weights-xl.mjs';
import { startHub } from '../tests/hub/server.mjs';
import { chunksOf, partition, requestsFor } from '../www/source/partition.js';
import { weights } from './lib/weights.mjs';

const GOALS = { small: 0.53, medium: 0.43, large: 0.39, xl: 0.37 };
const percent = (x) => `${(100 * x).toFixed(1)} %`;
const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const lines = [];
const add = (what, measured, goal = '', reached = '') => {
  lines.push(`| ${what} | ${measured} | ${goal} | ${reached === '' ? '' : reached ? 'yes' : 'no'} |`);
  console.log(lines.at(-1));
};

function bytesOfEachSize() {
  for (const [name, shape] of Object.entries(SHAPES)) {
    const { head, size } = headerOf(shape);
    const starts = partition(size, head);
    const ranges = jobOf(head);
    const bytes = requestsFor(starts, chunksOf(starts, ranges)).reduce((sum, r) => sum + starts[r.last + 1] - starts[r.first], 0);
    const first = ranges.slice(0, 3).reduce((sum, [, length]) => sum + length, 0);
    add(`bytes, GPT-2 ${name}`, `${percent(bytes / size)} of ${mb(size)} = ${mb(bytes)}; the first column after ${percent(first / bytes)} of them`, percent(GOALS[name]), bytes / size <= GOALS[name]);
  }
}

/** In a worker of the page: the bytes of `ranges` once, by one of three ways. @returns milliseconds */
const WORKER = `
import { openAddress } from 'SITE/www/source/address.js';
import { requestsFor, chunksOf } from 'SITE/www/source/partition.js';
import { forget, listKept } from 'SITE/www/source/keep.js';
const PIECE = 8 << 20;
onmessage = async ({ data: { way, base, ranges, starts } }) => {
  try {
    const host = { signal: () => undefined, notice: (text) => { throw new Error(text); }, news() {} };
    const url = base + 'model.safetensors';
    if (way === 'keep') for (const { key } of await listKept()) await forget(key);
    let source;
    if (way !== 'bare') ({ source } = await openAddress({ base, kindOfSource: 'mirror', name: 'bench', ownTokenizer: false }, host));
    const begun = performance.now();
    if (way === 'bare') {
      const queue = requestsFor(starts, chunksOf(starts, ranges)).map((r) => [starts[r.first], starts[r.last + 1] - 1]);
      const lane = async () => {
        for (let r = queue.shift(); r; r = queue.shift()) {
          const reader = (await fetch(url, { headers: { Range: 'bytes=' + r[0] + '-' + r[1] }, cache: 'no-store' })).body.getReader();
          while (!(await reader.read()).done);
        }
      };
      await Promise.all([lane(), lane(), lane()]);
    } else {
      source.expect(ranges);
      for (const [offset, length] of ranges) {
        for (let at = 0; at < length; at += PIECE) await source.read(offset + at, Math.min(PIECE, length - at));
      }
      await source.finish();
      source.close();
    }
    postMessage({ ms: performance.now() - begun });
  } catch (e) {
    postMessage({ error: String(e) });
  }
};`;

const timed = (page, options) => page.evaluate(async ({ script, ...rest }) => {
  const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })), { type: 'module' });
  const answer = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (e) => resolve({ error: e.message });
    worker.postMessage(rest);
  });
  worker.terminate();
  if (answer.error) throw new Error(answer.error);
  return answer.ms;
}, options);

async function keepingAndHashing(context, hub, rounds) {
  const site = await startStaticServer({ root });
  const page = await context.newPage();
  await page.goto(`${site.url}package.json`);
  const { head, size } = headerOf(SHAPES.small);
  const options = { script: WORKER.replaceAll('SITE', site.url.slice(0, -1)), base: hub.mirrorBase('bench/small'), ranges: jobOf(head), starts: partition(size, head) };
  for (const [what, rate, goal] of [['as fast as this machine serves', 0, ''], ['on a line of 1 Gbit/s', 125e6, '15 %'], ['on a line of 300 Mbit/s', 37.5e6, '15 %']]) {
    hub.line.rate = rate;
    const times = { bare: [], keep: [], again: [] };
    for (let round = 0; round < rounds; round += 1) {
      times.bare.push(await timed(page, { ...options, way: 'bare' }));
      times.keep.push(await timed(page, { ...options, way: 'keep' }));
      hub.resetCounts();
      times.again.push(await timed(page, { ...options, way: 'again' }));
    }
    const over = median(times.keep) / median(times.bare) - 1;
    const all = (list) => list.map((ms) => (ms / 1000).toFixed(1)).join(', ');
    add(`keeping and hashing 287 MB, ${what}`, `${percent(over)} over a bare fetch (${all(times.keep)} s against ${all(times.bare)} s)`, goal, goal ? over <= 0.15 : '');
    if (!rate) add('second visit', `${hub.served('bench/small/model.safetensors').bytes} bytes; all 287 MB read and checked in ${seconds(median(times.again))}`, '0 bytes', hub.served('bench/small/model.safetensors').bytes === 0);
  }
  hub.line.rate = 0;
  await page.close();
  await site.close();
}

async function firstColumn(context, hub, megabits) {
  const site = await startStaticServer({ root: dist });
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  const visit = async () => {
    await page.goto(`${site.url}LICENSE.txt`);
    return page.evaluate(async (base) => {
      const names = (await (await fetch('data/relations/name_copying.json')).json()).pairs;
      const { createAnalyzer } = await import(new URL('headmap.js', document.baseURI).href);
      const begun = performance.now();
      const analyzer = await createAnalyzer({ backend: 'cpu' });
      const model = await analyzer.loadModel({ kind: 'url', base, kindOfSource: 'mirror', name: 'bench' });
      const [columns, fetched] = [[], []];
      await model.scoreRelation({ name: 'name_copying', pairs: names, k: 1 }, {
        onLayer: () => columns.push(performance.now() - begun),
        onProgress: ({ line }) => line && fetched.push([performance.now() - begun, line.fetched]),
      });
      const total = Math.max(0, ...fetched.map(([, bytes]) => bytes));
      analyzer.close();
      return { columns, whole: performance.now() - begun, total, last: fetched.find(([, bytes]) => bytes === total)?.[0] ?? 0, fetched };
    }, hub.mirrorBase('bench/graded'));
  };
  hub.line.rate = (megabits * 1e6) / 8;
  const { columns, last, total, fetched, whole } = await visit();
  const { head } = headerOf(SHAPES.small);
  const ranges = jobOf(head);
  const until = (n) => ranges.slice(0, n).reduce((sum, [, length]) => sum + length, 0);
  const arrival = (bytes) => fetched.find(([, f]) => f >= bytes)?.[0] ?? NaN;
  // Behind the first MLP, each layer's two tensors.
  const lags = columns.map((at, l) => at - arrival(l === 0 ? until(3) : until(9 + 2 * l)));
  add(`first column, ${megabits} Mbit/s, CPU engine`, `${seconds(columns[0])}, ${seconds(lags[0])} after its bytes (${percent(until(3) / total)} of them); all bytes took ${seconds(last)}`);
  add('each further column after its layer', `at most ${seconds(Math.max(...lags.slice(1)))} (${lags.slice(1).map((ms) => (ms / 1000).toFixed(2)).join(', ')})`, '1 s', Math.max(...lags.slice(1)) <= 1000);
  add('the whole figure after the last byte', seconds(whole - last), '1 s', whole - last <= 1000);
  hub.line.rate = 0;
  hub.resetCounts();
  const again = await visit();
  add('second visit: first column', `${seconds(again.columns[0])} from the start of the engine on, ${hub.served('bench/graded/model.safetensors').bytes} bytes of weights; whole figure ${seconds(again.whole)}`, '2 s', again.columns[0] <= 2000);
  await page.close();
  await site.close();
}

/** What the page holds beyond the tiles in use: the embedding in the shards' heaps, the kept layers in JavaScript's memory. */
async function memory(context, hub) {
  const { d } = SHAPES.small;
  const [embedding, layers] = [4 * 50_257 * d, 12 * 2 * 4 * d * d];
  const site = await startStaticServer({ root: dist, headers: ISOLATED });
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  await page.goto(`${site.url}LICENSE.txt`);
  const { pairs } = JSON.parse(await readFile(join(dist, 'data/relations/name_copying.json'), 'utf8'));
  const { rest, peak, looks } = await page.evaluate(scoreWatched, { base: hub.mirrorBase('bench/graded'), name: 'bench', pairs });
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  const parts = { JavaScript: peak.javascript - rest.javascript - layers, 'the worker’s heap': peak.worker - rest.worker, 'its shards’': sum(peak.shards) - embedding };
  const beyond = sum(Object.values(parts));
  const words = Object.entries(parts).map(([what, bytes]) => `${what} ${mb(bytes)}`).join(', ');
  add('peak of memory beyond the tiles in use', `${mb(beyond)} (${words}; looked at ${looks} times; the open page before holds ${mb(rest.javascript + rest.worker)})`, '64 MB', beyond <= 64e6);
  await page.close();
  await site.close();
}

main(async () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' }, megabits: { type: 'string', default: '40' }, only: { type: 'string', default: 'sizes,memory,keeping,columns' } } });
  const wants = (part) => values.only.split(',').includes(part);
  console.log('| | measured | goal | reached |\n|---|---|---|---|');
  if (wants('sizes')) bytesOfEachSize();
  const zeros = sparseModel('small');
  const hub = await startHub({ repositories: { 'bench/small': zeros.folder, 'bench/graded': await weights('faint-small') }, lifetimeMs: 3_600_000 });
  const profile = await mkdtemp(join(tmpdir(), 'headmap-profile-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath: chromiumPath() ?? undefined, args: ['--no-sandbox', '--disable-quic', '--no-first-run', AT_ONCE] });
  try {
    if (wants('memory')) await memory(context, hub);
    if (wants('keeping')) await keepingAndHashing(context, hub, Number(values.rounds));
    if (wants('columns')) await firstColumn(context, hub, Number(values.megabits));
  } finally {
    await context.close();
    await hub.close();
    await rm(profile, { recursive: true, force: true });
    await rm(zeros.folder, { recursive: true });
  }
});
