/**
 * From a document of dynamic scores to what the view draws: heat maps, points and correlations.
 */
import { emptyGrid, fillLayer } from '../figure/grid.js';
import { modelTitle } from '../figure/presets.js';
import { pearson } from './statistics.js';

export const CONTEXTS = Object.freeze({
  without: { field: 'without_context', name: 'without context' },
  with: { field: 'with_context', name: 'with context' },
});
export const SIGNS = Object.freeze({ hits: 'Writes it', suppression_hits: 'Suppresses it' });

/** What the rest of the page calls a model, from the document's. */
export function modelOf(model) {
  return {
    name: model.name, repository: model.repository, revision: model.revision, sha256: model.sha256, checked: model.checked ?? null, source: model.source,
    nLayer: model.n_layer, nHead: model.n_head, planted: model.planted, dtype: model.dtype,
  };
}

/**
 * @param {object} document valid
 * @param {'all' | number} template
 * @returns {object[]} the templates that are looked at
 */
export const templatesOf = (document, template) => (template === 'all' ? document.templates : [document.templates[template]].filter(Boolean));

/**
 * @param {object} document
 * @param {{template: 'all' | number, context: 'with' | 'without', sign: string}} view
 * @returns {import('../figure/grid.js').Grid} hits of the looked-at templates together, out of all their prompts
 */
export function inUseGrid(document, { template, context, sign }) {
  const { n_layer: nLayer, n_head: nHead } = document.model;
  const templates = templatesOf(document, template);
  const grid = emptyGrid(nLayer, nHead, templates.reduce((sum, { total }) => sum + total, 0));
  for (let layer = 0; layer < nLayer; layer += 1) {
    const hits = Array.from({ length: nHead }, (_, head) => (
      templates.reduce((sum, each) => sum + each[CONTEXTS[context].field][sign][layer][head], 0)));
    fillLayer(grid, layer, hits, document.invalid.filter((entry) => entry.layer === layer));
  }
  return grid;
}

/**
 * @param {object} document
 * @param {string} sign
 * @returns {import('../figure/grid.js').Grid | null} null when the document has no static scores
 */
export function staticGrid(document, sign) {
  const { static: scores, model } = document;
  if (!scores) return null;
  const grid = emptyGrid(model.n_layer, model.n_head, scores.total);
  scores[sign].forEach((row, layer) => fillLayer(grid, layer, row, scores.invalid.filter((entry) => entry.layer === layer)));
  return grid;
}

/**
 * A point for each head and template; heads that are invalid on either side have none.
 * @param {object} document
 * @param {{template: 'all' | number, context: 'with' | 'without', sign: string}} view
 * @returns {import('../figure/scatter.js').ScatterPoint[]}
 */
export function pointsOf(document, { template, context, sign }) {
  const { static: scores, invalid } = document;
  if (!scores) return [];
  const dead = new Set([...invalid, ...scores.invalid].map(({ layer, head }) => `${layer}.${head}`));
  return document.templates.flatMap((each, series) => {
    if (template !== 'all' && template !== series) return [];
    return scores[sign].flatMap((row, layer) => row.map((hits, head) => ({
      x: hits / scores.total, y: each[CONTEXTS[context].field][sign][layer][head] / each.total, layer, head, series,
    })));
  }).filter(({ layer, head }) => !dead.has(`${layer}.${head}`));
}

/**
 * @param {object} document
 * @param {'all' | number} template
 * @returns {{sign: string, context: string, r: number | null, n: number}[]} all four correlations
 */
export function correlations(document, template) {
  return Object.keys(SIGNS).flatMap((sign) => Object.keys(CONTEXTS).map((context) => {
    const points = pointsOf(document, { template, context, sign });
    return { sign, context, ...pearson(points.map(({ x }) => x), points.map(({ y }) => y)) };
  }));
}

/** The model, as titles write it. */
export const titleOfModel = (document) => modelTitle(modelOf(document.model));
