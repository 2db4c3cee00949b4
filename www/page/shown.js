/**
 * The figure on the page: what was scored, as grids that fill while the score runs, and the panels that
 * show it. Everything the page says about numbers comes from here.
 *
 * @typedef {object} Shown
 * @property {object} model          {name, repository, revision, sha256, checked, source, nLayer, nHead, planted}
 * @property {'A' | 'B' | 'single'} figure
 * @property {{name: string, title: string, k: number, total: number, grids: {relation: object, suppression: object}}[]} relations
 * @property {object | null} result  the result object, once there is one
 * @property {'empty' | 'running' | 'stopped' | 'complete'} progress
 * @property {boolean} fromFile      loaded from a saved result, no model behind it
 */
import { emptyGrid, fillLayer, gridFromResult, layersDone } from '../figure/grid.js';
import { marksFor, modelTitle, panelPlans } from '../figure/presets.js';

/**
 * A figure of empty cells.
 * @param {object} info model.info
 * @param {'A' | 'B' | 'single'} figure
 * @param {{name: string, title: string, k: number}[]} relations
 * @param {'empty' | 'running'} progress
 * @returns {Shown}
 */
export function emptyShown(info, figure, relations, progress) {
  return {
    model: { ...info, sha256: null, checked: null },
    figure,
    relations: relations.map(({ name, title, k }) => ({
      name,
      title,
      k,
      total: 0,
      grids: {
        relation: emptyGrid(info.nLayer, info.nHead, 0),
        suppression: emptyGrid(info.nLayer, info.nHead, 0),
      },
    })),
    result: null,
    progress,
    fromFile: false,
  };
}

/**
 * Put one finished layer in.
 * @param {Shown} shown is changed: a long run would otherwise copy every grid at every layer
 * @param {{relation: number, layer: number, total: number, hits: Uint32Array, suppressionHits: Uint32Array, invalid: object[]}} event
 * @returns {Shown} a new object over the same grids
 */
export function addLayer(shown, event) {
  const relation = shown.relations[event.relation];
  relation.total = event.total;
  relation.grids.relation.total = event.total;
  relation.grids.suppression.total = event.total;
  fillLayer(relation.grids.relation, event.layer, event.hits, event.invalid);
  fillLayer(relation.grids.suppression, event.layer, event.suppressionHits, event.invalid);
  return { ...shown };
}

/**
 * The figure of a whole result.
 * @param {object} result valid
 * @param {object} options
 * @param {'A' | 'B' | 'single'} options.figure
 * @param {(name: string) => string} options.titleOf title of a relation by its name
 * @param {boolean} options.fromFile
 * @returns {Shown}
 */
export function shownFromResult(result, { figure, titleOf, fromFile }) {
  const { model } = result;
  return {
    model: {
      name: model.name,
      repository: model.repository,
      revision: model.revision,
      sha256: model.sha256,
      checked: model.checked ?? null,
      source: model.source,
      nLayer: model.n_layer,
      nHead: model.n_head,
      planted: model.planted,
    },
    figure,
    relations: result.relations.map((relation, index) => ({
      name: relation.name,
      title: titleOf(relation.name),
      k: relation.k,
      total: relation.total,
      grids: {
        relation: gridFromResult(result, index, 'relation'),
        suppression: gridFromResult(result, index, 'suppression'),
      },
    })),
    result,
    progress: 'complete',
    fromFile,
  };
}

/**
 * The same figure, with what is known of the whole file.
 * @param {Shown} shown with a result
 * @param {{sha256: string, checked: string | null}} seen
 * @returns {Shown}
 */
export function withHash(shown, { sha256, checked }) {
  return {
    ...shown,
    model: { ...shown.model, sha256, checked },
    result: { ...shown.result, model: { ...shown.result.model, sha256, checked } },
  };
}

/**
 * Which figure fits the relations of a loaded result.
 * @param {object} result
 * @returns {'A' | 'B' | 'single'}
 */
export function figureOfResult(result) {
  const names = result.relations.map((relation) => relation.name);
  if (names.includes('name_copying') && names.includes('country_to_capital')) return 'B';
  return names[0] === 'name_copying' ? 'A' : 'single';
}

/**
 * @param {Shown} shown
 * @returns {number} layers done in every relation
 */
export function layersShown(shown) {
  return Math.min(...shown.relations.map(({ grids }) => layersDone(grids.relation)));
}

/**
 * The panels to draw.
 * @param {Shown} shown
 * @param {{sign: 'relation' | 'suppression', knownSets: object[]}} view
 * @returns {(import('../figure/figure.js').Panel & {relation: string, relationTitle: string, sign: string, k: number, index: number})[]}
 */
export function panelsOf(shown, { sign, knownSets }) {
  return panelPlans(shown.figure, shown.relations, sign).map((plan) => {
    const index = shown.relations.findIndex((relation) => relation.name === plan.relation);
    const relation = shown.relations[index];
    return {
      relation: plan.relation,
      relationTitle: relation.title,
      sign: plan.sign,
      k: relation.k,
      index,
      title: `${modelTitle(shown.model)}: ${plan.title}`,
      barName: plan.barName,
      grid: relation.grids[plan.sign],
      marks: marksFor(knownSets, plan, shown.model),
    };
  });
}
