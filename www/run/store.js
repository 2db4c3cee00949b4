/**
 * The state of the views that run the model: what the reader asked for and what came of it. The page's own store holds the
 * model and whether anything computes.
 */
import { DRAWS, SEED } from './tasks.js';
import { PAPER_TEMPLATES } from './templates.js';

export const PROMPT = 'When Mary and John went to the store, John gave a drink to';

/** @returns {object} see the fields */
export function initialRuns() {
  return {
    /** In use. `relation`: a built-in's name, 'file' or 'typed'. */
    inUse: {
      relation: 'name_copying', templates: PAPER_TEMPLATES.join('\n'), multiToken: false,
      /** What is looked at: 'without' or 'with' context, 'hits' or 'suppression_hits', 'all' or a template's number. */
      context: 'without', sign: 'hits', template: 'all', cell: null,
      /** A valid document, run-schema.js, and whether it came from a file. */
      document: null, fromFile: false,
    },
    ablation: {
      relation: 'name_copying', control: 'auto', template: null, controlTemplate: null, most: null, draws: DRAWS, seed: SEED, step: null,
      document: null, fromFile: false,
    },
    prompt: {
      text: PROMPT, target: null, off: [], click: 'look', head: null, mean: false, cell: null, window: null, token: null,
      /** The text that `document` is of; patterns by "layer.head" or "layer.mean". */
      asked: null, document: null, patterns: new Map(), fromFile: false,
    },
    patterns: { length: null, sequences: 1, seed: SEED, cell: null, document: null, fromFile: false },
  };
}

/**
 * @param {{state: object, set: (patch: object) => void}} runs
 * @param {string} view a field of the state
 * @returns {(patch: object) => void} changes that view's fields
 */
export const changer = (runs, view) => (patch) => runs.set({ [view]: { ...runs.state[view], ...patch } });
