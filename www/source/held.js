/** Bytes that wait in memory to be read, beside those on their way. */
export const HELD = 8 << 20;

/** Chunks that came and wait to be read, by number. */
export class Held {
  #chunks = new Map();
  /** Of all chunks together. */
  bytes = 0;

  get isFull() {
    return this.bytes > HELD;
  }

  get(i) {
    return this.#chunks.get(i);
  }

  add(i, bytes) {
    if (this.#chunks.has(i)) return;
    this.#chunks.set(i, bytes);
    this.bytes += bytes.length;
  }

  delete(i) {
    this.bytes -= this.#chunks.get(i)?.length ?? 0;
    this.#chunks.delete(i);
  }

  clear() {
    this.#chunks.clear();
    this.bytes = 0;
  }
}
