/** The whole figure, timed through the library. */
import { median } from './numbers.js';

/**
 * Scores `runs` times and keeps the last result.
 * @param {object} model of the library, already scored once when its weights are to be at hand
 * @param {{name: string, pairs: [string, string][], k: number}[]} relations
 * @param {{runs?: number, signal?: AbortSignal, onRun?: (done: number) => void}} [options]
 * @returns {Promise<{seconds: number[], median: number, result: object}>}
 */
export async function timeFigure(model, relations, { runs = 3, signal, onRun } = {}) {
  const seconds = [];
  let result;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    result = await model.scoreRelations(relations, { signal });
    seconds.push((performance.now() - start) / 1000);
    onRun?.(i + 1);
  }
  return { seconds, median: median(seconds), result };
}
