/**
 * "Attention patterns": where each head looks when the same random tokens come twice.
 */
import { drawPanel, layoutPanels } from '../figure/figure.js';
import { scoreScale } from '../figure/colour.js';
import { marksFor } from '../figure/presets.js';
import { valueGrid } from '../figure/value-grid.js';
import { el, labelled } from '../page/dom.js';
import { chosenSets, setsFor } from '../page/known-heads.js';
import { defaultLength } from './actions.js';
import { createHeadPanels } from './head-panels.js';
import { modelOf, titleOfModel } from './in-use-data.js';
import { intro } from './intro.js';
import { createSaveBar, showFacts } from './save-bar.js';
import { valueWords } from './words.js';

const SCORES = Object.freeze([
  { field: 'previous_token', title: 'Previous token', short: 'previous token', what: 'its attention on the token just before' },
  { field: 'duplicate_token', title: 'Duplicate token', short: 'duplicate token', what: 'on the same token, where it came first' },
  { field: 'induction', title: 'Induction', short: 'induction', what: 'on the token that followed then' },
]);

/**
 * @param {{session: object, actions: object, catalogue: object}} parts
 * @returns {{stage: HTMLElement, settings: HTMLElement, result: HTMLElement, action: object, render: (state: object, own: object) => void}}
 */
export function createPatterns({ session, actions, catalogue }) {
  const change = actions.change.patterns;
  const count = (testid, field, low, high) => {
    const input = el('input', { type: 'number', min: String(low), max: String(high), step: '1', 'data-testid': testid });
    input.addEventListener('change', () => {
      input.value = String(Math.min(high, Math.max(low, Math.round(Number(input.value)) || low)));
      change({ [field]: Number(input.value) });
    });
    return input;
  };
  const length = count('patterns-length', 'length', 2, 2048);
  const sequences = count('patterns-sequences', 'sequences', 1, 64);
  const seed = count('patterns-seed', 'seed', 0, 999999);
  const settings = el('section', { class: 'choice', 'aria-labelledby': 'choose-patterns' },
    el('h2', { id: 'choose-patterns' }, 'Attention patterns'),
    labelled('Random tokens, given twice in a row', length, 'At most half of what the model can read at once.'),
    el('div', { class: 'ks' }, labelled('Sequences', sequences), labelled('Seed', seed)));
  const panels = createHeadPanels({
    name: 'patterns-panel', words: valueWords, hint: 'Point at a head in one picture to see it in the others.',
    onRead: (cell) => change({ cell }), onPick: (cell) => change({ cell }),
  });
  const words = el('p', { class: 'figure-state', 'data-testid': 'patterns-state', 'aria-live': 'polite' });
  const meaning = el('p', { class: 'hint' }, `A head’s score is the mean share of ${SCORES.map(({ what, title }) => `${what} (${title.toLowerCase()})`).join(', ')}.`);
  const shown = el('div', { hidden: true }, panels.node, meaning, words);
  const about = intro(
    'Where do heads look?',
    'The model reads random tokens, and then the same tokens once more. On such a text three habits of attention show: looking at the token before (previous token), at the same token the first time it came (duplicate token), and at the token that followed it then (induction: the head that guesses “what came after this last time?”).',
    'A head’s score is the mean share of its attention that goes there, from 0 to 1.');
  const stage = el('div', { class: 'view' }, about, shown);

  let now = null;
  const save = createSaveBar({
    session, actions, name: 'patterns', document: () => now.document,
    pictures: () => {
      const layouts = layoutPanels(now.panels, 556, 2);
      return now.panels.map((panel, index) => ({ ...layouts[index], draw: (context, theme, ratio) => drawPanel(context, layouts[index], panel, theme, ratio) }));
    },
    notes: () => [`${now.document.length} random tokens, given twice; ${now.document.sequences} sequences, seed ${now.document.seed}.`],
  });
  const result = el('div');
  stage.append(save.node);

  const fill = (input, value) => { if (document.activeElement !== input) input.value = String(value); };
  let known = null;
  return {
    stage, settings, result,
    action: { words: () => 'Score the patterns', ready: () => true, start: () => actions.patterns() },
    render(state, own) {
      const running = state.status === 'running';
      fill(length, own.length ?? (state.model ? defaultLength(state.model) : 100));
      fill(sequences, own.sequences);
      fill(seed, own.seed);
      for (const input of [length, sequences, seed]) input.disabled = running;
      if (now?.document !== own.document || known !== state.knownHeads) {
        known = state.knownHeads;
        now = own.document && { document: own.document, panels: panelsOf(own.document, catalogue, state.knownHeads) };
      }
      about.hidden = now !== null;
      shown.hidden = now === null;
      panels.render(now?.panels ?? [], now && own.cell);
      save.render(now !== null, running);
      showFacts(words, own);
    },
  };
}

function panelsOf(document, catalogue, knownHeads) {
  const model = modelOf(document.model);
  // The sets marked in the published figures are about what heads write; here, where they look.
  const sets = knownHeads === 'auto' ? setsFor(catalogue.knownHeads, model) : chosenSets(catalogue.knownHeads, model, knownHeads);
  const marks = marksFor(sets.filter((set) => set.groups.some(({ panel }) => panel === 'any')), { relation: '', sign: 'relation', corner: 'bottom' }, model);
  return SCORES.map(({ field, title, short }) => ({
    title: `${titleOfModel(document)}: ${title.toLowerCase()}`, barName: `${title} score`, short, marks,
    grid: valueGrid(document[field], scoreScale),
  }));
}
