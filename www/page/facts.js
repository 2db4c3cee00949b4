/**
 * Where the numbers of a figure come from, beneath it on the page and in the saved picture.
 */
import { modelTitle } from '../figure/presets.js';
import { definitions, el } from './dom.js';
import { byteText, engineText, preprocessingText, secondsText, whole, workText } from './format.js';
import { sourceText } from './model-facts.js';
import { FEWEST_VALID } from './relation-file.js';
import { layersShown } from './shown.js';

/** What the hash of the whole file was held against. */
const CHECKED = Object.freeze({
  published: 'checked',
  manifest: 'checked against its manifest',
  differs: 'is not the one that it should be',
});

/**
 * @returns {{node: HTMLElement, render: (shown: object | null) => void}}
 */
export function createFacts() {
  const node = el('section', { class: 'facts', 'aria-label': 'About this result', 'data-testid': 'facts', hidden: true });
  let written;
  return {
    node,
    render(shown) {
      if (shown === written) return;
      written = shown;
      node.hidden = !shown?.result;
      if (!node.hidden) node.replaceChildren(definitions(factRows(shown)));
    },
  };
}

/**
 * @param {object} shown with a result
 * @returns {[string, string][]}
 */
export function factRows(shown) {
  const { result } = shown;
  const { model, engine } = result;
  const where = [model.repository, model.revision && `revision ${model.revision.slice(0, 8)}`, model.sha256 && `sha256 ${model.sha256.slice(0, 12)}… ${CHECKED[model.checked] ?? 'of the whole file'}`]
    .filter(Boolean).join(', ');
  const rows = [
    ['Model', `${modelTitle(model)} (${model.planted ? 'planted, ' : ''}${where || sourceText(model.source)}), ${model.dtype.toLowerCase()} weights`],
    ...shown.relations.map((relation, index) => ['Relation', relationText(relation, result.relations[index])]),
    ['Preprocessing', preprocessingText(result.preprocessing)],
    ['Engine', engineText({ backend: engine.backend, adapter: engine.adapter, fallback: engine.fallback_adapter })],
    ['Time', secondsText(result.seconds)],
    ['Work', workText(result.multiply_adds, result.full_projection_multiply_adds, result.int8_multiply_adds)],
    ['Weights read', byteText(result.bytes_read)],
  ];
  if (engine.note) rows.splice(-3, 0, ['Note', engine.note]);
  const invalid = new Set(result.relations.flatMap((relation) => relation.invalid.map(({ layer, head }) => `${layer}.${head}`)));
  if (invalid.size > 0) rows.push(['Invalid heads', `${[...invalid].slice(0, 12).join(', ')}${invalid.size > 12 ? ' …' : ''}: hatched, no score`]);
  if (shown.fromFile) rows.push(['Loaded', `from a saved file${result.created ? `, made ${result.created.slice(0, 16).replace('T', ' ')}` : ''}`]);
  return rows;
}

function relationText({ title, k }, { total, pairs_given: given }) {
  const few = total < FEWEST_VALID ? ` (fewer than ${FEWEST_VALID}: read with care)` : '';
  return `${title}: ${whole(total)} of ${whole(given)} pairs kept${few}, k = ${k}`;
}

/**
 * The lines under a saved picture.
 * @param {object} shown
 * @returns {string[]}
 */
export function footnotes(shown) {
  const title = modelTitle(shown.model);
  const relations = shown.relations.map(({ title: name, total, k }) => `${name.toLowerCase()}: ${total} pairs, k = ${k}`).join('; ');
  const revision = shown.model.revision ? ` @ ${shown.model.revision.slice(0, 8)}` : '';
  const lines = [`${title}${revision}${shown.model.planted && title === shown.model.name ? ' (planted model)' : ''} · ${relations}`];
  if (shown.result) {
    lines.push(`Preprocessing: ${preprocessingText(shown.result.preprocessing)} · Score after Elhelo & Geva 2024 · drawn by Headmap`);
  }
  if (shown.progress === 'stopped') lines.push(`Incomplete: ${layersShown(shown)} of ${shown.model.nLayer} layers were computed.`);
  return lines;
}
