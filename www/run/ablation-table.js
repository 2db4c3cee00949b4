/**
 * Which head went when, and what was left: the curve as a table.
 */
import { el } from '../page/dom.js';
import { drawsAt, shareText } from './ablation-data.js';

/**
 * @returns {{node: HTMLElement, render: (document: object | null) => void}}
 */
export function createAblationTable() {
  const node = el('section', { hidden: true, 'data-testid': 'ablation-table' });
  let written = null;
  return {
    node,
    render(document) {
      if (document === written) return;
      written = document;
      node.hidden = document === null;
      if (document) node.replaceChildren(el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Heads in the order in which they go' }, table(document)));
    },
  };
}

function table(document) {
  const { order, tasks } = document;
  const [main, ...rest] = tasks;
  const steps = Array.from({ length: order.length + 1 }, (_, step) => step);
  const right = (task, step) => shareText(step === 0 ? task.clean : task.ranked[step - 1], task.total);
  const random = (step) => {
    const draws = drawsAt(document, step);
    return draws ? `${draws.mean.toFixed(1)} (${draws.low} to ${draws.high})` : '–';
  };
  const column = (text) => el('th', { scope: 'col' }, text);
  return el('table', {},
    el('caption', {}, 'Which head went when, and how many prompts were still answered right'),
    el('thead', {}, el('tr', {}, column('Removed'), column('Head (layer.head)'), column(main.title), column(`At random: mean of ${main.random.length} (lowest to highest)`), ...rest.map(({ title }) => column(`${title} (control)`)))),
    el('tbody', {}, ...steps.map((step) => el('tr', {},
      el('th', { scope: 'row' }, String(step)),
      el('td', {}, step === 0 ? 'none' : order[step - 1].join('.')),
      el('td', {}, right(main, step)),
      el('td', {}, random(step)),
      ...rest.map((task) => el('td', {}, right(task, step)))))));
}
