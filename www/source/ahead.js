/** Bytes read from the disk before they are asked for. */
export const AHEAD = 4 << 20;

/**
 * Kept chunks that are read before they are asked for: the next ones are hashed, which is not this thread's work, while
 * the last ones are being worked on.
 */
export class Ahead {
  #order;
  #places;
  #chunks = new Map();

  /** @param {number[]} [order] the chunks of a job, in the order in which it will read them */
  constructor(order = []) {
    this.#order = order;
    this.#places = new Map(order.map((i, place) => [i, place]));
  }

  /** @returns {Promise<Uint8Array|null>|undefined} chunk `i`, which is not kept here any more; null: damaged */
  take(i) {
    const chunk = this.#chunks.get(i);
    this.#chunks.delete(i);
    return chunk;
  }

  /** Keeps a chunk of which the next read needs the end. */
  keep(i, bytes) {
    this.#chunks.set(i, Promise.resolve(bytes));
  }

  /**
   * Begins to read what follows chunk `i`.
   * @param {number} i
   * @param {(i: number) => Promise<Uint8Array|null>|null} read null when the chunk is not on the disk
   * @param {(i: number) => number} length
   */
  readOn(i, read, length) {
    const place = this.#places.get(i);
    if (place === undefined) return;
    let bytes = 0;
    for (const next of this.#order.slice(place + 1)) {
      bytes += length(next);
      if (bytes > AHEAD) return;
      if (this.#chunks.has(next)) continue;
      const chunk = read(next);
      if (!chunk) return;
      chunk.catch(() => {}); // whoever takes it hears of it
      this.#chunks.set(next, chunk);
    }
  }
}
