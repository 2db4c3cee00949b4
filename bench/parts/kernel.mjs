/** The CPU kernel, one thread, beside onnxruntime-web's wasm in the same run. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, say } from '../../scripts/lib/run.mjs';
import { inBrowser, share } from '../lib/site.mjs';
import { gflops, median, of } from '../lib/table.mjs';
import { benchCache } from '../lib/weights.mjs';

const SIZE = { m: 132, k: 768, n: 50_257 };
const here = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const FLOP = 2 * SIZE.m * SIZE.k * SIZE.n;
const rate = (ms) => gflops(FLOP / ms / 1e6);
const GOALS = { relaxed: 34, cpu: 26 };

/** onnxruntime-web at its pinned version, in the cache folder: the project does not need it. */
export async function onnxruntime() {
  const folder = join(benchCache, 'peers');
  const files = join(folder, 'node_modules/onnxruntime-web/dist');
  if (!existsSync(join(files, 'ort.wasm.bundle.min.mjs'))) {
    say('installing onnxruntime-web into the cache folder, to measure against');
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(here(file), join(folder, file));
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  }
  return files;
}

export async function kernel(table, context, { runs, limitMs }) {
  const ort = share(await onnxruntime(), 'ort');
  await inBrowser(context.site, { limitMs }, async (page) => {
    const ours = (flavour) => page.evaluate(async ({ build, size, times }) => {
      const { timeProduct } = await import(new URL('bench.js', location.href).href);
      return (await timeProduct(build, size, { runs: times })).times;
    }, { build: flavour, size: SIZE, times: runs });
    for (const flavour of ['relaxed', 'cpu']) {
      const times = await ours(flavour);
      const reached = FLOP / median(times) / 1e6;
      table.add(`CPU kernel, one thread, ${flavour === 'relaxed' ? 'relaxed SIMD' : 'SIMD'}, 132 x 768 x 50,257`, of(times, rate), {
        goal: `${GOALS[flavour]} GFLOP/s`, reached: reached >= GOALS[flavour],
      });
      table.numbers[`kernel_${flavour}`] = times;
    }
    const theirs = await page.evaluate(async ({ base, size }) => {
      const { timeOrt } = await import(new URL('peers/ort.mjs', location.href).href);
      return timeOrt(new URL(base, location.href).href, size);
    }, { base: ort, size: { ...SIZE, runs } });
    table.add('onnxruntime-web, wasm, one thread, the same product', of(theirs, rate));
    table.numbers.onnxruntime = theirs;
  });
}
