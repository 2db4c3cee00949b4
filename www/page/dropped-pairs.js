/**
 * The pairs that a model does not keep, with the reason: a score is only as good as its list.
 */
import { el } from './dom.js';
import { whole } from './format.js';

/** More are counted, not listed. */
const MOST_LISTED = 400;

/**
 * @returns {{node: HTMLElement, render: (state: object, relations: object[]) => void}}
 */
export function createDroppedPairs() {
  const summary = el('summary', {});
  const list = el('ul', { class: 'dropped' });
  const node = el('details', { class: 'dropped-pairs', hidden: true, 'data-testid': 'dropped-pairs' }, summary,
    el('div', { class: 'pairs-scroll', tabindex: '0', role: 'region', 'aria-label': 'Pairs that are not used' }, list));
  let written = [];
  node.addEventListener('toggle', fill);

  function fill() {
    if (!node.open) return;
    const items = written.slice(0, MOST_LISTED).map(([source, target, reason]) => el('li', {},
      el('bdi', {}, source), ' → ', el('bdi', {}, target), el('span', { class: 'hint' }, `: ${reason}`)));
    const rest = written.length - items.length;
    list.replaceChildren(...items, ...(rest > 0 ? [el('li', {}, `and ${whole(rest)} more`)] : []));
  }

  let key;
  return {
    node,
    render({ selections }, relations) {
      const found = relations.map(({ name, pairs }) => (selections[name]?.pairs === pairs ? selections[name] : null));
      const now = found.map((selection) => selection?.dropped ?? null);
      if (key && now.length === key.length && now.every((dropped, index) => dropped === key[index])) return;
      key = now;
      written = now.flatMap((dropped) => dropped ?? []);
      node.hidden = written.length === 0;
      summary.textContent = `${whole(written.length)} ${written.length === 1 ? 'pair is' : 'pairs are'} not used`;
      fill();
    },
  };
}
