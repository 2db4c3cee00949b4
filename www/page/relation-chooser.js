/**
 * What to score: one of the two published figures, or a single panel with any relation.
 */
import { choice, el, labelled, radios, setText } from './dom.js';
import { createDroppedPairs } from './dropped-pairs.js';
import { whole } from './format.js';
import { FEWEST_VALID, parseRelation, readRelationFile } from './relation-file.js';
import { chosenRelations } from './relations.js';

/**
 * @param {{store: object, session: object, catalogue: {relations: object[]}}} options
 * @returns {{node: HTMLElement, offer: (file: File) => Promise<void>, render: (state: object) => void}}
 */
export function createRelationChooser({ store, session, catalogue }) {
  const change = (patch) => {
    store.set(patch);
    session.select();
  };
  const figure = radios({
    legend: 'Figure',
    quiet: true,
    name: 'figure',
    options: [
      { value: 'A', label: 'Figure A' },
      { value: 'B', label: 'Figure B' },
      { value: 'single', label: 'One panel' },
    ],
    onChange: (value) => change({ figure: value }),
  });
  const about = el('p', { class: 'hint' });
  const relation = choice('relation-select', (value) => change({ relation: value }));
  const sign = radios({
    legend: 'Sign',
    name: 'sign',
    options: [{ value: 'relation', label: 'Writes it' }, { value: 'suppression', label: 'Suppresses it' }],
    onChange: (value) => store.set({ sign: value }),
  });

  const fileInput = el('input', { type: 'file', accept: '.json,.csv,.tsv,.txt', 'data-testid': 'relation-file', on: { change: readFile } });
  const filePart = el('div', { class: 'way' }, el('label', { class: 'button' }, 'Choose a file of pairs', fileInput),
    el('p', { class: 'hint' }, 'JSON: [["France", "Paris"], …]. CSV or TSV: one pair a line. Up to 2 MB, 20,000 pairs, 200 bytes a side.'));

  const typed = el('textarea', { rows: '6', spellcheck: 'false', placeholder: 'France, Paris\nJapan, Tokyo', 'data-testid': 'typed-pairs' });
  const typedPart = el('form', { class: 'way', on: { submit: readTyped } },
    labelled('One pair a line: source, target', typed),
    el('button', { type: 'submit', 'data-testid': 'use-typed' }, 'Use these pairs'));

  const ks = el('div', { class: 'ks' });
  const kept = el('p', { class: 'kept', 'data-testid': 'kept-pairs', 'aria-live': 'polite' });
  const dropped = createDroppedPairs();
  const single = el('div', { class: 'single' }, labelled('Relation', relation.node), filePart, typedPart, sign.node);
  const node = el('section', { class: 'choice', 'aria-labelledby': 'choose-figure' },
    el('h2', { id: 'choose-figure' }, 'Figure'), figure.node, about, single, ks, kept, dropped.node);

  function readFile() {
    const [file] = fileInput.files;
    fileInput.value = '';
    if (file) offer(file);
  }

  async function offer(file) {
    try {
      change({ file: await readRelationFile(file), figure: 'single', relation: 'file' });
    } catch (error) {
      session.fail(error);
    }
  }

  function readTyped(event) {
    event.preventDefault();
    try {
      change({ typed: parseRelation(typed.value, 'typed pairs'), relation: 'typed' });
    } catch (error) {
      session.fail(error);
    }
  }

  let kInputs = new Map();
  function renderKs(state, relations, off) {
    const names = relations.map(({ name }) => name).join('\n');
    if (ks.dataset.names !== names) {
      ks.dataset.names = names;
      kInputs = new Map(relations.map(({ name }) => [name, el('input', {
        type: 'number', min: '1', max: '1000', step: '1', 'data-testid': `k-${name}`,
      })]));
      for (const [name, input] of kInputs) {
        input.addEventListener('change', () => {
          const k = Math.min(1000, Math.max(1, Math.round(Number(input.value)) || 1));
          input.value = String(k);
          store.set({ ks: { ...store.state.ks, [name]: k } });
        });
      }
      ks.replaceChildren(...relations.map(({ name, title }) => labelled(
        relations.length > 1 ? `k, ${title}` : 'k: a hit is among the k highest', kInputs.get(name))));
    }
    for (const { name, k } of relations) {
      const input = kInputs.get(name);
      input.disabled = off;
      if (document.activeElement !== input) input.value = String(k);
    }
  }

  return {
    node,
    /** A file of pairs dropped anywhere on the page. */
    offer,
    render(state) {
      const off = state.status === 'running' || state.status === 'stopping';
      const relations = chosenRelations(state, catalogue);
      figure.set(state.figure);
      sign.set(state.sign);
      single.hidden = state.figure !== 'single';
      filePart.hidden = state.relation !== 'file';
      typedPart.hidden = state.relation !== 'typed';
      relation.setOptions([
        ...catalogue.relations.map(({ name, title }) => ({ value: name, label: title })),
        { value: 'file', label: state.file ? `File: ${state.file.title}` : 'A file of pairs …' },
        { value: 'typed', label: state.typed ? `Typed: ${state.typed.pairs.length} pairs` : 'Pairs typed here …' },
      ], state.relation);
      const own = state.figure === 'single' ? relations[0]?.source : null;
      setText(about, own ?? ABOUT[state.figure]);
      renderKs(state, relations, off);
      setText(kept, keptText(state, relations));
      dropped.render(state, relations);
      kept.classList.toggle('warn', relations.some(({ name }) => state.selections[name]?.kept.length < FEWEST_VALID));
    },
  };
}

const ABOUT = Object.freeze({
  A: 'Name copying beside suppressed name copying: one relation, both signs.',
  B: 'Name copying beside country to capital.',
  single: 'Any relation, alone.',
});

/**
 * How much of each relation the model's single tokens keep.
 * @param {object} state
 * @param {object[]} relations
 * @returns {string}
 */
export function keptText(state, relations) {
  return relations.map(({ name, title, pairs }) => {
    const selection = state.selections[name];
    if (!selection || selection.pairs !== pairs) return '';
    const count = selection.kept.length;
    const words = `${title}: ${whole(count)} of ${whole(pairs.length)} pairs are single tokens here.`;
    if (count === 0) return `${words} Nothing can be scored.`;
    return count < FEWEST_VALID ? `${words} Fewer than ${FEWEST_VALID}: read the scores with care.` : words;
  }).filter(Boolean).join(' ');
}
