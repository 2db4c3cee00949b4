/**
 * What the page does: start an engine, open a model, score, stop, read a saved result back. No DOM: the
 * store holds what came of it, the pieces of the page show the store.
 */
import { parseResult, LARGEST_FILE } from '../result/schema.js';
import { readPlanted } from './planted.js';
import { chosenRelations, relationTitle } from './relations.js';
import { addLayer, emptyShown, figureOfResult, layersShown, shownFromResult } from './shown.js';
import { verifyFile } from './verify.js';

/** Errors that no part of the page made: their messages are for programmers. */
const UNFORESEEN = /^(Error|TypeError|RangeError|ReferenceError|SyntaxError)$/;

function sentenceOf(error) {
  const said = typeof error?.message === 'string' && error.message !== '' ? error.message : String(error);
  if (typeof error?.name === 'string' && !UNFORESEEN.test(error.name)) return said;
  return `Something in this page went wrong (${said}). Reload it; if it happens again, please report it.`;
}

const isAbort = (error) => error?.name === 'AbortError';

/**
 * @param {object} parts
 * @param {ReturnType<import('./store.js').createStore>} parts.store
 * @param {{relations: object[]}} parts.catalogue the built-in relations
 * @param {() => Promise<(options: object) => Promise<object>>} parts.loadEngine gives `createAnalyzer`; late,
 *   so that the first paint does not wait for it
 * @returns {object} the actions of the page
 */
export function createSession({ store, catalogue, loadEngine }) {
  let analyzer = null;
  let model = null;
  let spec = null;
  let running = null;
  let opening = null;
  let noticeCount = 0;

  function notify(kind, text, code = null) {
    const same = store.state.notices.filter((notice) => notice.text !== text);
    noticeCount += 1;
    store.set({ notices: [...same, { id: noticeCount, kind, text, code }] });
  }

  function fail(error) {
    const said = sentenceOf(error);
    // An engine that ends says so itself, with what was done about it: once is enough.
    const longer = store.state.notices.find(({ kind, text }) => kind === 'note' && text.startsWith(said));
    if (longer) dismiss(longer.id);
    notify('error', longer?.text ?? said, error?.name ?? null);
  }

  const dismiss = (id) => store.set({ notices: store.state.notices.filter((notice) => notice.id !== id) });

  async function startEngine(choice) {
    analyzer?.close();
    analyzer = null;
    model = null;
    store.set({ status: 'starting', engineChoice: choice, engine: null });
    try {
      const createAnalyzer = await loadEngine();
      analyzer = await createAnalyzer({ backend: choice, published: catalogue.models ?? [], onNotice: (text) => notify('note', text) });
      store.set({ engine: analyzer.engine, status: 'ready' });
      return true;
    } catch (error) {
      store.set({ status: 'stuck' });
      fail(error);
      return false;
    }
  }

  /** Open a model; the former one stays when that fails. */
  async function open(nextSpec, words) {
    if (!analyzer && !(await startEngine(store.state.engineChoice))) return false;
    const abort = new AbortController();
    opening = abort;
    store.set({ status: 'opening', opening: words, canStop: nextSpec.kind === 'url' && nextSpec.kindOfSource !== 'bundled' });
    try {
      const next = await analyzer.loadModel(nextSpec, { signal: abort.signal });
      const planted = await readPlanted(nextSpec, next.info);
      forget(model);
      model = next;
      spec = { spec: nextSpec, words };
      const shown = emptyShown(next.info, store.state.figure, chosenRelations(store.state, catalogue), 'empty');
      store.set({ status: 'ready', opening: null, model: next.info, planted, selections: {}, shown, cell: null, listed: null, knownHeads: 'auto' });
      await look();
      await select();
      return true;
    } catch (error) {
      store.set({ status: 'ready', opening: null });
      if (!isAbort(error)) fail(error);
      return false;
    } finally {
      opening = null;
    }
  }

  /** What is kept here now, and what a figure, or a run of the model, would still fetch. A page without it is whole, so failures are quiet. */
  async function look() {
    const asked = model;
    const planned = (job) => Promise.resolve(asked?.plan?.(job)).catch(() => null);
    const [plan, runPlan, kept] = await Promise.all([
      planned(),
      planned({ running: true }),
      Promise.resolve(analyzer?.kept?.()).catch(() => null),
    ]);
    if (asked === model) store.set({ plan: plan ?? null, runPlan: runPlan ?? null, kept: kept ?? [] });
  }

  async function forgetKept(key) {
    try {
      await analyzer?.forget(key);
    } catch (error) {
      fail(error);
    }
    await look();
  }

  /** Holds fetching back, or lets it go on. */
  function pause(paused) {
    store.set({ paused });
    Promise.resolve(paused ? analyzer?.pause?.() : analyzer?.resume?.()).catch(fail);
  }

  /** Which pairs of the chosen relations the open model keeps. */
  async function select() {
    if (!model || store.state.status !== 'ready') return;
    const asked = model;
    for (const { name, pairs } of chosenRelations(store.state, catalogue)) {
      if (store.state.selections[name]?.pairs === pairs) continue;
      try {
        const { kept, dropped } = await asked.selectPairs(pairs);
        if (asked !== model) return;
        store.set({ selections: { ...store.state.selections, [name]: { pairs, kept, dropped } } });
      } catch (error) {
        fail(error);
        return;
      }
    }
  }

  async function run() {
    if (!model || store.state.status !== 'ready') return;
    const relations = chosenRelations(store.state, catalogue);
    if (relations.length === 0) return;
    const abort = new AbortController();
    running = abort;
    const live = (action) => (event) => { if (running === abort && !abort.signal.aborted) action(event); };
    let shown = emptyShown(model.info, store.state.figure, relations, 'running');
    store.set({ status: 'running', shown, progress: null, paused: false, cell: null, listed: null });
    try {
      const result = await model.scoreRelations(
        relations.map(({ name, pairs, k }) => ({ name, pairs, k })),
        {
          preprocessing: store.state.preprocessing,
          signal: abort.signal,
          onProgress: live((progress) => store.set({ progress })),
          onLayer: live((event) => { shown = addLayer(shown, event); store.set({ shown }); }),
        });
      const whole = shownFromResult(result, { figure: shown.figure, titleOf: (name) => relationTitle(name, store.state, catalogue), fromFile: false });
      running = null;
      store.set({ status: 'ready', shown: whole, progress: null, engine: analyzer.engine });
      // Another figure may have been chosen meanwhile.
      const drawn = model;
      verifyFile(drawn, { store, fail, isOpen: () => drawn === model });
      await select();
      await look();
    } catch (error) {
      running = null;
      const some = layersShown(shown) > 0;
      store.set({ status: 'ready', progress: null, shown: { ...shown, progress: some ? 'stopped' : 'empty' } });
      if (!isAbort(error)) fail(error);
      await look();
    }
  }

  /**
   * Another analysis of the open model; one at a time with everything else that computes.
   * @param {(model: object, options: {signal: AbortSignal, onProgress: Function}) => Promise<T>} job
   * @returns {Promise<T | null>} null when it was stopped, or failed, which is shown
   * @template T
   */
  async function analyse(job) {
    if (!model || store.state.status !== 'ready') return null;
    const abort = new AbortController();
    running = abort;
    const onProgress = (progress) => { if (running === abort && !abort.signal.aborted) store.set({ progress }); };
    store.set({ status: 'running', progress: null, paused: false });
    try {
      const made = await job(model, { signal: abort.signal, onProgress });
      return abort.signal.aborted ? null : made;
    } catch (error) {
      if (!isAbort(error)) fail(error);
      return null;
    } finally {
      running = null;
      store.set({ status: 'ready', progress: null, engine: analyzer?.engine ?? null });
      await look();
    }
  }

  /** Stop at once for the reader; the engine may need a moment before it takes the next job. */
  function cancel() {
    opening?.abort();
    if (!running || running.signal.aborted) return;
    running.abort();
    const { shown } = store.state;
    store.set({ status: 'stopping', shown: shown?.progress === 'running' ? { ...shown, progress: 'stopped' } : shown });
  }

  /** Another engine, the same model and figure. */
  async function useEngine(choice) {
    const former = spec;
    const { shown } = store.state;
    if (!(await startEngine(choice)) || !former) return;
    // Unless a new run was quicker: its figure is the new engine's.
    if ((await open(former.spec, former.words)) && store.state.shown?.progress === 'empty') store.set({ shown });
  }

  async function loadResult(file) {
    try {
      if (file.size > LARGEST_FILE) {
        const error = new Error(`"${file.name}" has ${Math.round(file.size / 1e6)} MB; a saved result has at most 64 MB.`);
        error.name = 'ResultInvalid';
        throw error;
      }
      const result = parseResult(await file.text());
      const shown = shownFromResult(result, {
        figure: figureOfResult(result),
        titleOf: (name) => relationTitle(name, store.state, catalogue),
        fromFile: true,
      });
      store.set({ shown, cell: null, listed: null });
      return true;
    } catch (error) {
      fail(error);
      return false;
    }
  }

  /** A model that is not needed any more. Its engine may be gone already, which ends it as well. */
  function forget(former) {
    Promise.resolve(former?.close()).catch(() => {});
  }

  return {
    notify,
    fail,
    dismiss,
    start: startEngine,
    open,
    select,
    run,
    analyse,
    cancel,
    pause,
    forgetKept,
    loadResult,
    useEngine,
  };
}
