/**
 * What is known of the open model, from its own header.
 */
import { modelTitle } from '../figure/presets.js';
import { bundledModels, bundledId } from './bundled.js';
import { definitions, el } from './dom.js';
import { byteText, whole } from './format.js';

const SOURCES = Object.freeze({
  bundled: 'comes with this page',
  hub: 'model hub',
  mirror: 'a mirror',
  file: 'files on this computer',
  bytes: 'bytes in memory',
  directory: 'a folder',
});

/**
 * @param {string} source
 * @returns {string} in words
 */
export const sourceText = (source) => SOURCES[source] ?? source;

/**
 * @returns {{node: HTMLElement, render: (state: object) => void}}
 */
export function createModelFacts() {
  const node = el('div', { class: 'model-facts', 'data-testid': 'model-facts', 'aria-live': 'polite' });
  let written;
  return {
    node,
    render({ model, opening, status }) {
      const key = opening ?? (status === 'starting' ? 'starting' : model);
      if (key === written) return;
      written = key;
      if (opening) node.replaceChildren(el('p', { class: 'waiting' }, `Opening ${opening} …`));
      else if (status === 'starting') node.replaceChildren(el('p', { class: 'waiting' }, 'Starting the engine …'));
      else if (!model) node.replaceChildren(el('p', {}, 'No model is open.'));
      else node.replaceChildren(...facts(model));
    },
  };
}

function facts(info) {
  const rows = [
    ['Shape', `${info.nLayer} layers × ${info.nHead} heads, width ${whole(info.dModel)} (${info.dHead} a head)`],
    ['Vocabulary', `${whole(info.nVocab)} tokens`],
    ['File', `${byteText(info.fileBytes)}, ${info.dtype}; a figure reads ${byteText(info.jobBytes)}`],
    ['Source', info.revision ? `${sourceText(info.source)}, ${info.repository} @ ${info.revision.slice(0, 8)}` : sourceText(info.source)],
  ];
  const notes = [...info.notes];
  const about = bundledModels(document.baseURI).find(({ id }) => id === bundledId(info))?.note;
  return [
    el('p', { class: 'model-name', 'data-testid': 'model-name' }, el('bdi', {}, modelTitle(info)),
      info.planted ? el('span', { class: 'badge', 'data-testid': 'planted-badge' }, 'planted') : null),
    about ? el('p', { class: 'hint', 'data-testid': 'demo-note' }, about.text, ' ', el('a', { href: about.href }, about.link), '.') : null,
    definitions(rows),
    ...notes.map((note) => el('p', { class: 'hint' }, note)),
  ];
}
