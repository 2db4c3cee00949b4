/**
 * The WebGPU engine's kernel beside hand-written ones on the same adapter. The engine's own rate is taken from a score
 * in which nobody can leave the race (k is the whole vocabulary): 12 heads of 11 pairs a layer make products of 132 rows,
 * as the peers'. So head outputs, counting and reading back are in it, and in the peers' they are not.
 */
import { fromAddress, kept, start, atHand } from '../lib/page.mjs';
import { inBrowser, share } from '../lib/site.mjs';
import { gflops, median, of } from '../lib/table.mjs';
import { weights } from '../lib/weights.mjs';
import { names } from './figure.mjs';

const SIZE = { m: 132, k: 768, n: 50_257 };
const FLOP = 2 * SIZE.m * SIZE.k * SIZE.n;

export async function webgpuKernel(table, context, { runs, limitMs }) {
  const base = share(await weights('faint-small'), 'weights/faint-small');
  const peers = await inBrowser(context.site, { webgpu: true, limitMs }, (page) => page.evaluate(async (size) => {
    const { timeWgsl } = await import(new URL('peers/wgsl.mjs', location.href).href);
    return timeWgsl(size);
  }, { ...SIZE, runs }));
  const ours = await inBrowser(context.site, { webgpu: true, limitMs }, async (page) => {
    const engine = await start(page, 'webgpu');
    if (engine.backend !== 'webgpu') throw new Error(`the WebGPU engine does not run: ${engine.note}`);
    await fromAddress(page, base, null);
    const pairs = (await kept(page, names())).slice(0, 11).map(([s, t]) => [s, t]);
    const relations = [{ name: 'names', pairs, k: SIZE.n }];
    await atHand(page, relations, 1);
    const { seconds, result } = await atHand(page, relations, runs);
    return seconds.map((s) => (2 * result.multiply_adds) / s / 1e9);
  });
  const best = peers.map(({ name, times }) => ({ name, rate: FLOP / median(times) / 1e6, times })).sort((a, b) => b.rate - a.rate);
  const share_ = median(ours) / best[0].rate;
  table.add('WebGPU engine, everybody staying in the race', of(ours, gflops), { goal: `90 % of the best peer`, reached: share_ >= 0.9 });
  for (const { name, times } of best) table.add(`WGSL product by hand, ${name}`, of(times, (ms) => gflops(FLOP / ms / 1e6)));
  table.numbers.wgsl = { ours, peers };
}
