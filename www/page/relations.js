/**
 * Which relations the page is about to score, from the reader's choices.
 */
import { figureRelations } from '../figure/presets.js';

/**
 * @param {object} state of the store
 * @param {{relations: {name: string, title: string, k: number, pairs: string[][]}[]}} catalogue
 * @returns {{name: string, title: string, k: number, pairs: string[][]}[]} empty while a file or typed pairs
 *   are awaited
 */
export function chosenRelations(state, catalogue) {
  const names = state.figure === 'single' ? [state.relation] : figureRelations(state.figure);
  return names
    .map((name) => {
      if (name === 'file' || name === 'typed') return state[name];
      return catalogue.relations.find((relation) => relation.name === name);
    })
    .filter(Boolean)
    .map((relation) => ({ ...relation, k: state.ks[relation.name] ?? relation.k }));
}

/**
 * @param {string} name of a relation in a result
 * @param {object} state
 * @param {{relations: object[]}} catalogue
 * @returns {string} how titles write it
 */
export function relationTitle(name, state, catalogue) {
  const own = [state.file, state.typed].find((relation) => relation?.name === name);
  const known = own ?? catalogue.relations.find((relation) => relation.name === name);
  return known?.title ?? name.replaceAll('_', ' ');
}
