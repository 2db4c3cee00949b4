/**
 * A score while memory is looked at again and again. Only pages that are isolated may ask the browser how much they and
 * their workers hold, and only with the flag it answers at once.
 */
export const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
export const AT_ONCE = '--enable-blink-features=ForceEagerMeasureMemory';

/**
 * Runs in the page.
 * @param {{base: string, name: string, pairs: [string, string][], most?: number}} ask most: layers after which it is cancelled
 * @returns {Promise<object>} `{ notices, plan, info, layers, ended, seconds, kept, idle, rest, peak, looks }`: `rest` (the model is open) and
 *   `peak` (the most during the job) are `{ javascript, worker, shards }` in bytes, `idle` is JavaScript's before anything was loaded
 */
export async function scoreWatched({ base, name, pairs, most = Infinity }) {
  const javascript = async () => (await performance.measureUserAgentSpecificMemory()).bytes;
  const idle = await javascript();
  const { createAnalyzer } = await import(new URL('headmap.js', document.baseURI).href);
  const notices = [];
  const analyzer = await createAnalyzer({ backend: 'cpu', onNotice: (text) => notices.push(text) });
  const opened = await analyzer.loadModel({ kind: 'url', base, kindOfSource: 'mirror', name });
  const plan = await opened.plan();
  const rest = { javascript: await javascript(), ...(await analyzer.heapBytes()) };
  const peak = { javascript: 0, worker: 0, shards: [] };
  const look = async () => {
    const heaps = await analyzer.heapBytes();
    // The line stands still meanwhile: what is allocated while the browser counts passes for held.
    await analyzer.pause();
    peak.javascript = Math.max(peak.javascript, await javascript());
    await analyzer.resume();
    peak.worker = Math.max(peak.worker, heaps.worker);
    if (heaps.shards.length) peak.shards = heaps.shards.map((bytes, i) => Math.max(bytes, peak.shards[i] ?? 0));
  };
  let over = false;
  let looks = 0;
  const watching = (async () => {
    for (; !over; looks += 1) await look();
  })();
  const start = performance.now();
  const layers = [];
  const abort = new AbortController();
  const ended = await opened.scoreRelation({ name: 'pairs', pairs, k: 1 }, {
    signal: abort.signal,
    onLayer: ({ layer, hits }) => {
      layers.push({ layer, hits: [...hits] });
      if (layers.length === most) abort.abort();
    },
  }).then(() => 'whole', (e) => e.name);
  const seconds = (performance.now() - start) / 1000;
  over = true;
  await watching;
  await look();
  return { notices, plan, info: opened.info, layers, ended, seconds, kept: await analyzer.kept(), idle, rest, peak, looks };
}
