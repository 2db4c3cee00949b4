/**
 * The vocabulary spread over workers, each holding the only copy of its part of the embedding.
 * No shared memory: a static host is not cross-origin isolated.
 */
import { AnyWorker } from './any-worker.js';
import { coded, errorFrom } from './errors.js';

/** More workers than this no longer help: the rows that are raced are few. */
const MOST = 8;
/** Bytes of a message that brings rows; what a worker has to hold beside its part. */
const MESSAGE = 1 << 20;
/** Bytes that the workers have not taken in yet, above which nobody may read on: a fast line must not pile them up. */
export const UNTAKEN = 4 << 20;

/** @returns {number} how many workers an embedding is spread over */
export const shardCount = () => Math.min(MOST, Math.max(1, globalThis.navigator?.hardwareConcurrency ?? 1));

export class Shards {
  #parts = [];
  #d;
  /** How often rows were counted. */
  #counted = 0;

  /**
   * @param {number} nVocab @param {number} d width of the model
   * @param {'cpu'|'relaxed'} flavour the wasm build, the same as the caller's: equal bits
   */
  constructor(nVocab, d, flavour, count = shardCount()) {
    this.#d = d;
    /** Called when the embedding is given up. */
    this.onclose = () => {};
    const ports = between(count);
    for (let i = 0; i < count; i++) {
      const first = Math.floor((i * nVocab) / count);
      const end = Math.floor(((i + 1) * nVocab) / count);
      this.#parts.push(new Part(first, end, d, flavour, ports[i]));
    }
  }

  /** @param {number} firstRow token id @param {Float32Array} rows `[n, d]`, which are given away */
  write(firstRow, rows) {
    const end = firstRow + rows.length / this.#d;
    for (const part of this.#parts) {
      const from = Math.max(part.first, firstRow);
      const to = Math.min(part.end, end);
      if (from === firstRow && to === end && rows.byteLength <= MESSAGE) {
        part.write(firstRow, rows);
        return;
      }
      const step = Math.max(1, Math.floor(MESSAGE / (4 * this.#d)));
      for (let first = from; first < to; first += step) {
        part.write(first, rows.slice((first - firstRow) * this.#d, (Math.min(first + step, to) - firstRow) * this.#d));
      }
    }
  }

  /** Bytes that were written and not yet taken in. */
  get untaken() {
    return this.#parts.reduce((sum, part) => sum + part.untaken, 0);
  }

  /** Resolves when at most {@link UNTAKEN} bytes are still to be taken in; rejects with what broke a worker. */
  async room() {
    while (this.untaken > UNTAKEN) await Promise.race(this.#parts.map((part) => part.taken).filter(Boolean));
  }

  /** @param {Uint32Array} ids @returns {Promise<Float32Array>} `[ids.length, d]` */
  async rows(ids) {
    const out = new Float32Array(ids.length * this.#d);
    await Promise.all(this.#parts.map(async (part) => {
      const where = [...ids.keys()].filter((i) => ids[i] >= part.first && ids[i] < part.end);
      if (!where.length) return;
      const rows = await part.ask('rows', { ids: Uint32Array.from(where, (i) => ids[i]) });
      where.forEach((i, n) => out.set(rows.subarray(n * this.#d, (n + 1) * this.#d), i * this.#d));
    }));
    return out;
  }

  /** x W_U. @param {Float32Array} x `[n, d]` @returns {Promise<Float32Array>} `[n, nVocab]` */
  async logits(x) {
    const n = x.length / this.#d;
    const nVocab = this.#parts.at(-1).end;
    const out = new Float32Array(n * nVocab);
    await Promise.all(this.#parts.map(async (part) => {
      const own = await part.ask('logits', { x });
      const width = part.end - part.first;
      for (let i = 0; i < n; i++) out.set(own.subarray(i * width, (i + 1) * width), i * nVocab + part.first);
    }));
    return out;
  }

  /** Every part counts the rows against its own tokens, and hears what the others have counted. @returns {Promise<Uint32Array>} sums */
  async count(entrants) {
    const meeting = this.#parts.length > 1 ? ++this.#counted : 0;
    const rows = { y: entrants.y, targets: entrants.targets, k: entrants.k, z: entrants.z, suspicious: entrants.suspicious, heads: entrants.heads, v: entrants.v, wO: entrants.w_o, meeting };
    entrants.free();
    const answers = await Promise.all(this.#parts.map((part) => part.ask('count', rows).catch((e) => {
      // One that broke down cannot say it: the others wait for it no longer.
      for (const each of this.#parts) each.post('end', { meeting });
      throw e;
    })));
    const n = rows.targets.length;
    const sum = new Uint32Array(3 * n + 4);
    for (const words of answers) for (let i = 0; i < 3 * n; i++) sum[i] += words[i];
    for (const at of [3 * n, 3 * n + 2]) {
      const work = answers.reduce((all, words) => all + BigInt(words[at]) + (BigInt(words[at + 1]) << 32n), 0n);
      sum[at] = Number(work & 0xffffffffn);
      sum[at + 1] = Number(work >> 32n);
    }
    return sum;
  }

  /** Stops what is being counted; its promises reject with AbortError. */
  cancel() {
    for (const part of this.#parts) part.post('cancel', {});
  }

  /** Ends the workers and frees the embedding. */
  close() {
    for (const part of this.#parts) part.close();
    this.onclose();
  }

  /** @returns {Promise<number[]>} bytes of each worker's wasm heap */
  heaps() {
    return Promise.all(this.#parts.map((part) => part.ask('heap', {})));
  }
}

/** Each part's ports to all others, in the order of the parts. */
function between(count) {
  const ports = Array.from({ length: count }, () => []);
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const { port1, port2 } = new MessageChannel();
      ports[i].push(port1);
      ports[j].push(port2);
    }
  }
  return ports;
}

/** One worker and the calls under way in it. */
class Part {
  #worker;
  #calls = new Map();
  #next = 1;
  #failure = null;
  /** Messages of rows that were not taken in yet, in order. */
  #writes = [];
  /** Bytes of them. */
  untaken = 0;

  constructor(first, end, d, flavour, ports) {
    this.first = first;
    this.end = end;
    this.#worker = new AnyWorker(new URL('./shard-worker.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }) => {
      if (!data.id) return this.#fail(errorFrom(data.error));
      // What was asked before a failure has been answered by it.
      const call = this.#calls.get(data.id);
      if (!call) return undefined;
      const { resolve, reject } = call;
      this.#calls.delete(data.id);
      return data.error ? reject(errorFrom(data.error)) : resolve(data.value);
    };
    this.#worker.onerror = (e) => {
      e.preventDefault?.();
      this.#fail(coded('WorkerDied', `A part of the computation could not run (${e.message || 'its script did not load'}). Reload the page.`));
    };
    this.post('start', { first, n: end - first, d, flavour, ports }, 0, ports);
  }

  #fail(error) {
    this.#failure = error;
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
  }

  /** Sends without waiting; a failure is told to whoever asks next. */
  post(method, data, id = 0, transfer = []) {
    this.#worker.postMessage({ id, method, data }, transfer);
  }

  ask(method, data, transfer) {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#calls.set(id, { resolve, reject });
      this.post(method, data, id, transfer);
    });
  }

  /** Sends rows, which are given away; a failure is told to whoever asks next. */
  write(first, rows) {
    const { byteLength } = rows;
    this.untaken += byteLength;
    const taken = this.ask('write', { first, rows }, [rows.buffer]).then(() => {
      this.untaken -= byteLength;
      this.#writes.shift();
    });
    taken.catch((error) => { this.#failure ??= error; });
    this.#writes.push(taken);
  }

  /** Resolves when the message that waits longest is taken in. */
  get taken() {
    return this.#writes[0];
  }

  close() {
    this.#worker.terminate();
    this.#fail(coded('WorkerDied', 'This model was closed.'));
  }
}
