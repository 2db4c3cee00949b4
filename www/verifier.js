/**
 * Whether the files of open models are what they pass for: hashed whole, once, and never while a job runs.
 */
import { Gate } from './source/gate.js';
import { judge } from './source/verdict.js';
import { hashOf } from './whole-file.js';

export class Verifier {
  #published;
  #jobs = 0;
  #idle = new Gate();
  /** By the model's id: `{ abort, promise, told, seen }`. */
  #files = new Map();

  /** @param {object[]} published see `createAnalyzer` */
  constructor(published) {
    this.#published = published;
  }

  /** Runs a job; no file is hashed meanwhile. */
  async during(job) {
    this.#jobs += 1;
    this.#idle.pause();
    try {
      return await job();
    } finally {
      this.#jobs -= 1;
      if (this.#jobs === 0) this.#idle.resume();
    }
  }

  /**
   * @param {number} id of the model @param {object} source of its bytes @param {object} provenance
   * @param {(bytes: number) => void} [hashed] told of all bytes so far
   * @returns {Promise<{sha256: string, checked: string|null, problem: string|null}|null>} null: not all bytes are here
   */
  verify(id, source, provenance, hashed) {
    let file = this.#files.get(id);
    if (file?.seen && file.of === source.version) return Promise.resolve(file.seen);
    if (!file?.promise) {
      file = { abort: new AbortController(), listeners: new Set() };
      this.#files.set(id, file);
      file.promise = this.#look(file, source, provenance).finally(() => { file.promise = null; });
    }
    if (hashed) file.listeners.add(hashed);
    return file.promise;
  }

  async #look(file, source, provenance) {
    file.of = source.version;
    const whole = await source.whole?.();
    if (!whole) return null;
    let { sha256 } = whole;
    if (!sha256) {
      const hashed = (bytes) => file.listeners.forEach((hear) => hear(bytes));
      try {
        sha256 = await hashOf(whole.pieces, { signal: file.abort.signal, idle: () => this.#idle.wait(file.abort.signal), hashed });
      } catch (e) {
        if (e.name === 'NotWhole') return null;
        throw e;
      }
    }
    const { checked, problem } = judge(sha256, { name: source.name, bytes: source.size, provenance, promised: source.promised }, this.#published);
    // With masks that were only supposed, a hash that is not the published one says nothing.
    if (whole.supposed && checked !== 'published') return null;
    if (file.of !== source.version) return null;
    await source.remember?.(sha256).catch(() => {});
    file.seen = { sha256, checked, problem };
    return file.seen;
  }

  /** Writes what is known of a model's file into a document. */
  stamp(id, source, document) {
    const file = this.#files.get(id);
    if (!file?.seen || file.of !== source?.version) return document;
    const { sha256, checked } = file.seen;
    return { ...document, model: { ...document.model, sha256, checked } };
  }

  close(id) {
    this.#files.get(id)?.abort.abort();
    this.#files.delete(id);
  }
}
