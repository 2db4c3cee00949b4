/**
 * Weights from an address as a byte source: kept chunks from the disk, the others from the line, a few requests at a
 * time in the order in which the job will read, each chunk checked before it is used.
 */
import { aborted, coded } from '../errors.js';
import { completeFile } from './complete.js';
import { HELD, Held } from './held.js';
import { Lanes } from './lanes.js';
import { LineNews } from './line-news.js';
import { checkPinned } from './manifest.js';
import { chunkOf, chunksOf, requestsFor } from './partition.js';
import { retrying } from './retry.js';

export class WeightSource {
  kind = 'url';
  /** Grows with every chunk that comes. */
  version = 0;
  #held = new Held();
  #lanes = new Lanes();
  #queue = [];
  #running = new Set();
  #waiting = new Map();
  #failed = null;
  /** The kept chunk in which the last read ended, `{ i, bytes }`: the next one mostly begins there, and to read it is to hash it. */
  #begun = null;
  #news;
  #onPause;

  /**
   * @param {object} parts
   * @param {import('./http.js').HttpFile} parts.file whose size and tag are known
   * @param {object} parts.store of keep.js
   * @param {number[]} parts.starts of partition.js
   * @param {Uint8Array} parts.head the first bytes, at least the whole header
   * @param {Map<number, Uint8Array>} [parts.pins] SHA-256 of chunks that are known beforehand, by start
   * @param {string|null} [parts.promised] SHA-256 of the whole file, by its manifest
   * @param {object} parts.host `{ signal(), news(n), notice(text), gate: {open: boolean, wait()} }`
   * @param {number} [parts.requestBytes]
   */
  constructor({ file, store, starts, head, pins = new Map(), promised = null, host, requestBytes }) {
    Object.assign(this, { file, store, starts, head, pins, promised, host, requestBytes, name: file.name, size: file.size });
    this.#news = new LineNews(host);
    this.#onPause = () => {
      this.#lanes.rest();
      if (!this.#news.isOver) this.#tell(true);
    };
    host.gate?.listeners.add(this.#onPause);
  }

  #length(i) {
    return this.starts[i + 1] - this.starts[i];
  }

  #kept(i) {
    return this.store.has(this.starts[i], this.#length(i));
  }

  /** @returns {{bytes: number, here: number}} bytes that reading `ranges` needs, and how many of them are kept */
  plan(ranges) {
    let [bytes, here] = [0, 0];
    for (const i of chunksOf(this.starts, ranges)) {
      bytes += this.#length(i);
      if (this.#kept(i)) here += this.#length(i);
    }
    return { bytes, here };
  }

  /** A job begins, which will read `ranges` in this order. */
  expect(ranges) {
    this.#failed = null;
    this.#begun = null;
    this.#held.clear();
    this.#lanes.rest();
    const wanted = chunksOf(this.starts, ranges);
    const missing = wanted.filter((i) => !this.#kept(i));
    const sum = (chunks) => chunks.reduce((bytes, i) => bytes + this.#length(i), 0);
    this.#news.begin(sum(missing), sum(wanted) - sum(missing));
    this.#queue = requestsFor(this.starts, missing.filter((i) => !this.#coming(i)), this.requestBytes);
    this.#tell(true);
    this.#pump();
  }

  /** @returns {Promise<Uint8Array>} exactly `length` bytes from `offset` */
  async read(offset, length) {
    const end = offset + length;
    if (end > this.size) throw coded('SourceTruncated', `${this.name} has ${this.size} bytes but ${end} are needed: it is cut off.`);
    if (end <= this.head.length) return this.head.slice(offset, end);
    const out = new Uint8Array(length);
    const [first, last] = [chunkOf(this.starts, offset), chunkOf(this.starts, end - 1)];
    const chunks = [];
    // What is kept and wanted whole is read to its place: nothing is held twice.
    const place = (i) => (this.starts[i] >= offset && this.starts[i + 1] <= end ? out.subarray(this.starts[i] - offset, this.starts[i + 1] - offset) : undefined);
    for (let i = first; i <= last; i += 1) chunks.push(this.#chunk(i, place(i)));
    for (const one of chunks) one.catch(() => {}); // the first failure is enough
    for (let i = first; i <= last; i += 1) {
      const from = this.starts[i];
      const bytes = await chunks.shift();
      if (bytes.buffer !== out.buffer) out.set(bytes.subarray(Math.max(offset - from, 0), end - from), Math.max(from - offset, 0));
      if (this.starts[i + 1] <= end) this.#held.delete(i);
      this.#begun = this.starts[i + 1] > end && !this.#held.get(i) ? { i, bytes } : null;
    }
    this.#pump();
    return out;
  }

  async #chunk(i, place) {
    const held = this.#held.get(i) ?? (this.#begun?.i === i ? this.#begun.bytes : null);
    if (held) return held;
    if (this.#kept(i)) {
      const bytes = await this.store.get(this.starts[i], this.#length(i), place);
      if (bytes) return bytes;
      this.host.notice(`A part of ${this.name} on this computer's disk was damaged (its SHA-256 is another than when it came). That part alone, ${this.#length(i)} bytes, is fetched again.`);
      this.#news.more(this.#length(i));
    }
    if (this.host.signal()?.aborted) throw aborted();
    if (!this.#waiting.has(i)) {
      const one = {};
      one.promise = new Promise((resolve, reject) => Object.assign(one, { resolve, reject }));
      one.promise.catch(() => {});
      this.#waiting.set(i, one);
    }
    const { promise } = this.#waiting.get(i);
    this.#demand(i);
    return promise;
  }

  /** Whether a request under way will still deliver chunk `i`. */
  #coming(i) {
    return [...this.#running].some((r) => i >= r.at && i <= r.last && !r.signal?.aborted);
  }

  /** Sees to it that somebody will deliver chunk `i`, before all others. */
  #demand(i) {
    if (this.#coming(i)) return;
    if (this.#failed) {
      this.#reject(this.#failed);
      return;
    }
    const at = this.#queue.findIndex((r) => i >= r.first && i <= r.last);
    const [request] = at < 0 ? [{ first: i, last: i }] : this.#queue.splice(at, 1);
    this.#start(request);
  }

  /** Starts what may start. Where nothing is kept, no more is fetched than memory may hold. */
  #pump() {
    while (this.#queue.length && !this.#failed && !this.host.signal()?.aborted) {
      const coming = [...this.#running].reduce((bytes, r) => bytes + this.starts[r.last + 1] - this.starts[r.at], 0);
      if (!this.#lanes.may(this.#running.size, coming - this.#parts())) return;
      if (!this.store.keeps && this.#running.size && this.#held.bytes + coming > HELD) return;
      if (!this.store.keeps && this.#held.isFull) return;
      this.#start(this.#queue.shift());
    }
  }

  /** Bytes of chunks that are not whole yet. */
  #parts() {
    return [...this.#running].reduce((bytes, r) => bytes + r.part, 0);
  }

  #start(request) {
    Object.assign(request, { at: request.first, part: 0, signal: this.host.signal() });
    this.#running.add(request);
    this.#run(request).then(() => null, (e) => e).then((error) => {
      this.#running.delete(request);
      if (error) {
        if (error.name !== 'AbortError') this.#failed ??= error;
        this.#reject(error);
      }
      this.#tell(this.#running.size === 0);
      this.#pump();
    });
  }

  /** Tells everyone who waits for a chunk that nobody will deliver now. */
  #reject(error) {
    for (const [i, one] of this.#waiting) {
      if (this.#coming(i)) continue;
      this.#waiting.delete(i);
      one.reject(error);
    }
  }

  async #run(request) {
    const { signal } = request;
    const { job } = this.#news;
    let putting = Promise.resolve();
    const attempt = async () => {
      const from = this.starts[request.at];
      let chunk = new Uint8Array(this.#length(request.at));
      let filled = 0;
      const each = async (piece) => {
        for (let used = 0; used < piece.length;) {
          const n = Math.min(chunk.length - filled, piece.length - used);
          chunk.set(piece.subarray(used, used + n), filled);
          [filled, used] = [filled + n, used + n];
          if (filled < chunk.length) break;
          const i = request.at;
          await checkPinned(chunk, this.starts[i], this);
          await putting; // one at a time: the line waits for the disk, memory stays bounded
          // Nothing may come between: a chunk that is neither coming nor held would be fetched again.
          request.at += 1;
          putting = this.#arrived(i, chunk);
          this.#news.came(chunk.length, job);
          filled = 0;
          request.part = 0;
          if (request.at <= request.last) chunk = new Uint8Array(this.#length(request.at));
        }
        request.part = filled;
        this.#lanes.came(piece.length, this.#running.size);
        this.#tell(false);
        this.#pump();
      };
      await this.file.stream(from, this.starts[request.last + 1] - from, { signal, each, gate: () => this.host.gate?.wait(signal) });
    };
    try {
      await retrying(attempt, { signal, reached: () => request.at, waiting: (why) => { this.#news.waits(why); this.#tell(true); } });
    } finally {
      await putting;
    }
  }

  async #arrived(i, bytes) {
    this.version += 1;
    const one = this.#waiting.get(i);
    this.#held.add(i, bytes); // also on its way to the disk, or a reader would fetch it again
    this.#waiting.delete(i);
    one?.resolve(bytes);
    if (!this.store.keeps) return;
    try {
      await this.store.put(this.starts[i], bytes);
      if (!one && this.#held.isFull && this.#kept(i)) this.#held.delete(i);
    } catch (e) {
      this.store.keeps = false;
      this.host.notice(e.name === 'QuotaExceededError'
        ? `This browser gives the page no more room to keep weights. ${this.name} goes on in memory; what is kept so far stays. Delete models under "Weights kept here" to make room.`
        : `${this.name} can no longer be kept on this computer (${e.message}). It goes on in memory.`);
    }
  }

  #tell(now) {
    this.#news.tell(now, () => this.#parts());
  }

  /** The job is done: says so in what is kept. @returns {Promise<boolean>} whether a model became complete just now */
  async finish() {
    this.#begun = null;
    if (!this.store.keeps || !this.meta) return false;
    const first = !this.meta.complete;
    this.meta = { ...this.meta, complete: true, used: new Date().toISOString() };
    try {
      await this.store.setMeta(this.meta);
    } catch {
      return false; // deleted meanwhile; the next visit fetches again
    }
    return first;
  }

  /** The whole file, where all of it is here, see complete.js. */
  whole() {
    return completeFile(this);
  }

  /** Keeps the hash of the whole file beside the chunks that it was made of. */
  async remember(sha) {
    const of = await this.store.fingerprint?.();
    if (!of || !this.meta || this.meta.whole?.of === of) return;
    this.meta.whole = { sha256: sha, of };
    await this.store.setMeta(this.meta);
  }

  close() {
    this.host.gate?.listeners.delete(this.#onPause);
    this.release?.();
  }
}
