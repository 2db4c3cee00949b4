import { aborted } from '../errors.js';

/** Tries after which a request that brought nothing new is given up. */
const ATTEMPTS = 4;
/** The first pause; each next is twice as long. */
const PAUSE_MS = 300;
/** A server's Retry-After is believed up to here. */
const LONGEST_PAUSE_MS = 60_000;
/** Pauses from here on are said on the page. */
const TOLD_MS = 900;

/** @returns {boolean} whether the same request may go through a moment later */
export function retryable(error) {
  if (error.retry) return true;
  if (error.name === 'SourceStatus') return error.status === 429 || error.status >= 500;
  return error.name === 'SourceTruncated' || error.name === 'SourceUnreachable';
}

/** @returns {number|undefined} milliseconds that a Retry-After header asks for (seconds or a date) */
export function retryAfterMs(header, now = Date.now()) {
  if (!header) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return ms > 0 ? ms : undefined;
}

/** Resolves after `ms`; rejects with an AbortError at once when the signal says so. */
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(aborted());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The browser knows that there is no network: no use in asking before it is back. */
const isOffline = () => globalThis.navigator?.onLine === false;

async function untilOnline(signal) {
  // `online` is looked at too: some browsers do not send the event to workers.
  while (isOffline()) await sleep(250, signal);
}

/**
 * Runs `attempt` until it succeeds, fails for good, or failed {@link ATTEMPTS} times without getting further.
 * @template T
 * @param {() => Promise<T>} attempt
 * @param {object} options
 * @param {AbortSignal} [options.signal]
 * @param {() => number} [options.reached] how far it is: an attempt that got further does not count
 * @param {(text: string|null) => void} [options.waiting] why it waits, in words; null when it goes on
 * @returns {Promise<T>}
 */
export async function retrying(attempt, { signal, reached = () => 0, waiting = () => {} } = {}) {
  let failures = 0;
  for (;;) {
    const before = reached();
    try {
      return await attempt();
    } catch (e) {
      if (signal?.aborted) throw aborted();
      if (!retryable(e)) throw e;
      if (isOffline()) {
        waiting('This computer is offline. It goes on by itself when the network is back.');
        await untilOnline(signal);
      } else {
        failures = reached() > before ? 1 : failures + 1;
        if (failures >= ATTEMPTS) throw e;
        const pause = Math.min(e.retryAfterMs ?? PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
        if (pause >= TOLD_MS) waiting(`The server does not deliver just now. The next try is in ${Math.ceil(pause / 1000)} s.`);
        await sleep(pause, signal);
      }
      waiting(null);
    }
  }
}
