/** Sending a part of a file: counted, at a rate, with the faults that lie in the body. */
import { open } from 'node:fs/promises';
import { once } from 'node:events';

const PIECE = 64 * 1024;
/** Between the last byte and a cut: a browser drops what it has received but not yet handed over when the cut comes with it. */
const HANDED_OVER_MS = 250;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A line that all connections share, in bytes a second (0: as fast as it goes). */
export class Line {
  #free = 0;

  constructor(rate = 0) {
    this.rate = rate;
  }

  /** Resolves when `bytes` more may have passed. */
  async take(bytes) {
    if (!this.rate) return;
    const now = performance.now();
    this.#free = Math.max(now, this.#free) + (bytes / this.rate) * 1000;
    const wait = this.#free - now;
    if (wait > 1) await sleep(wait);
  }
}

/**
 * Writes bytes `start` to `end` (inclusive) of a file as the response's body and ends it.
 * @param {(bytes: number) => void} count is told of each piece that was written
 * @param {Map<string, number | undefined>} faults
 */
export async function sendBody(response, file, { start, end }, { line, count, faults }) {
  const length = end - start + 1;
  const half = Math.floor(length / 2);
  const limit = (kind) => (faults.has(kind) ? Math.min(faults.get(kind) ?? half, length) : Infinity);
  const cut = limit('truncate');
  const stall = limit('stall');
  const flip = faults.has('flip') ? (faults.get('flip') ?? start + half) : -1;
  const own = new Line(faults.get('slow') ?? 0);

  const handle = await open(file, 'r');
  try {
    let sent = 0;
    while (sent < length && !response.destroyed) {
      const stop = Math.min(length, cut, stall);
      if (sent >= stop) {
        // Not destroyed: what was written has to arrive before the connection ends.
        if (stop === cut) {
          await sleep(HANDED_OVER_MS);
          response.socket?.end();
        }
        // A stalled body stays open until the client or the server's own end closes it.
        else await once(response, 'close');
        return;
      }
      const piece = Buffer.allocUnsafe(Math.min(PIECE, stop - sent));
      const { bytesRead } = await handle.read(piece, 0, piece.length, start + sent);
      if (bytesRead === 0) throw new Error(`${file} became shorter`);
      const at = flip - start - sent;
      if (at >= 0 && at < bytesRead) piece[at] ^= 0x10;
      await line.take(bytesRead);
      await own.take(bytesRead);
      if (response.destroyed) return;
      sent += bytesRead;
      count(bytesRead);
      if (!response.write(piece.subarray(0, bytesRead))) {
        const either = new AbortController();
        await Promise.race(['drain', 'close'].map((event) => once(response, event, { signal: either.signal })));
        either.abort();
      }
    }
    response.end();
  } finally {
    await handle.close();
  }
}
