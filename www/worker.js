/**
 * The worker: loads the wasm, holds the engine and the models, runs one job at a time.
 *
 * The build with WebGPU is loaded only when WebGPU is chosen. A dedicated worker needs no
 * cross-origin isolation.
 */
import * as Comlink from 'comlink';
import { aborted, coded, errorData } from './errors.js';
import { rememberKernel, rememberedKernels } from './kernels.js';
import { probeWebGpu } from './probe.js';
import { ANALYSES, Runners, contextLength } from './runner.js';
import { Shards } from './shards.js';
import { Gate } from './source/gate.js';
import { forget, listKept } from './source/keep.js';
import { openSpec } from './source/open.js';
import { Paced } from './source/paced.js';
import { tick } from './tick.js';
import { Verifier } from './verifier.js';
import { cpuFlavour, loadWasm } from './wasm.js';

let wasm;
let engine;
let gpt2Tokenizer;
const models = new Map();
/** The byte source of each model, and the ranges of it that a score reads. */
const sources = new Map();
const gate = new Gate();
/** Tells the page what belongs to no job: `{ kind: 'notice', text }`, `{ kind: 'kept' }`. */
let tell = () => {};
let nextModel = 1;
/** Models that can run, where the engine's own build of the core cannot. */
const runners = new Runners(makeShards);
let verifier = new Verifier([]);
/** Shards of the models, in the order in which they were made. */
const shards = new Set();
/** Of the job under way. */
let job = { controller: new AbortController(), cancelled: false };

const api = {
  /** @returns the engine that runs: `{ backend, adapter, fallback_adapter, note }` */
  async start({ backend, allowFallback, requireDefaults, published }, listener) {
    tell = listener ?? tell;
    verifier = new Verifier(published);
    const { wanted, note } = await probeWebGpu(backend, allowFallback);
    let failed = note;
    if (wanted) {
      try {
        wasm = await loadWasm('webgpu');
        engine = await wasm.Engine.startWebGpu({ allowFallback: !!allowFallback, requireDefaults: !!requireDefaults, kernels: await rememberedKernels() });
        const info = engine.info();
        await rememberKernel(info.adapter, engine.kernel());
        return info;
      } catch (e) {
        failed = `WebGPU is not used: ${e.message} The CPU computes instead.`;
      }
    }
    const flavour = cpuFlavour();
    wasm = await loadWasm(flavour);
    engine = wasm.Engine.startCpu(failed, makeShards);
    return engine.info();
  },

  async open(spec, tokenizerUrl, limits = {}) {
    startJob();
    const host = {
      ...limits, gate, notice: (text) => tell({ kind: 'notice', text }),
      signal: () => job.controller.signal, news: (news) => job.onNews?.(news),
    };
    const opened = await openSpec(spec, host);
    const notes = [];
    if (opened.tokenizer === undefined) {
      opened.tokenizer = gpt2Tokenizer ??= await defaultTokenizer(tokenizerUrl);
      notes.push("No tokenizer.json came with the model: GPT-2's own is used.");
    }
    const provenance = {
      name: spec.name ?? opened.name ?? opened.source.name, source: spec.kind === 'url' ? spec.kindOfSource ?? 'mirror' : spec.kind === 'files' ? 'file' : 'bytes',
      repository: spec.repository ?? null, revision: spec.revision ?? null, planted: !!spec.planted,
    };
    let model;
    const bytes = new Paced(opened.source, room);
    try {
      model = await wasm.Model.open(engine, bytes, opened.config, opened.tokenizer, provenance);
    } catch (e) {
      opened.source.close?.();
      throw e;
    }
    const { jobRanges, runRanges, ...sizes } = model.sizes();
    models.set(nextModel, model);
    sources.set(nextModel, { source: opened.source, provenance, jobRanges, runRanges, reopen: [bytes, opened.config, opened.tokenizer, provenance] });
    return { id: nextModel++, info: model.info(), nCtx: contextLength(opened.config), sizes, notes };
  },

  async select(id, pairs) {
    return found(id).selectPairs(pairs);
  },

  async score(id, relations, preprocessing, onNews) {
    const mine = startJob(onNews);
    return ended(id, () => found(id).scoreRelations(relations, preprocessing, controlOf(mine)));
  },

  /** An analysis that runs the model. @param {string} analysis one of ANALYSES */
  async run(id, analysis, ask, onNews) {
    if (!ANALYSES.includes(analysis)) throw coded('RelationInvalid', `There is no analysis “${analysis}”.`);
    const mine = startJob(onNews);
    const own = found(id);
    return ended(id, async () => {
      const model = own[analysis] ? own : await runners.of(id, sources.get(id).reopen, onNews);
      if (mine.cancelled) throw aborted();
      return model[analysis](ask, controlOf(mine));
    });
  },

  /** @returns {Promise<object|null>} see `Model.verify` in model.js */
  async verify(id, onHashed) {
    found(id);
    const { source, provenance } = sources.get(id);
    return verifier.verify(id, source, provenance, (bytes) => onHashed({ bytes, total: source.size }));
  },

  /** @returns `{ bytes, here }` that a score (or a run of the model) needs and that are kept already; null where nothing is fetched */
  async plan(id, running) {
    const { source, jobRanges, runRanges } = sources.get(id) ?? {};
    const ranges = running ? runRanges : jobRanges;
    return (ranges && source?.plan?.(ranges)) ?? null;
  },

  pause: () => gate.pause(),
  resume: () => gate.resume(),
  kept: async () => (await listKept()).map(({ meta, ...one }) => ({ ...one, spec: meta?.spec ?? null })),
  forget: (key) => forget(key),

  async parse(text) {
    return wasm.parsePairs(text);
  },

  cancel() {
    job.cancelled = true;
    job.controller.abort();
    gate.resume();
    for (const s of shards) s.cancel();
  },

  close(id) {
    runners.close(id);
    verifier.close(id);
    models.get(id)?.free();
    models.delete(id);
    sources.get(id)?.source.close?.();
    sources.delete(id);
  },

  /** Bytes of the wasm heap, for the benchmark. */
  async heapBytes() {
    const parts = await Promise.all([...shards].map((s) => s.heaps()));
    return { worker: wasm.heapBytes(), shards: parts.flat() };
  },
};

function startJob(onNews) {
  job = { controller: new AbortController(), cancelled: false, onNews };
  return job;
}

/** Runs a job of a model to its end. */
async function ended(id, run) {
  const document = await verifier.during(run);
  const source = sources.get(id)?.source;
  if (await source?.finish?.()) tellOfFirst();
  return verifier.stamp(id, source, document);
}

/** Says that a model is whole for the first time in this browser. */
async function tellOfFirst() {
  const whole = (await listKept()).filter(({ complete }) => complete);
  if (whole.length === 1) tell({ kind: 'kept' });
}

/** What the core asks of its host while a job runs. */
function controlOf(mine) {
  return { get cancelled() { return mine.cancelled; }, tick, event: mine.onNews, now: () => performance.now() };
}

/** Resolves when no model's workers have more rows to take in than they may. */
const room = () => Promise.all([...shards].map((s) => s.room()));

function makeShards(nVocab, d) {
  const made = new Shards(nVocab, d, cpuFlavour());
  shards.add(made);
  made.onclose = () => shards.delete(made);
  return made;
}

function found(id) {
  const model = models.get(id);
  if (!model) throw coded('WorkerDied', 'This model was closed. Load it again.');
  return model;
}

async function defaultTokenizer(url) {
  const response = await fetch(url);
  if (!response.ok) throw coded('SourceStatus', `GPT-2's tokenizer is missing from this site (${response.status}). Choose the model's tokenizer.json too.`);
  return response.text();
}

/** Every call gives `{ value }` or `{ error }`; a wasm trap is an error that ends this worker. */
function guarded(f) {
  return async (...args) => {
    try {
      return { value: await f(...args) };
    } catch (e) {
      if (e instanceof WebAssembly.RuntimeError) {
        return { error: errorData(coded('WorkerDied', `The computation broke down (${self.headmapPanic ?? e.message}).`)), fatal: true };
      }
      return { error: errorData(e), fatal: e?.name === 'DeviceLost' };
    }
  };
}

Comlink.expose(Object.fromEntries(Object.entries(api).map(([name, f]) => [name, guarded(f)])));
