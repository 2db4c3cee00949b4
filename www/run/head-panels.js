/**
 * Heat maps of heads side by side, with one line under them that says what is read: the same cell in all of them, so that
 * scores can be compared head by head.
 */
import { arrange, layoutPanels } from '../figure/figure.js';
import { el, setText } from '../page/dom.js';
import { createPanelView } from '../page/panel-view.js';
import { currentTheme, redrawWith } from '../page/redraw.js';

/**
 * @param {object} options
 * @param {string} options.name beginning of the test ids and ids
 * @param {{reading: (panel: object, cell: object) => {text: string, brief: string, known: string}, label: (panel: object) => string}} options.words
 *   see words.js; each panel has `short`, its name in a sentence
 * @param {(cell: {layer: number, head: number} | null) => void} options.onRead
 * @param {(cell: {layer: number, head: number}) => void} options.onPick click, tap or Enter
 * @param {string} options.hint what can be done, while nothing is read
 * @param {number} [options.mostColumns]
 * @returns {{node: HTMLElement, reading: HTMLElement, render: (panels: object[], cell: object | null) => void}} panels as
 *   figure.js draws them
 */
export function createHeadPanels({ name, words, onRead, onPick, hint, mostColumns = 2 }) {
  const place = el('div', { class: 'panels' });
  const said = el('span', { 'data-testid': `${name}-reading` });
  const known = el('span', { class: 'known' });
  const reading = el('p', { class: 'reading', id: `${name}-reading`, 'aria-live': 'polite' }, said, known);
  const node = el('div', { class: 'head-panels' }, place, reading);
  let views = [];
  let panels = [];
  let cell = null;

  function draw() {
    if (panels.length === 0 || place.clientWidth === 0) return;
    const { columns, width } = arrange(panels.slice(0, mostColumns), place.clientWidth);
    place.dataset.columns = String(columns);
    const layouts = layoutPanels(panels, width, columns);
    while (views.length < panels.length) {
      views.push(createPanelView({ index: views.length, name, describedBy: `${name}-reading`, words, onRead, onList: onPick }));
    }
    views = views.slice(0, panels.length);
    if (place.childElementCount !== views.length) place.replaceChildren(...views.map((view) => view.node));
    views.forEach((view, index) => view.draw(panels[index], layouts[index], currentTheme(), devicePixelRatio));
    point();
  }

  function point() {
    views.forEach((view, index) => view.point(panels[index] && cell ? cell : null));
    reading.classList.toggle('idle', !cell || panels.length === 0);
    if (!cell || panels.length === 0) {
      setText(said, panels.length ? hint : '');
      setText(known, '');
      return;
    }
    const texts = panels.map((panel) => words.reading(panel, cell));
    setText(said, [`layer ${cell.layer}, head ${cell.head}: `, texts.map(({ brief }) => brief).join('; ')].join(''));
    setText(known, [...new Set(texts.map((each) => each.known).filter(Boolean))].join(', '));
  }

  redrawWith(place, draw);
  return {
    node,
    reading,
    render(nextPanels, nextCell) {
      const same = nextPanels === panels;
      panels = nextPanels;
      cell = nextCell;
      if (panels.length === 0) {
        views = [];
        place.replaceChildren();
        point();
      } else if (same) point();
      else draw();
    },
  };
}
