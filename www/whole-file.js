/**
 * SHA-256 of a whole file, in a worker of its own, only while nothing else is to be done.
 */
import { AnyWorker } from './any-worker.js';
import { aborted, coded, errorFrom } from './errors.js';

/** Pieces on their way to the worker: one is hashed while the next is read. */
const UNDERWAY = 2;

/**
 * @param {AsyncIterable<Uint8Array>} pieces of the file in order; their buffers are given away
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {() => Promise<void>} [options.idle] waited for before each piece
 * @param {(bytes: number) => void} [options.hashed] told of all bytes so far
 * @returns {Promise<string>} 64 hexadecimal digits
 */
export async function hashOf(pieces, { signal, idle = async () => {}, hashed = () => {} }) {
  const worker = new AnyWorker(new URL('./hash-worker.js', import.meta.url), { type: 'module' });
  const answers = [];
  const broken = new Promise((_, reject) => {
    worker.onerror = (e) => {
      e.preventDefault?.();
      reject(coded('WorkerDied', `The file could not be checked (${e.message || 'the script for it did not load'}). Reload the page.`));
    };
    signal.addEventListener('abort', () => reject(aborted()), { once: true });
  });
  broken.catch(() => {});
  worker.onmessage = ({ data }) => answers.shift()(data);
  const ask = (message, transfer = []) => {
    const answer = new Promise((resolve) => { answers.push(resolve); });
    worker.postMessage(message, transfer);
    return Promise.race([answer, broken]).then((data) => {
      if (data.error) throw errorFrom(data.error);
      return data.sha256;
    });
  };
  try {
    if (signal.aborted) throw aborted();
    let bytes = 0;
    const underway = [];
    for await (const piece of pieces) {
      await Promise.race([idle(), broken]);
      const { length } = piece;
      const one = ask({ piece }, [piece.buffer]);
      one.catch(() => {});
      underway.push(one);
      if (underway.length >= UNDERWAY) await underway.shift();
      bytes += length;
      hashed(bytes);
    }
    return await ask({ end: true });
  } finally {
    worker.terminate();
  }
}
