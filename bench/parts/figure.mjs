/** The whole figure on one engine: seconds, work, memory, bytes, and whether every number is right. */
import { join } from 'node:path';
import { root } from '../../scripts/lib/paths.mjs';
import { compare, different, golden } from '../lib/golden.mjs';
import { atHand, fromAddress, heaps, kept, start } from '../lib/page.mjs';
import { inBrowser, share } from '../lib/site.mjs';
import { gflops, median, megabytes, of, percent, seconds } from '../lib/table.mjs';
import { readJson, weights } from '../lib/weights.mjs';

export const names = () => readJson(join(root, 'www/data/relations/name_copying.json')).pairs;
export const NAME = { cpu: 'CPU engine', webgpu: 'WebGPU engine' };
/** k and the largest part of the full projection that may be computed. */
const WORK = [[1, 0.03], [10, 0.06]];
const MB = 1 << 20;

/** @param {{backend: 'cpu'|'webgpu', runs: number}} options */
export async function figure(table, context, { backend, runs, limitMs }) {
  const base = share(await weights('faint-small'), 'weights/faint-small');
  await inBrowser(context.site, { webgpu: backend === 'webgpu', limitMs }, async (page, browser) => {
    context.browser = browser.version();
    const engine = await start(page, backend);
    if (engine.backend !== backend) throw new Error(`the ${NAME[backend]} does not run: ${engine.note}`);
    const who = engine.adapter ? `${NAME[backend]} (${engine.adapter})` : NAME[backend];
    await fromAddress(page, base, null);
    const pairs = (await kept(page, names())).slice(0, 132).map(([s, t]) => [s, t]);
    const asked = (k) => [{ name: 'name copying', pairs, k }];

    const cold = [];
    let first;
    for (let i = 0; i < runs; i++) {
      first = await fromAddress(page, base, asked(1));
      cold.push(first.seconds);
    }
    table.add(`${who}: figure from weights over HTTP, k = 1`, of(cold, seconds));
    table.add('bytes read, of the file', `${percent(first.result.bytes_read / first.info.fileBytes)} (${megabytes(first.result.bytes_read)})`, {
      goal: 'at most 53 %', reached: first.result.bytes_read <= 0.53 * first.info.fileBytes,
    });
    const firsts = { 1: first.result, 10: (await fromAddress(page, base, asked(10))).result };
    // Opened again, so that nothing is known of k = 1 that was learned at k = 10.
    await fromAddress(page, base, asked(1));
    for (const [k, most] of WORK) {
      const { seconds: times, result } = await atHand(page, asked(k), runs);
      table.add(`${who}: figure, weights at hand, k = ${k}`, `${of(times, seconds)}, ${gflops((2 * result.multiply_adds) / median(times) / 1e9)}`);
      for (const [when, done] of [['first figure', firsts[k]], ['weights at hand', result]]) {
        const all = done.full_projection_multiply_adds;
        const [part, bytes] = [done.multiply_adds / all, done.int8_multiply_adds / all];
        table.add(`multiply-adds, of the full projection's, ${when}, k = ${k}`, bytes > 0 ? `${percent(part)}: ${percent(part - bytes)} in float32, ${percent(bytes)} in bytes` : percent(part), { goal: `at most ${percent(most)}`, reached: part <= most });
      }
      context.figure[backend][`k${k}`] = { seconds: times, result };
    }
    const { worker, shards } = await heaps(page);
    const most = 64 * MB;
    const fair = backend === 'cpu' ? (4 * first.info.nVocab * first.info.dModel) / Math.max(1, shards.length) : 0;
    table.add(`wasm heap of the worker${shards.length ? ', of its shards' : ''}`, [worker, ...shards].map(megabytes).join(', '), {
      goal: shards.length ? '64 MiB, and 64 MiB and a share of the embedding' : '64 MiB',
      reached: worker <= most && shards.every((b) => b <= most + fair),
    });
    await again(table, page, who, asked);
  });
}

/** The same run twice gives the same bytes. */
async function again(table, page, who, asked) {
  const runs = [await atHand(page, asked(1), 1), await atHand(page, asked(1), 1)];
  const [a, b] = runs.map(({ result }) => result.relations[0]);
  table.mustBeZero(`${who}: heads that differ between two runs`, different(a, b) + Number(JSON.stringify(a.pair_hits) !== JSON.stringify(b.pair_hits)), 2 * a.hits.flat().length);
}

/** Hits of both kinds against the reference, on the weights whose reference is kept in the repository. */
export async function exact(table, context, { backend, limitMs, name = 'graded-small' }) {
  const expected = golden(name);
  if (!expected) throw new Error(`tests/golden has no static-${name}.json`);
  const base = share(await weights(name), `weights/${name}`);
  await inBrowser(context.site, { webgpu: backend === 'webgpu', limitMs }, async (page) => {
    await start(page, backend);
    await fromAddress(page, base, null);
    const all = await kept(page, names());
    const ids = all.map(([, , s, t]) => [s, t]);
    if (JSON.stringify(ids) !== JSON.stringify(expected.relations.name_copying)) throw new Error(`the pairs kept are not those of static-${name}.json`);
    const pairs = all.map(([s, t]) => [s, t]);
    for (const k of [1, 10]) {
      const { seconds: s, result } = await fromAddress(page, base, [{ name: 'name copying', pairs, k }]);
      const wanted = expected.cases.find((c) => c.relation === 'name_copying' && c.k === k && c.preprocessing === 'first_mlp');
      const { outside, of: count } = compare(result.relations[0], wanted);
      table.mustBeZero(`${NAME[backend]}: numbers outside the reference's [lo, hi], ${name}, ${pairs.length} pairs, k = ${k} (${seconds(s)})`, outside, count);
    }
  });
}
