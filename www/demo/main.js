/**
 * The page about the demonstration model: its learning curve and what it reached, from the training's own log.
 */
import { el } from '../page/dom.js';
import { curve } from './curve.js';
import { readTraining } from './training.js';

const percent = (share) => `${(100 * share).toFixed(1)} %`;

const LOSSES = [
  { key: 'loss_sentences', name: 'sentences' },
  { key: 'loss_scattered', name: 'few words at random' },
  { key: 'loss_repeats', name: 'repeated words' },
];

const ANSWERS = [
  { key: 'names', name: 'known names' },
  { key: 'new_names', name: 'held-out names' },
  { key: 'capitals_new_phrases', name: 'capitals, new phrases' },
];

const REACHED = [
  ['names', 'Which of two names comes, known names'],
  ['names_new_phrases', 'The same in held-out phrasings'],
  ['new_names', 'The same with held-out names'],
  ['new_names_new_phrases', 'Held-out names in held-out phrasings'],
  ['capitals', 'Capital of a country'],
  ['capitals_new_phrases', 'Capital of a country in held-out phrasings'],
  ['list', '“ John-> John; Donna-> Donna; X->” with every name'],
];

const largest = (grid) => Math.max(...grid.flat());

async function show() {
  const training = await readTraining(new URL('models/demo/training.json', document.baseURI));
  const { shape, seconds, steps, measured } = training;
  const last = measured.at(-1);
  document.querySelector('[data-testid="demo-shape"]').textContent =
    `${shape.n_layer} layers of ${shape.n_head} heads, width ${shape.d_model}, ${shape.n_ctx} positions; trained for ${last.step} steps, ${Math.round(seconds / 60)} minutes on a shared machine of two cores.`;
  const at = (list, read) => list.map((each) => [each.step, read(each)]);
  document.getElementById('curves').replaceChildren(
    curve({ title: 'Loss, nats a token', series: LOSSES.map(({ key, name }) => ({ name, points: at(steps, (s) => s[key]) })) }),
    curve({ title: 'Right answers', top: 1, series: ANSWERS.map(({ key, name }) => ({ name, points: at(measured, (m) => m[key]) })) }),
    curve({
      title: 'Best static score of a head',
      top: 1,
      series: [
        { name: 'name copying', points: at(measured, (m) => largest(m.name_copying.relation)) },
        { name: 'its suppression', points: at(measured, (m) => largest(m.name_copying.suppression)) },
        { name: 'country to capital', points: at(measured, (m) => largest(m.country_to_capital.relation)) },
      ],
    }));
  document.getElementById('reached-table').replaceChildren(el('table', { class: 'reached', 'data-testid': 'reached' },
    el('thead', {}, el('tr', {}, el('th', {}, 'Question'), el('th', {}, 'Right'))),
    el('tbody', {}, ...REACHED.map(([key, words]) => el('tr', {}, el('td', {}, words), el('td', {}, percent(last[key])))))));
}

show().catch((error) => {
  document.getElementById('curves').replaceChildren(el('p', { class: 'notice error', 'data-testid': 'demo-error' },
    `The training’s log could not be read (${error.message}). Reload the page; if that does not help, the site was not copied whole.`));
});
