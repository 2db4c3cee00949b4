/** The CPU engine's matrix product, one thread, timed. */
import { coded, errorFrom } from '../errors.js';
import { median } from './numbers.js';

/** GPT-2 small's product for one head: 132 pairs, width 768, all tokens. */
export const FULL_SIZE = { m: 132, k: 768, n: 50_257 };
/** The plain loops get fewer columns, or they would take minutes. */
export const TWIN_SIZE = { m: 132, k: 768, n: 1_024 };

/**
 * @param {'cpu'|'relaxed'} flavour which build
 * @param {{m: number, k: number, n: number}} size `[m, k] x [k, n]`
 * @param {object} [options]
 * @param {number} [options.runs] @param {boolean} [options.twin] the plain loops instead
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<{flavour, twin, size, times: number[], gflops: number}>} times in ms; gflops of their median
 */
export async function timeProduct(flavour, size, { runs = 5, twin = false, signal } = {}) {
  const worker = new Worker(new URL('./kernel-worker.js', import.meta.url), { type: 'module' });
  try {
    const times = await new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      worker.onmessage = ({ data }) => (data.error ? reject(errorFrom(data.error)) : resolve(data.times));
      worker.onerror = (e) => {
        e.preventDefault?.();
        reject(coded('WorkerDied', `The benchmark's worker could not run (${e.message || 'its script did not load'}).`));
      };
      worker.postMessage({ flavour, ...size, runs, twin });
    });
    return { flavour, twin, size, times, gflops: (2 * size.m * size.k * size.n) / median(times) / 1e6 };
  } finally {
    worker.terminate();
  }
}
