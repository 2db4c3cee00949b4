/** Seconds and multiply-adds against pairs, layers and the size of the model. */
import { atHand, fromAddress, kept, start } from '../lib/page.mjs';
import { inBrowser, share } from '../lib/site.mjs';
import { median, percent, seconds } from '../lib/table.mjs';
import { weights } from '../lib/weights.mjs';
import { names } from './figure.mjs';

const PAIRS = [16, 33, 66, 132];

/** Slope of a straight line through the logarithms: 1 is linear. */
export function order(points) {
  const [x, y] = [points.map((p) => Math.log(p[0])), points.map((p) => Math.log(p[1]))];
  const mean = (v) => v.reduce((s, a) => s + a, 0) / v.length;
  const [mx, my] = [mean(x), mean(y)];
  return x.reduce((s, a, i) => s + (a - mx) * (y[i] - my), 0) / x.reduce((s, a) => s + (a - mx) ** 2, 0);
}

/** @param {{shapes: string[]}} options which of GPT-2's shapes, small first */
export async function growth(table, context, { runs, limitMs, shapes }) {
  const series = { pairs: [], layers: [], shapes: [] };
  for (const shape of shapes) {
    const name = `faint-${shape}`;
    const base = share(await weights(name), `weights/${name}`);
    await inBrowser(context.site, { limitMs }, async (page) => {
      await start(page, 'cpu');
      const { info } = await fromAddress(page, base, null);
      const all = (await kept(page, names())).slice(0, Math.max(...PAIRS)).map(([s, t]) => [s, t]);
      const asked = (n) => [{ name: 'name copying', k: 1, pairs: all.slice(0, n) }];
      const first = await fromAddress(page, base, asked(all.length));
      if (shape === shapes[0]) {
        // Layer 0 has other sources than the rest, so the line begins with layer 1.
        series.layers = first.layers.map(([n, s]) => ({ n, seconds: s - first.layers[0][1] })).slice(1);
        for (const n of PAIRS) {
          const { seconds: times, result } = await atHand(page, asked(n), runs);
          series.pairs.push({ n, seconds: median(times), multiply_adds: result.multiply_adds });
        }
      }
      const { seconds: times, result } = await atHand(page, asked(all.length), shape === 'small' || shape === 'medium' ? runs : 1);
      const full = result.full_projection_multiply_adds;
      series.shapes.push({
        n: info.nLayer * info.nHead, shape, d_model: info.dModel, seconds: median(times), from_address: first.seconds, multiply_adds: result.multiply_adds, full,
      });
      table.add(`CPU engine, GPT-2 ${shape}'s shape (${info.nLayer} x ${info.nHead} heads, width ${info.dModel}), 132 pairs, k = 1`,
        `${seconds(median(times))} with the weights at hand or read again, ${seconds(first.seconds)} from HTTP, ${percent(result.multiply_adds / full)} of the full projection`);
    });
  }
  const slopes = {
    'pairs, seconds': order(series.pairs.map((p) => [p.n, p.seconds])),
    'pairs, multiply-adds': order(series.pairs.map((p) => [p.n, p.multiply_adds])),
    'layers, seconds': order(series.layers.map((p) => [p.n, p.seconds])),
  };
  if (series.shapes.length > 1) slopes['full projection of the shape, multiply-adds'] = order(series.shapes.map((p) => [p.full, p.multiply_adds]));
  for (const [what, slope] of Object.entries(slopes)) {
    table.add(`growth with ${what}: exponent`, slope.toFixed(2), { goal: 'at most 1', reached: slope <= 1.05 });
  }
  table.numbers.growth = series;
}
