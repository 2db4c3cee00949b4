/**
 * The figure on the page: its panels side by side or stacked, redrawn when a layer has finished, when the
 * page changes its width, its theme, or moves to a screen with another pixel ratio.
 */
import { arrange, layoutPanels } from '../figure/figure.js';
import { el, setText } from './dom.js';
import { createPanelView } from './panel-view.js';
import { cellReading, figureState } from './reading.js';
import { currentTheme, redrawWith } from './redraw.js';

/**
 * @param {object} options
 * @param {(cell: {panel: number, layer: number, head: number} | null) => void} options.onRead
 * @param {(cell: {panel: number, layer: number, head: number}) => void} options.onList
 * @param {HTMLElement} options.pairs the list of a cell's pairs: under its panel when panels are stacked,
 *   under the figure otherwise
 * @returns {{node: HTMLElement, render: (panels: object[] | null, cell: object | null, shown: object | null, listed: object | null) => void}}
 */
export function createFigureView({ onRead, onList, pairs }) {
  const grid = el('div', { class: 'panels', 'data-testid': 'figure' });
  const said = el('span', { 'data-testid': 'cell-reading' });
  const known = el('span', { class: 'known', 'data-testid': 'cell-known' });
  const where = el('span', { class: 'where' });
  const reading = el('p', { class: 'reading', id: 'cell-reading', 'aria-live': 'polite' }, said, known, where);
  const caption = el('p', { class: 'figure-state', 'data-testid': 'figure-state', 'aria-live': 'polite' });
  const node = el('div', { class: 'figure' }, grid, el('div', { class: 'under' }, reading, caption), pairs);
  const byTouch = matchMedia('(hover: none)');
  let views = [];
  let panels = null;
  let cell = null;
  let listed = null;

  function draw() {
    if (!panels) return;
    const { columns, width } = arrange(panels, Math.max(280, grid.clientWidth));
    grid.dataset.columns = String(columns);
    const layouts = layoutPanels(panels, width, columns);
    while (views.length < panels.length) {
      const index = views.length;
      views.push(createPanelView({
        index,
        onRead: (at) => onRead(at && { panel: index, ...at }),
        onList: (at) => onList({ panel: index, ...at }),
      }));
    }
    views = views.slice(0, panels.length);
    const nodes = views.map((view) => view.node);
    if (grid.childElementCount !== nodes.length) grid.replaceChildren(...nodes);
    views.forEach((view, index) => view.draw(panels[index], layouts[index], currentTheme(), devicePixelRatio));
    point();
    placePairs();
  }

  function placePairs() {
    const stacked = listed !== null && views.length > 1 && grid.dataset.columns === '1';
    const place = stacked ? views[listed.panel]?.node : node;
    if (place && pairs.parentNode !== place) place.append(pairs);
  }

  function point() {
    views.forEach((view, index) => view.point(cell?.panel === index ? cell : null));
    const panel = cell && panels?.[cell.panel];
    if (!panel) {
      setText(said, byTouch.matches ? 'Tap a cell to read it and to list its pairs.'
        : 'Point at a cell, or move with Tab and the arrow keys; a click or Enter lists the pairs.');
      reading.classList.add('idle');
      setText(known, '');
      setText(where, '');
      return;
    }
    reading.classList.remove('idle');
    const words = cellReading(panel, cell);
    setText(said, words.text);
    setText(known, words.known);
    setText(where, panel.barName);
  }

  redrawWith(grid, draw);

  return {
    node,
    render(nextPanels, nextCell, shown, nextListed) {
      // Layer by layer is for the eye; the end is worth saying aloud.
      caption.setAttribute('aria-live', shown?.progress === 'running' ? 'off' : 'polite');
      setText(caption, figureState(shown));
      caption.dataset.state = shown?.progress ?? 'none';
      const redraw = nextPanels !== panels;
      panels = nextPanels;
      cell = nextCell;
      listed = nextListed;
      if (redraw) draw();
      else {
        point();
        placePairs();
      }
    },
  };
}
