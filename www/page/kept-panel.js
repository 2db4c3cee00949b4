/**
 * The weights that this browser keeps: what, how much, and a way to delete it.
 */
import { el } from './dom.js';
import { byteText } from './format.js';

/**
 * @param {{session: object}} options
 * @returns {{node: HTMLElement, render: (state: object) => void}}
 */
export function createKeptPanel({ session }) {
  const summary = el('summary', { 'data-testid': 'kept-summary' });
  const list = el('ul', { class: 'kept-list', 'data-testid': 'kept-list' });
  const node = el('details', { class: 'kept-panel', 'data-testid': 'kept-panel', hidden: true }, summary, list,
    el('p', { class: 'hint' }, 'Kept so that the next visit fetches nothing. Only this page can read it; deleting it costs a download.'));
  let written = '';
  return {
    node,
    render({ kept, status }) {
      const busy = status !== 'ready';
      const now = JSON.stringify([kept, busy]);
      if (now === written) return;
      written = now;
      node.hidden = kept.length === 0;
      const bytes = kept.reduce((sum, one) => sum + one.bytes, 0);
      summary.textContent = `Weights kept here: ${kept.length} model${kept.length === 1 ? '' : 's'}, ${byteText(bytes)}`;
      list.replaceChildren(...kept.map((one) => entry(one, busy, session)));
    },
  };
}

function entry({ key, name, url, bytes, complete, spec }, busy, session) {
  const host = hostOf(url);
  return el('li', { 'data-testid': 'kept-entry' },
    el('span', {}, el('bdi', {}, name), ` · ${byteText(bytes)}${complete ? '' : ', unfinished'}${host ? ` · ${host}` : ''}`),
    el('span', { class: 'buttons' },
      spec ? el('button', { type: 'button', disabled: busy, 'data-testid': 'kept-open', on: { click: () => session.open(spec, name) } }, 'Open') : null,
      el('button', { type: 'button', disabled: busy, 'data-testid': 'kept-delete', 'aria-label': `Delete ${name}`, on: { click: () => session.forgetKept(key) } }, 'Delete')));
}

function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return '';
  }
}
