/**
 * A model that is open on an analyzer's worker: what can be asked of it.
 */
import * as Comlink from 'comlink';
import { aborted } from './errors.js';
import { Progress } from './progress.js';
import { PAPER_TEMPLATES } from './run/templates.js';

export class Model {
  #analyzer;
  #spec;
  #tokenizerUrl;
  #limits;
  #id = 0;
  #generation = 0;

  constructor(analyzer, spec, tokenizerUrl, limits) {
    this.#analyzer = analyzer;
    this.#spec = spec;
    this.#tokenizerUrl = tokenizerUrl;
    this.#limits = limits;
    /** See the README: sizes, source, bytes of the file and of a job, notes. */
    this.info = null;
  }

  /** Opens the model on the worker that runs, if it is not open there. */
  async ready(signal) {
    const { call, generation } = await this.#analyzer.worker();
    if (generation !== this.#generation) {
      const { id, info, nCtx, sizes, notes } = await cancellable(
        call, signal, () => call('open', this.#spec, this.#tokenizerUrl, this.#limits), (opened) => call('close', opened.id));
      this.#id = id;
      this.#generation = generation;
      this.info = {
        name: info.name, source: info.source, repository: info.repository, revision: info.revision,
        nLayer: info.n_layer, nHead: info.n_head, dModel: info.d_model, dHead: info.d_head, nVocab: info.n_vocab,
        dtype: info.dtype, planted: info.planted, nCtx, ...sizes, notes,
      };
    }
    return call;
  }

  /**
   * What a score would fetch, or an analysis that runs the model.
   * @param {{running?: boolean}} [job]
   * @returns {Promise<{bytes: number, here: number}|null>} `here` of the bytes are kept already; null for files and bytes, and where
   *   the checkpoint is not a whole model that could run
   */
  async plan({ running = false } = {}) {
    const call = await this.ready();
    return call('plan', this.#id, running);
  }

  /**
   * Hashes the whole file, where all of it is here (a local file, bytes, weights of which everything was fetched but the causal
   * masks), in a worker of its own and only while nothing else runs. Results of later calls say what was found.
   * @param {{onProgress?: (p: {bytes: number, total: number}) => void}} [options]
   * @returns {Promise<{sha256: string, checked: 'published'|'manifest'|'differs'|null, problem: string|null}|null>} null: not all of it
   *   is here. `checked`: the file is one of those named to `createAnalyzer`, the one that its manifest names, neither although it
   *   passes for it (`problem` says so in a sentence), or there is nothing to hold it against
   */
  async verify({ onProgress = () => {} } = {}) {
    const call = await this.ready();
    return call('verify', this.#id, Comlink.proxy(onProgress));
  }

  /** @returns {Promise<{kept: [string, string, number, number][], dropped: [string, string, string][]}>} */
  async selectPairs(pairs) {
    const call = await this.ready();
    return call('select', this.#id, pairs);
  }

  /**
   * Scores every head on every relation, for copying and for suppression.
   * @param {{name: string, pairs: [string, string][], k: number}[]} relations
   * @param {object} [options]
   * @param {'first_mlp'|'none'} [options.preprocessing] the paper's is 'first_mlp'
   * @param {AbortSignal} [options.signal]
   * @param {(p: object) => void} [options.onProgress] see progress.js
   * @param {(l: object) => void} [options.onLayer] `{ relation, layer, total, hits, suppressionHits, invalid }`
   * @returns {Promise<object>} the result object, docs/result.md
   */
  async scoreRelations(relations, { preprocessing = 'first_mlp', signal, onProgress, onLayer } = {}) {
    const onLayerNews = (news) => onLayer?.({
      relation: news.relation, layer: news.layer, total: news.total,
      hits: Uint32Array.from(news.hits), suppressionHits: Uint32Array.from(news.suppressionHits), invalid: news.invalid,
    });
    return this.#job({ signal, onProgress, onLayerNews }, (call, onNews) => call('score', this.#id, relations, preprocessing, onNews));
  }

  /** {@link scoreRelations} of one. */
  scoreRelation(relation, options) {
    return this.scoreRelations([relation], options);
  }

  /**
   * Dynamic scores: the model runs on each template with each source in it; is the target among the k largest of what a head writes
   * at the last position, with its own attention and with its attention set on the source?
   * @param {{name: string, pairs: [string, string][], k: number, templates?: string[], multiToken?: boolean}} ask templates hold <X>
   *   once, the paper's four unless given; multiToken: the pairs whose source is several tokens, in place of those whose source is one
   * @param {{signal?: AbortSignal, onProgress?: (p: object) => void}} [options] as in {@link scoreRelations}
   * @returns {Promise<object>} a document `headmap/dynamic`, docs/result.md
   */
  scoreDynamic({ name, pairs, k, templates = [...PAPER_TEMPLATES], multiToken = false }, options) {
    return this.#run('scoreDynamic', { name, pairs, k, templates, multiToken }, options);
  }

  /**
   * Ablation: heads lose their output at the last position one after the other, and the prompts of each task are answered again;
   * beside it random draws of as many other heads.
   * @param {{order: [number, number][], tasks: {id: string, title: string, template: string, pairs: [string, string][]}[],
   *   draws?: number, seed?: number}} ask order: [layer, head], the first to go first
   * @param {object} [options] as in {@link scoreDynamic}
   * @returns {Promise<object>} a document `headmap/ablation`
   */
  ablate({ order, tasks, draws = 5, seed = 1 }, options) {
    return this.#run('ablate', { order, tasks: tasks.map(({ id, title, template, pairs }) => ({ id, title, template, pairs })), draws, seed }, options);
  }

  /**
   * Runs the model on a text: the next token's probabilities, what each head adds to a token's logit, attention patterns.
   * @param {{text: string, ablate?: [number, number][], attention?: [number, number | null][], target?: number | null}} ask
   *   ablate: heads that write nothing at the last position; attention: patterns wanted, [layer, null] being the mean over the
   *   layer's heads; target: a token id, the most likely next token unless given
   * @param {object} [options] as in {@link scoreDynamic}
   * @returns {Promise<object>} a document `headmap/prompt`
   */
  runPrompt({ text, ablate = [], attention = [], target = null }, options) {
    return this.#run('runPrompt', { text, ablate, attention, target }, options);
  }

  /**
   * Attention-pattern scores (previous token, duplicate token, induction) on random tokens given twice in a row.
   * @param {{length?: number, sequences?: number, seed?: number}} [ask] length: random tokens, at most half the context
   * @param {object} [options] as in {@link scoreDynamic}
   * @returns {Promise<object>} a document `headmap/patterns`
   */
  attentionScores({ length = 100, sequences = 1, seed = 1 } = {}, options) {
    return this.#run('attentionScores', { length, sequences, seed }, options);
  }

  #run(analysis, ask, { signal, onProgress } = {}) {
    return this.#job({ signal, onProgress }, (call, onNews) => call('run', this.#id, analysis, ask, onNews));
  }

  async #job({ signal, onProgress, onLayerNews }, start) {
    const call = await this.ready(signal);
    const progress = new Progress(onProgress);
    const onNews = Comlink.proxy((news) => {
      if (signal?.aborted) return;
      if (news.kind === 'layer') onLayerNews?.(news);
      progress.hear(news);
    });
    const result = await cancellable(call, signal, () => start(call, onNews));
    progress.finish();
    return { ...result, created: new Date().toISOString() };
  }

  /** Frees the weights. */
  async close() {
    const { call, generation } = await this.#analyzer.worker();
    if (generation === this.#generation) await call('close', this.#id);
    this.#generation = -1;
  }
}

/** Of workers: the end of a job that was cancelled and has not yet stopped. */
const stopping = new WeakMap();

/**
 * Runs `f`. An abort is answered at once; the worker, told of it, stops at its next turn, and what is asked of it next waits for that
 * (a GPU ends the step that it is at).
 * @param {(method: string, ...args: unknown[]) => Promise<unknown>} call of the worker
 * @param {AbortSignal} [signal]
 * @param {() => Promise<T>} f
 * @param {(value: T) => void} [late] what becomes of a value that came after the abort
 * @returns {Promise<T>}
 * @template T
 */
async function cancellable(call, signal, f, late = () => {}) {
  if (!signal?.aborted) await stopping.get(call);
  if (signal?.aborted) throw aborted();
  const work = f();
  if (!signal) return work;
  let cancel;
  const cancelled = new Promise((_, reject) => {
    cancel = () => {
      call('cancel').catch(() => {});
      stopping.set(call, work.then(late).catch(() => {}));
      reject(aborted());
    };
  });
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
