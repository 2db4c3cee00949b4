/** The benchmark page: the kernel and the whole figure on this machine. See docs/benchmarks.md. */
import { createAnalyzer } from '../headmap.js';
import { cpuFlavour } from '../wasm.js';
import { timeFigure } from './figure.js';
import { FULL_SIZE, TWIN_SIZE, timeProduct } from './kernel.js';
import { figure, rates } from './numbers.js';
import { copyBandwidth } from './memory.js';
import { Report } from './report.js';
import { drawRoofline } from './roofline.js';

export { timeProduct, timeFigure };

const site = (path) => new URL(path, document.baseURI).href;

/** What the page measures, in order; every step tells the report. */
async function measure(report, signal) {
  report.set('machine', { threads: navigator.hardwareConcurrency, browser: navigator.userAgent, date: new Date().toISOString() });
  const flavours = cpuFlavour() === 'relaxed' ? ['relaxed', 'cpu'] : ['cpu'];
  const kernel = [];
  for (const flavour of flavours) {
    report.say(`Timing the matrix product, ${flavour === 'relaxed' ? 'relaxed SIMD' : 'SIMD'} …`);
    kernel.push(await timeProduct(flavour, FULL_SIZE, { signal }));
    report.row(flavour === 'relaxed' ? 'Matrix product, one thread, relaxed SIMD' : 'Matrix product, one thread, SIMD', `${figure(kernel.at(-1).gflops)} GFLOP/s`);
  }
  report.say('Timing plain loops …');
  const twin = await timeProduct(flavours[0], TWIN_SIZE, { runs: 3, twin: true, signal });
  report.row('The same, plain loops', `${figure(twin.gflops)} GFLOP/s`);
  const bandwidth = copyBandwidth();
  report.row('Memory, copied', `${figure(bandwidth)} GB/s`);
  report.set('kernel', [...kernel, twin]);
  report.set('memory', { gigabytesPerSecond: bandwidth });

  const engines = [];
  for (const backend of ['cpu', 'webgpu']) {
    report.say(`Scoring the model that comes with the page, ${backend === 'cpu' ? 'CPU' : 'WebGPU'} …`);
    const measured = await timeEngine(backend, report, signal);
    if (measured) engines.push(measured);
  }
  report.set('engines', engines);
  const threads = Math.max(1, navigator.hardwareConcurrency ?? 1);
  drawRoofline(document.getElementById('roofline'), {
    peak: kernel[0].gflops * threads,
    bandwidth,
    points: points(kernel, engines),
  });
  report.done();
}

/** The figure of the bundled model; null (and a sentence) when this engine does not run here. */
async function timeEngine(backend, report, signal) {
  const analyzer = await createAnalyzer({ backend });
  try {
    if (analyzer.engine.backend !== backend) {
      report.row('WebGPU', analyzer.engine.note ?? 'does not run here');
      return null;
    }
    const model = await analyzer.loadModel({ kind: 'url', base: site('models/planted/'), kindOfSource: 'bundled', planted: true }, { signal });
    const { name, pairs } = await (await fetch(site('data/relations/name_copying.json'))).json();
    await model.scoreRelations([{ name, pairs, k: 1 }], { signal });
    const { seconds, median, result } = await timeFigure(model, [{ name, pairs, k: 1 }], { runs: 5, signal });
    const { done, full } = rates(result, median);
    const share = result.multiply_adds / result.full_projection_multiply_adds;
    const title = backend === 'cpu' ? 'CPU engine' : `WebGPU engine (${analyzer.engine.adapter ?? 'adapter without a name'})`;
    report.row(`${title}: name copying, ${result.relations[0].total} pairs, all heads`, `${figure(median * 1000)} ms`);
    const int8 = result.int8_multiply_adds / result.full_projection_multiply_adds;
    report.row(`${title}: share of the full projection that was computed`, `${figure(share * 100)} %${int8 > 0 ? `, ${figure(int8 * 100)} % in bytes` : ''}`);
    return { engine: analyzer.engine, model: result.model, seconds, share, gflops: done, fullGflops: full };
  } finally {
    analyzer.close();
  }
}

/** A product reads each operand once at best; a figure is placed where its product stands. */
function points(kernel, engines) {
  const { m, k, n } = FULL_SIZE;
  const intensity = (2 * m * k * n) / (4 * (m * k + k * n + m * n));
  return [
    ...kernel.map((t) => ({ name: `one thread, ${t.flavour === 'relaxed' ? 'relaxed SIMD' : 'SIMD'}`, intensity, gflops: t.gflops, colour: '#21918c' })),
    ...engines.flatMap(({ engine, gflops, fullGflops }) => [
      { name: `${engine.backend}, work done`, intensity, gflops, colour: '#3b528b' },
      { name: `${engine.backend}, as if all of it`, intensity, gflops: fullGflops, colour: '#d1495b' },
    ]),
  ];
}

function startPage(button) {
  let running = null;
  button.addEventListener('click', async () => {
    if (running) return running.abort(new DOMException('stopped', 'AbortError'));
    running = new AbortController();
    const report = new Report(document.getElementById('report'));
    button.textContent = 'Stop';
    try {
      await measure(report, running.signal);
    } catch (error) {
      report.say(error.name === 'AbortError' ? 'Stopped.' : error.message);
    } finally {
      running = null;
      button.textContent = 'Run again';
    }
  });
  button.disabled = false;
}

const button = document.getElementById('start');
if (button) startPage(button);
