/**
 * The library: an analyzer owns a worker, models are opened on it, relations are scored.
 *
 * A worker that broke down, or lost its GPU, is ended and another is started; models are opened
 * again on it when they are next used.
 */
import * as Comlink from 'comlink';
import { AnyWorker } from './any-worker.js';
import { coded, errorFrom } from './errors.js';
import { Model } from './model.js';

/** GPT-2's tokenizer lies beside this script, wherever the page that uses it stands. */
const TOKENIZER = new URL('../pkg/models/gpt2-tokenizer.json', import.meta.url).href;

/**
 * @param {object} [options]
 * @param {'auto'|'cpu'|'webgpu'} [options.backend] 'webgpu' also takes a software adapter
 * @param {boolean} [options.requireDefaults] ask WebGPU for its default limits only
 * @param {(text: string) => void} [options.onNotice] sentences that the user should see
 * @param {{label: string, repository: string, revision: string, bytes: number, bytes_approximate?: boolean, sha256: string|null}[]}
 *   [options.published] files that {@link Model.verify} is to know again
 * @param {{chunkBytes?: number, requestBytes?: number, stallMs?: number}} [options.limits] of fetching, for tests
 * @param {string} [options.tokenizerUrl] GPT-2's tokenizer.json, for models that come without one
 * @returns {Promise<Analyzer>}
 */
export async function createAnalyzer(options = {}) {
  const analyzer = new Analyzer(options);
  await analyzer.worker();
  return analyzer;
}

class Analyzer {
  #options;
  #current = null;
  /** Grows with every worker: tells a model that it must be opened again. */
  #generation = 0;
  #closed = false;

  constructor(options) {
    this.#options = { backend: 'auto', onNotice: () => {}, published: [], tokenizerUrl: TOKENIZER, ...options };
    /** `{ backend, adapter, fallbackAdapter, note }` */
    this.engine = null;
  }

  /** The worker that runs, started when there is none. */
  async worker() {
    if (this.#closed) throw coded('WorkerDied', 'This analyzer was closed.');
    this.#current ??= this.#start();
    try {
      return await this.#current;
    } catch (e) {
      this.#current = null;
      throw e;
    }
  }

  async #start() {
    const worker = new AnyWorker(new URL('./worker.js', import.meta.url), { type: 'module' });
    const generation = ++this.#generation;
    let died;
    const death = new Promise((_, reject) => { died = reject; });
    death.catch(() => {}); // heard by whoever is calling; nobody may be
    worker.onerror = (e) => {
      e.preventDefault?.();
      died(coded('WorkerDied', globalThis.origin === 'null'
        ? 'This page stands in a closed frame (a sandbox without allow-same-origin), in which the browser does not start its computing part. Open it in a tab of its own.'
        : `The computing part of the page could not run (${e.message || 'its script did not load'}). Reload the page.`));
      this.#end(generation, worker);
    };
    const remote = Comlink.wrap(worker);
    const call = async (method, ...args) => {
      const answer = await Promise.race([remote[method](...args), death]);
      if (!answer.error) return answer.value;
      const error = errorFrom(answer.error);
      if (answer.fatal) {
        died(error);
        this.#end(generation, worker);
        this.#options.onNotice(`${error.message} It was started again; press Run once more.`);
      }
      throw error;
    };
    const { backend, requireDefaults, published } = this.#options;
    const info = await call('start', { backend, allowFallback: backend === 'webgpu', requireDefaults, published }, Comlink.proxy((news) => this.#hear(news)));
    this.engine = { backend: info.backend, adapter: info.adapter, fallbackAdapter: info.fallback_adapter, note: info.note };
    return { call, worker, generation };
  }

  /** What the worker says outside of a job. */
  #hear({ kind, text }) {
    if (kind === 'notice') this.#options.onNotice(text);
    // Asked for once: a whole model is worth keeping when the browser makes room.
    if (kind === 'kept') globalThis.navigator?.storage?.persist?.().catch(() => {});
  }

  #end(generation, worker) {
    worker.terminate();
    if (generation === this.#generation) this.#current = null;
  }

  /**
   * Reads a checkpoint's header, config.json and tokenizer.json; the weights follow when a score
   * wants them.
   * @param {object} spec one of
   *   `{ kind: 'files', files: File[], name? }`,
   *   `{ kind: 'url', base, name?, repository?, revision?, kindOfSource?: 'hub'|'mirror'|'bundled', ownTokenizer?: false, planted?: boolean }`,
   *   `{ kind: 'bytes', model: ArrayBuffer, config?: string, tokenizer?: string, name? }`
   * @returns {Promise<Model>}
   */
  async loadModel(spec, { signal } = {}) {
    const { tokenizerUrl, limits } = this.#options;
    const model = new Model(this, { ...spec, files: spec.files && [...spec.files] }, tokenizerUrl, limits);
    await model.ready(signal);
    return model;
  }

  /** @returns {Promise<[string, string][]>} the pairs of a relation file (JSON, CSV or TSV) */
  async parsePairs(text) {
    return (await this.worker()).call('parse', text);
  }

  /** Holds the fetching of weights back until {@link resume}; what is here is computed on. */
  async pause() {
    return (await this.worker()).call('pause');
  }

  async resume() {
    return (await this.worker()).call('resume');
  }

  /** @returns {Promise<{key, name, url, bytes, complete, used, spec}[]>} the weights kept in this browser */
  async kept() {
    return (await this.worker()).call('kept');
  }

  /** Deletes kept weights. @param {string} key of {@link kept} */
  async forget(key) {
    return (await this.worker()).call('forget', key);
  }

  /** @returns {Promise<{worker: number, shards: number[]}>} bytes of the wasm heaps, for the benchmark */
  async heapBytes() {
    return (await this.worker()).call('heapBytes');
  }

  /** Ends the worker; nothing of the analyzer works afterwards. */
  close() {
    this.#closed = true;
    this.#current?.then(({ worker }) => worker.terminate(), () => {});
    this.#current = null;
  }
}
