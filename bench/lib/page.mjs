/** What runs in the page: the library, with what it holds kept on `globalThis.bench` between calls. */

/** Starts an engine. @returns its name, adapter and note */
export const start = (page, backend) => page.evaluate(async (wanted) => {
  const { createAnalyzer } = await import(new URL('headmap.js', location.href).href);
  const analyzer = await createAnalyzer({ backend: wanted });
  globalThis.bench = { analyzer };
  return analyzer.engine;
}, backend);

/** Opens a model afresh and scores it. @returns {Promise<{seconds: number, result: object}>} from nothing to the figure */
export const fromAddress = (page, base, relations) => page.evaluate(async ({ path, asked }) => {
  const { analyzer, model: old } = globalThis.bench;
  await old?.close();
  const begun = performance.now();
  const model = await analyzer.loadModel({ kind: 'url', base: new URL(path, location.href).href, kindOfSource: 'mirror' });
  globalThis.bench.model = model;
  globalThis.bench.layers = [];
  const onLayer = ({ layer, relation }) => relation === 0 && globalThis.bench.layers.push([layer + 1, (performance.now() - begun) / 1000]);
  const result = asked ? await model.scoreRelations(asked, { onLayer }) : null;
  return { seconds: (performance.now() - begun) / 1000, result, info: model.info, layers: globalThis.bench.layers };
}, { path: base, asked: relations });

/** Scores with the weights at hand, `runs` times. */
export const atHand = (page, relations, runs) => page.evaluate(async ({ asked, times }) => {
  const { timeFigure } = await import(new URL('bench.js', location.href).href);
  const layers = [];
  const { seconds, result } = await timeFigure(globalThis.bench.model, asked, { runs: times });
  return { seconds, result, layers };
}, { asked: relations, times: runs });

/** The pairs that the open model keeps. */
export const kept = (page, pairs) => page.evaluate(async (all) => (await globalThis.bench.model.selectPairs(all)).kept, pairs);

/** Bytes of the wasm heaps: `{ worker, shards }`. */
export const heaps = (page) => page.evaluate(() => globalThis.bench.analyzer.heapBytes());
