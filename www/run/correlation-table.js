/**
 * The correlations of all four scores with the static one, as published for GPT-2 XL they are .97 and .71 for name copying.
 */
import { el } from '../page/dom.js';
import { CONTEXTS, SIGNS, correlations } from './in-use-data.js';

/**
 * @returns {{node: HTMLElement, render: (shown: {document: object, template: 'all' | number} | null) => void}}
 */
export function createCorrelationTable() {
  const node = el('section', { hidden: true, 'data-testid': 'correlations' });
  let written;
  return {
    node,
    render(shown) {
      if (shown?.document === written?.document && shown?.template === written?.template) return;
      written = shown;
      node.hidden = !shown?.document.static;
      if (node.hidden) return;
      const all = correlations(shown.document, shown.template);
      const cell = (sign, context) => {
        const { r } = all.find((each) => each.sign === sign && each.context === context);
        return el('td', {}, r === null ? 'not defined' : r.toFixed(3).replace('-', '−'));
      };
      node.replaceChildren(el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Correlations' }, el('table', {},
        el('caption', {}, `Static score against score in use: Pearson’s r over ${all[0].n} points (heads × templates)`),
        el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Score'), ...Object.values(CONTEXTS).map(({ name }) => el('th', { scope: 'col' }, name)))),
        el('tbody', {}, ...Object.entries(SIGNS).map(([sign, label]) => el('tr', {}, el('th', { scope: 'row' }, label),
          ...Object.keys(CONTEXTS).map((context) => cell(sign, context))))))));
    },
  };
}
