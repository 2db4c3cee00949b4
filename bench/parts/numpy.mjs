/** numpy's full projection on this machine, and what it says the numbers are. */
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Failure, run, say, which } from '../../scripts/lib/run.mjs';
import { compare } from '../lib/golden.mjs';
import { median, of, seconds } from '../lib/table.mjs';
import { benchCache, weights } from '../lib/weights.mjs';
import { NAME } from './figure.mjs';

const SCRIPT = new URL('../peers/numpy_full.py', import.meta.url).pathname;
const NUMPY = 'numpy==2.3.5';
/** These slow a current numpy where they are set for an old one. */
const UNSET = ['OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE'];
const GOAL = 7;

async function python() {
  const folder = join(benchCache, 'venv');
  const program = join(folder, 'bin/python');
  if (existsSync(join(folder, 'numpy-is-there'))) return program;
  const system = which('python3');
  if (!system) throw new Failure('python3 is not here: numpy is not measured');
  say('installing numpy into the cache folder, to measure against');
  await run(system, ['-m', 'venv', '--clear', folder]);
  await run(program, ['-m', 'pip', 'install', '--quiet', NUMPY]);
  writeFileSync(join(folder, 'numpy-is-there'), NUMPY);
  return program;
}

/** Runs after the engines: their results are checked here too. */
export async function numpy(table, context, { runs, limitMs }) {
  const folder = await weights('faint-small');
  const [any] = Object.values(context.figure).map((f) => f.k1).filter(Boolean);
  if (!any) throw new Failure('numpy is measured beside an engine: run cpu or webgpu with it');
  const pairs = join(benchCache, 'pairs.json');
  writeFileSync(pairs, JSON.stringify(any.result.relations[0].kept.map(([, , s, t]) => [s, t])));
  const env = { ...process.env };
  for (const name of UNSET) delete env[name];
  const { stdout } = await promisify(execFile)(await python(), [SCRIPT, folder, pairs, String(runs)], { env, timeout: limitMs, maxBuffer: 1 << 24 });
  const answer = JSON.parse(stdout);
  table.add(`numpy ${answer.numpy}, native, all threads: full projection`, of(answer.seconds, seconds));
  context.numpy = answer.seconds;
  for (const [backend, ours] of Object.entries(context.figure)) {
    if (!ours.k1) continue;
    const ratio = median(answer.seconds) / median(ours.k1.seconds);
    const goal = backend === 'cpu' ? GOAL : 1;
    table.add(`${NAME[backend]} against numpy`, `${ratio.toFixed(1)} times as fast`, { goal: `${goal} times`, reached: ratio >= goal });
    for (const k of [1, 10]) {
      const { outside, of: count } = compare(ours[`k${k}`].result.relations[0], answer.cases[k]);
      table.mustBeZero(`${NAME[backend]}: numbers outside numpy's float64 [lo, hi], 132 pairs, k = ${k}`, outside, count);
    }
  }
}
