/**
 * The pairs of one head, each with hit or miss, behind a click on its cell.
 */
import { pairsOfHead } from '../result/schema.js';
import { el } from './dom.js';
import { cellReading } from './reading.js';

/** Pairs that are shown at once; a long list grows by this many. */
const AT_ONCE = 300;

/**
 * @param {{onClose: () => void}} options
 * @returns {{node: HTMLElement, render: (shown: object | null, panels: object[] | null, cell: object | null) => void}}
 */
export function createPairList({ onClose }) {
  const node = el('section', { class: 'pair-list', hidden: true, tabindex: '-1', 'aria-labelledby': 'pair-list-title', 'data-testid': 'pair-list' });
  let last = {};
  let wanted = 'all';
  node.addEventListener('keydown', (event) => { if (event.key === 'Escape') onClose(); });

  function fill(panel, pairs, sign, words) {
    const list = el('ul', { class: 'pairs' });
    const more = el('button', { type: 'button', class: 'quiet', on: { click: () => grow() } }, 'Show more');
    let chosen = [];
    let written = 0;
    function grow() {
      const next = chosen.slice(written, written + AT_ONCE);
      list.append(...next.map(pairItem));
      written += next.length;
      more.hidden = written >= chosen.length;
    }
    function show(which) {
      wanted = which;
      chosen = pairs.filter(({ hit }) => which === 'all' || hit === (which === 'hits'));
      written = 0;
      list.replaceChildren();
      for (const [name, button] of buttons) button.setAttribute('aria-pressed', String(name === which));
      grow();
    }
    const hits = pairs.filter(({ hit }) => hit).length;
    const counts = { all: pairs.length, hits, misses: pairs.length - hits };
    const buttons = Object.entries(counts).map(([name, count]) => [name, el('button', {
      type: 'button', class: 'quiet', 'data-testid': `pairs-${name}`, on: { click: () => show(name) },
    }, `${name[0].toUpperCase()}${name.slice(1)} (${count})`)]);
    node.replaceChildren(
      el('header', {},
        el('h3', { id: 'pair-list-title' }, `${panel.relationTitle}${sign === 'suppression' ? ', suppressed' : ''}: ${words.text}`),
        el('button', { type: 'button', class: 'quiet', 'data-testid': 'pair-list-close', on: { click: onClose } }, 'Close')),
      ...(words.known ? [el('p', { class: 'hint' }, words.known)] : []),
      el('p', { class: 'hint' }, hitMeaning(panel, sign)),
      el('div', { class: 'buttons' }, ...buttons.map(([, button]) => button)),
      el('div', { class: 'pairs-scroll', tabindex: '0', role: 'region', 'aria-label': 'Pairs' }, list, more));
    show(wanted);
  }

  return {
    node,
    render(shown, panels, cell) {
      if (cell === last.cell && shown === last.shown) return;
      const opened = cell !== last.cell;
      last = { cell, shown };
      const panel = cell && panels?.[cell.panel];
      node.hidden = !panel;
      if (!panel) return;
      const words = cellReading(panel, cell);
      if (!shown.result) {
        node.replaceChildren(
          el('header', {}, el('h3', { id: 'pair-list-title' }, words.text),
            el('button', { type: 'button', class: 'quiet', 'data-testid': 'pair-list-close', on: { click: onClose } }, 'Close')),
          el('p', {}, 'Which pairs a head hits is known when a run has finished.'));
      } else {
        fill(panel, pairsOfHead(shown.result.relations[panel.index], panel.sign, cell), panel.sign, words);
      }
      if (!opened) return;
      node.focus({ preventScroll: true });
      // Only as far as its heading: the figure should stay where it is read.
      node.querySelector('header').scrollIntoView({ block: 'nearest' });
    },
  };
}

function pairItem({ source, target, hit }) {
  return el('li', { class: hit ? 'hit' : 'miss' },
    el('span', { class: 'mark', 'aria-hidden': 'true' }, hit ? '●' : '○'),
    el('bdi', {}, source), el('span', { 'aria-hidden': 'true' }, ' → '), el('bdi', {}, target),
    el('span', { class: 'unseen' }, hit ? ', hit' : ', miss'));
}

function hitMeaning({ k }, sign) {
  const place = k === 1 ? 'the first place' : `the first ${k} places`;
  return sign === 'suppression'
    ? `A hit: the target is on ${place} of what the head writes against (k = ${k}).`
    : `A hit: the target is on ${place} of what the head writes (k = ${k}).`;
}
