import { aborted } from '../errors.js';

/** Tries after the first. */
const ATTEMPTS = 3;
/** The first pause; each next is twice as long. */
const PAUSE_MS = 300;
/** A server's Retry-After is believed up to here. */
const LONGEST_PAUSE_MS = 20_000;

/** @returns {boolean} whether the same request may go through a moment later */
export function retryable(error) {
  if (error.name === 'SourceStatus') return error.status === 429 || error.status >= 500;
  return error.name === 'SourceTruncated' || error.name === 'SourceUnreachable';
}

/**
 * Waits before the next try.
 * @param {number} attempt 0 for the first failure @param {number} [retryAfter] seconds
 * @returns {Promise<boolean>} false when it was the last try
 */
export async function backoff(attempt, retryAfter, signal) {
  if (attempt >= ATTEMPTS - 1) return false;
  const pause = Math.min(retryAfter ? retryAfter * 1000 : PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  await new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, pause);
    signal?.addEventListener('abort', () => { clearTimeout(timer); reject(aborted()); }, { once: true });
    if (signal?.aborted) { clearTimeout(timer); reject(aborted()); }
  });
  return true;
}
