/**
 * The models that come with the page: one that was trained for it, and one whose heads were written by hand.
 */

const models = (base) => [
  {
    id: 'demo',
    label: 'Demonstration model (trained)',
    words: 'the demonstration model',
    note: {
      text: 'Demonstration model, trained on generated sentences: a small relative of GPT-2, not GPT-2.',
      link: 'What it is and how it learned',
      href: 'demo.html',
    },
    spec: {
      kind: 'url',
      base: new URL('models/demo/', base).href,
      kindOfSource: 'bundled',
      name: 'Demonstration model',
      repository: null,
    },
  },
  {
    id: 'planted',
    label: 'Planted model: check the method against the truth',
    words: 'the planted model',
    note: null,
    spec: {
      kind: 'url',
      base: new URL('models/planted/', base).href,
      kindOfSource: 'bundled',
      name: 'Planted demonstration model',
      planted: true,
    },
  },
];

/**
 * @param {string} base address of the page
 * @returns {{id: string, label: string, words: string, note: object | null, spec: object}[]} the first is opened
 *   with the page
 */
export const bundledModels = (base) => models(base);

/**
 * The bundled model that the page's address asks for (`?model=planted`), or the first.
 * @param {ReturnType<typeof bundledModels>} list
 * @param {string} search of the page's address
 */
export function chosenAtStart(list, search) {
  const asked = new URLSearchParams(search).get('model');
  return list.find(({ id }) => id === asked) ?? list[0];
}

/**
 * Which bundled model an open one is.
 * @param {{source: string, name: string}} model
 */
export function bundledId({ source, name }) {
  if (source !== 'bundled') return null;
  return models('https://page.invalid/').find(({ spec }) => spec.name === name)?.id ?? null;
}
