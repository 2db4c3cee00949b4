/**
 * A page that uses the library alone, with small chunks: what the tests of the way of weights drive.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/lib/paths.mjs';
import { newPage } from './harness.mjs';

/** So that a few megabytes are many chunks and requests. */
export const LIMITS = { chunkBytes: 256 << 10, requestBytes: 1 << 20, stallMs: 1500 };

const PAIRS = JSON.parse(readFileSync(join(root, 'www/data/relations/name_copying.json'), 'utf8')).pairs.slice(0, 40);

/** A page of the site without the site's own script, in a context of its own or in that of another page. */
export async function libraryPage(browser, site, { beside, init } = {}) {
  const page = beside ? await beside.context().newPage() : await newPage(browser);
  page.problems ??= [];
  if (init) await page.addInitScript(init);
  await page.goto(`${site.url}LICENSE.txt`);
  return page;
}

/**
 * Starts an analyzer in the page, and opens the model where a base is given. `window.heard` collects what it says.
 * @returns {Promise<object>} `{ info, plan }` or `{ error }`
 */
export async function open(page, base, { limits = LIMITS, spec = {}, published = [] } = {}) {
  return page.evaluate(async ({ base: at, limits: l, spec: more, published: files }) => {
    const { createAnalyzer } = await import(new URL('headmap.js', document.baseURI).href);
    window.heard ??= { notices: [], progress: [], layers: [] };
    window.analyzer ??= await createAnalyzer({ backend: 'cpu', limits: l, published: files, onNotice: (text) => window.heard.notices.push(text) });
    try {
      window.model = await window.analyzer.loadModel({ kind: 'url', base: at, kindOfSource: 'mirror', name: 'test model', ...more });
      return { info: window.model.info, plan: await window.model.plan() };
    } catch (e) {
      return { error: { name: e.name, message: e.message } };
    }
  }, { base, limits, spec, published });
}

/**
 * Scores in the page.
 * @param {{abortAfter?: number}} [options] layers after which it is cancelled
 * @returns {Promise<object>} `{ hits, suppression }` or `{ error }`
 */
export async function score(page, { abortAfter = Infinity } = {}) {
  return page.evaluate(async ({ pairs, most }) => {
    const { heard } = window;
    const abort = new AbortController();
    window.abortScore = () => abort.abort();
    [heard.progress, heard.layers] = [[], []];
    const start = performance.now();
    try {
      const result = await window.model.scoreRelation({ name: 'name_copying', pairs, k: 1 }, {
        signal: abort.signal,
        onProgress: (p) => heard.progress.push({ ...p, at: performance.now() - start }),
        onLayer: ({ layer }) => {
          heard.layers.push({ layer, at: performance.now() - start });
          if (heard.layers.length >= most) abort.abort();
        },
      });
      const [r] = result.relations;
      return { hits: r.hits, suppression: r.suppression_hits, total: r.total, seconds: (performance.now() - start) / 1000 };
    } catch (e) {
      return { error: { name: e.name, message: e.message } };
    }
  }, { pairs: PAIRS, most: abortAfter });
}

export const heard = (page) => page.evaluate(() => window.heard);

/** Hashes the whole file. @returns {Promise<object>} `{ seen, progress }`, how many bytes were hashed, again and again */
export const verify = (page) => page.evaluate(async () => {
  const progress = [];
  const seen = await window.model.verify({ onProgress: ({ bytes }) => progress.push(bytes) });
  return { seen, progress };
});

/** Ends the analyzer, so that the next one starts as after a reload. */
export const closeAnalyzer = (page) => page.evaluate(async () => {
  window.analyzer.close();
  window.analyzer = undefined;
  window.heard = undefined;
});

/** A sentence for the user: whole, and it names the file or the server. */
export function isSentence(error) {
  assert.match(error.message, /^\S.*[.?]$/s, error.message);
  assert.match(error.message, /model\.safetensors|127\.0\.0\.1/, error.message);
}

/** Changes one byte in the middle of what is kept on the disk. @returns {Promise<number>} bytes of data.bin */
export const flipOnDisk = (page) => page.evaluate(async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('headmap-weights');
  for await (const file of folder.values()) {
    const data = await file.getFileHandle('data.bin');
    const size = (await data.getFile()).size;
    const at = Math.floor(size / 2);
    const [old] = new Uint8Array(await (await data.getFile()).slice(at, at + 1).arrayBuffer());
    // The worker was ended just now: the browser closes its files a little later.
    let writer;
    for (let tries = 0; !writer; tries++) {
      writer = await data.createWritable({ keepExistingData: true }).catch((e) => {
        if (tries >= 100) throw e;
        return new Promise((resolve) => { setTimeout(() => resolve(undefined), 30); });
      });
    }
    await writer.write({ type: 'write', position: at, data: Uint8Array.of(old ^ 0x10) });
    await writer.close();
    return size;
  }
  throw new Error('nothing is kept');
});

/** Keeps the file of the weights locked for a while, as a worker that was just ended does. Returns when it has begun. */
export const holdFileOpen = (page, ms) => page.evaluate(async (held) => {
  const weights = await (await navigator.storage.getDirectory()).getDirectoryHandle('headmap-weights');
  for await (const folder of weights.values()) {
    const file = await folder.getFileHandle('data.bin');
    let writer;
    while (!writer) {
      writer = await file.createWritable({ keepExistingData: true }).catch(() => new Promise((resolve) => { setTimeout(() => resolve(undefined), 20); }));
    }
    setTimeout(() => writer.abort(), held);
  }
}, ms);
