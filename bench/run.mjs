/**
 * `npm run bench`: measures, side by side and in one run, and prints a table.
 *
 *   node bench/run.mjs [--only cpu,kernel,…] [--runs 3] [--shapes small,medium] [--json FILE] [--plot docs/growth]
 *
 * Parts: kernel cpu webgpu webgpu-kernel numpy exact exact-webgpu relations run run-webgpu growth. Without --only all of
 * them run.
 * Ends with an error when a number is wrong or a part did not run; a goal that is missed is only said.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Failure, main, say } from '../scripts/lib/run.mjs';
import { growthPlot } from './lib/plot.mjs';
import { openSite } from './lib/site.mjs';
import { Table, machine, noteLoad } from './lib/table.mjs';
import { exact, figure } from './parts/figure.mjs';
import { growth } from './parts/growth.mjs';
import { kernel } from './parts/kernel.mjs';
import { numpy } from './parts/numpy.mjs';
import { relations } from './parts/relations.mjs';
import { run } from './parts/run.mjs';
import { webgpuKernel } from './parts/webgpu-kernel.mjs';

const MINUTE = 60_000;
/** In order: numpy looks at what the engines gave. */
const PARTS = {
  kernel: { run: kernel, limitMs: 3 * MINUTE },
  cpu: { run: figure, backend: 'cpu', limitMs: 5 * MINUTE },
  webgpu: { run: figure, backend: 'webgpu', limitMs: 15 * MINUTE },
  'webgpu-kernel': { run: webgpuKernel, limitMs: 10 * MINUTE },
  numpy: { run: numpy, limitMs: 6 * MINUTE },
  exact: { run: exact, backend: 'cpu', limitMs: 5 * MINUTE },
  'exact-webgpu': { run: exact, backend: 'webgpu', limitMs: 15 * MINUTE },
  relations: { run: relations, limitMs: 6 * MINUTE },
  run: { run, backend: 'cpu', limitMs: 6 * MINUTE },
  'run-webgpu': { run, backend: 'webgpu', limitMs: 15 * MINUTE },
  growth: { run: growth, limitMs: 10 * MINUTE },
};

main(async () => {
  const { values } = parseArgs({ options: {
    only: { type: 'string', default: Object.keys(PARTS).join(',') }, runs: { type: 'string', default: '3' },
    shapes: { type: 'string', default: 'small,medium' }, json: { type: 'string' }, plot: { type: 'string' },
  } });
  const wanted = values.only.split(',');
  const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length) throw new Failure(`no such part: ${unknown.join(', ')} (there are ${Object.keys(PARTS).join(', ')})`);
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > 99) throw new Failure(`${values.runs} is no number of runs`);

  const table = new Table();
  const context = { site: await openSite(), figure: { cpu: {}, webgpu: {} }, browser: 'unknown' };
  for (const [name, { run: part, ...options }] of Object.entries(PARTS).filter(([n]) => wanted.includes(n))) {
    say(`measuring: ${name}`);
    noteLoad();
    try {
      await part(table, context, { runs, shapes: values.shapes.split(','), ...options });
    } catch (error) {
      table.add(name, `not measured: ${error.message.split('\n')[0]}`);
      table.wrong.push(`${name} was not measured (${error.message.split('\n')[0]})`);
    }
  }
  await context.site.close();

  console.log(`\nMeasured ${machine(context.browser)}. Medians of ${runs}, all values in brackets.\n\n${table.markdown()}\n`);
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ lines: table.lines, numbers: table.numbers }, null, 1)}\n`);
  if (values.plot && table.numbers.growth) {
    writeFileSync(`${values.plot}.svg`, growthPlot(table.numbers.growth));
    writeFileSync(`${values.plot}.json`, `${JSON.stringify(table.numbers.growth, null, 1)}\n`);
  }
  if (table.wrong.length) throw new Failure(`the benchmark found what must not be: ${table.wrong.join('; ')}`);
});
