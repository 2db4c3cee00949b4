/**
 * The relations that a view can choose from: those that come with the page, and the reader's own.
 */
import { choice, labelled } from '../page/dom.js';

/**
 * @param {object} options
 * @param {string} options.testid
 * @param {string} options.label
 * @param {{relations: object[]}} options.catalogue
 * @param {(name: string) => void} options.onChange
 * @param {{value: string, label: string}[]} [options.before] further choices
 * @returns {{node: HTMLElement, render: (state: object, chosen: string) => void}} state of the page's store
 */
export function createRelationSelect({ testid, label, catalogue, onChange, before = [] }) {
  const select = choice(testid, onChange);
  return {
    node: labelled(label, select.node),
    render(state, chosen) {
      select.setOptions([
        ...before,
        ...catalogue.relations.map(({ name, title }) => ({ value: name, label: title })),
        ...(state.file ? [{ value: 'file', label: `File: ${state.file.title}` }] : []),
        ...(state.typed ? [{ value: 'typed', label: `Typed: ${state.typed.pairs.length} pairs` }] : []),
      ], chosen);
      select.node.disabled = state.status === 'running';
    },
  };
}
