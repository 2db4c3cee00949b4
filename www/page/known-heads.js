/**
 * Which sets of known heads can be marked on a model, and which one is marked unless the reader chooses.
 */

import { bundledId } from './bundled.js';

/** Shapes by which a file without a name is taken for a model, [layers, heads]. */
const SHAPES = Object.freeze({ gpt2: [12, 12], 'gpt2-medium': [24, 16] });

/**
 * @param {{name: string, repository?: string | null, nLayer: number, nHead: number, planted?: boolean}} model
 * @returns {string | null} 'planted', 'demo', 'gpt2', 'gpt2-medium' or null
 */
export function modelKey(model) {
  if (model.planted) return 'planted';
  if (bundledId(model) === 'demo') return 'demo';
  const byShape = Object.keys(SHAPES).find((key) => (
    SHAPES[key][0] === model.nLayer && SHAPES[key][1] === model.nHead));
  return byShape ?? null;
}

/**
 * @param {object[]} sets known-heads.json
 * @param {object} model
 * @returns {object[]} the sets made for a model of this kind
 */
export function setsFor(sets, model) {
  const key = modelKey(model);
  return sets.filter((set) => set.model === key);
}

/**
 * @param {object[]} sets known-heads.json
 * @param {object | null} model
 * @param {string} chosen 'auto', 'none' or an id
 * @returns {object[]} the sets to mark, the preferred one first
 */
export function chosenSets(sets, model, chosen) {
  if (!model || chosen === 'none') return [];
  const fitting = setsFor(sets, model);
  const byId = fitting.filter((set) => set.id === chosen);
  if (byId.length > 0) return byId;
  const published = fitting.filter((set) => set.figure);
  return published.length > 0 ? published : fitting;
}

/**
 * @param {{title: string, figure?: string}} set
 * @returns {string} how a list of sets names it
 */
export const setLabel = ({ title, figure }) => (figure ? `As in Figure ${figure}: ${title}` : title);
