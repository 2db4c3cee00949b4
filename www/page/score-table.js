/**
 * The same numbers as the figure, as tables: for screen readers, for copying, and for those who like
 * numbers. Built when it is opened and no score runs, in portions, so that a large model does not stop the
 * page.
 */
import { scoreText } from '../figure/colour.js';
import { CELL_INVALID, readCell } from '../figure/grid.js';
import { classesOf } from '../figure/presets.js';
import { el } from './dom.js';

/** Rows that are made before the page gets its turn. */
const ROWS_AT_ONCE = 8;

/**
 * @returns {{node: HTMLElement, render: (panels: object[] | null, running: boolean) => void}}
 */
export function createScoreTable() {
  const body = el('div', { class: 'tables' });
  const node = el('details', { 'data-testid': 'score-table' }, el('summary', {}, 'The numbers as a table'), body);
  let panels = null;
  let written = null;
  let busy = false;

  async function write() {
    if (!node.open || busy || panels === written) return;
    const mine = panels;
    written = mine;
    body.replaceChildren();
    for (const panel of mine ?? []) {
      const { table, rows } = skeleton(panel);
      for (let head = 0; head < panel.grid.nHead; head += 1) {
        rows.append(row(panel, head));
        if (head % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await new Promise((resolve) => setTimeout(resolve));
        if (panels !== mine) return;
      }
      body.append(el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${panel.title}, table` }, table));
    }
  }

  node.addEventListener('toggle', write);

  return {
    node,
    render(next, running) {
      if (next === panels) return;
      panels = next;
      busy = running;
      if (!busy) write();
      else if (written) {
        written = null;
        body.replaceChildren(el('p', { class: 'hint' }, 'The table is made when the run has ended.'));
      }
    },
  };
}

function skeleton({ title, grid, k }) {
  const layers = Array.from({ length: grid.nLayer }, (_, layer) => el('th', { scope: 'col' }, `L${layer}`));
  const rows = el('tbody');
  const table = el('table', { class: 'scores' },
    el('caption', {}, `${title}: hits of ${grid.total} pairs, and the score (k = ${k})`),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Head'), ...layers)),
    rows);
  return { table, rows };
}

function row(panel, head) {
  const cells = Array.from({ length: panel.grid.nLayer }, (_, layer) => {
    const { state, hits, score } = readCell(panel.grid, layer, head);
    const known = classesOf(panel.marks, { layer, head }).join(', ');
    if (score === null) return el('td', {}, state === CELL_INVALID ? 'invalid' : '–');
    return el('td', { class: score >= 0.5 ? 'high' : score === 0 ? 'zero' : null, title: known || null },
      scoreText(score), el('small', {}, ` ${hits}`), known ? el('span', { class: 'unseen' }, `, ${known}`) : null);
  });
  return el('tr', {}, el('th', { scope: 'row' }, `Head ${head}`), ...cells);
}
