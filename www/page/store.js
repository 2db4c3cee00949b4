/**
 * The state of the page: one plain object, replaced field by field.
 */

/**
 * @template T
 * @param {T} initial
 * @returns {{readonly state: T, set: (patch: Partial<T>) => void, subscribe: (listener: (state: T) => void) => () => void}}
 */
export function createStore(initial) {
  let state = Object.freeze({ ...initial });
  const listeners = new Set();
  return {
    get state() {
      return state;
    },
    set(patch) {
      state = Object.freeze({ ...state, ...patch });
      for (const listener of listeners) listener(state);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * What the page knows before anything is loaded.
 * @param {string} engineChoice
 * @returns {object} see the fields
 */
export function initialState(engineChoice = 'auto') {
  return {
    /** Which view is open: 'weights', 'in-use', 'ablation', 'prompt' or 'patterns'. */
    view: 'weights',
    /** 'starting' (no engine yet), 'opening' (a model), 'ready', 'running', 'stopping', 'stuck' (no engine). */
    status: 'starting',
    engineChoice,
    /** The engine that runs: {backend, adapter, fallbackAdapter, note}. */
    engine: null,
    /** What is being opened, in words. */
    opening: null,
    /** Whether what is being opened comes from elsewhere, so that waiting for it can be given up. */
    canStop: false,
    /** model.info of the open model. */
    model: null,
    /** planted.json of the open model: what was planted where. */
    planted: null,
    figure: 'A',
    /** The single panel: name of a built-in relation, or 'file' or 'typed'. */
    relation: 'name_copying',
    sign: 'relation',
    /** The reader's own relations: {name, title, pairs, k} or null. */
    file: null,
    typed: null,
    /** k where the reader changed it, by relation. */
    ks: {},
    preprocessing: 'first_mlp',
    /** 'auto', 'none' or the id of a set of known heads. */
    knownHeads: 'auto',
    /** Kept and dropped pairs of a relation for the open model, by relation. */
    selections: {},
    /** {bytes, here}: what a figure of the open model reads, and how much of it is kept; null for files. */
    plan: null,
    /** The same for a run of the model. */
    runPlan: null,
    /** The weights that this browser keeps, see analyzer.kept. */
    kept: [],
    /** Whether fetching is held back. */
    paused: false,
    /** The last progress event, or null. */
    progress: null,
    /** The figure on the page, see shown.js. */
    shown: null,
    /** The cell that is read: {panel, layer, head} or null. */
    cell: null,
    /** The cell whose pairs are listed. */
    listed: null,
    /** [{id, kind: 'error' | 'note', text, code}] */
    notices: [],
  };
}
