/**
 * The views of the page, and the way between them. Each has an address of its own (`#prompt`), so that it can be linked to and
 * the browser's Back works.
 */
import { el } from '../page/dom.js';

export const VIEWS = Object.freeze([
  { id: 'weights', label: 'Weights' },
  { id: 'in-use', label: 'In use' },
  { id: 'ablation', label: 'Ablation' },
  { id: 'prompt', label: 'Prompt' },
  { id: 'patterns', label: 'Attention patterns' },
]);

/** @type {(hash: string) => string} the view that an address names; the first one when it names none */
export const viewOf = (hash) => VIEWS.find(({ id }) => `#${id}` === hash)?.id ?? VIEWS[0].id;

/**
 * @param {{store: {state: object, set: Function}}} parts
 * @returns {{node: HTMLElement, render: (view: string) => void}}
 */
export function createViews({ store }) {
  const links = VIEWS.map(({ id, label }) => el('a', { href: `#${id}`, 'data-testid': `view-${id}` }, label));
  const node = el('nav', { class: 'views', 'aria-label': 'Views' }, ...links);
  addEventListener('hashchange', () => store.set({ view: viewOf(location.hash) }));
  store.set({ view: viewOf(location.hash) });
  let written = null;
  return {
    node,
    render(view) {
      if (view === written) return;
      written = view;
      VIEWS.forEach(({ id }, index) => {
        if (id === view) links[index].setAttribute('aria-current', 'page');
        else links[index].removeAttribute('aria-current');
      });
      // A loaded file may have opened another view than the address says.
      if (viewOf(location.hash) !== view) history.replaceState(null, '', `#${view}`);
    },
  };
}
