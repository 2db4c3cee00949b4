/**
 * One panel on the page: a canvas that can be read with the pointer, the keyboard and by touch, a ring
 * around the cell that is read, and a label beside it.
 */
import { drawColumns, drawPanel } from '../figure/figure.js';
import { CELL_EMPTY } from '../figure/grid.js';
import { cellAt, cellBox } from '../figure/layout.js';
import { moveCell } from '../figure/navigation.js';
import { el, setText } from './dom.js';
import { cellReading, panelLabel } from './reading.js';
import { contextOf } from './redraw.js';

/**
 * @param {object} options
 * @param {number} options.index of the panel in the figure
 * @param {(cell: {layer: number, head: number} | null) => void} options.onRead
 * @param {(cell: {layer: number, head: number}) => void} options.onList
 * @param {string} [options.name] beginning of the test ids
 * @param {string} [options.describedBy] id of the text that says what is read
 * @param {{reading: Function, label: Function}} [options.words] as cellReading and panelLabel of reading.js
 * @returns {{node: HTMLElement, draw: (panel: object, layout: object, theme: object, ratio: number) => void,
 *   point: (cell: {layer: number, head: number} | null) => void}}
 */
export function createPanelView({
  index, onRead, onList, name = 'panel', describedBy = 'cell-reading', words = { reading: cellReading, label: panelLabel },
}) {
  const canvas = el('canvas', {
    tabindex: '0',
    role: 'application',
    'aria-roledescription': 'heat map',
    'aria-describedby': describedBy,
    'data-testid': `${name}-${index}`,
  });
  const ring = el('div', { class: 'ring', hidden: true, 'data-testid': name === 'panel' ? `ring-${index}` : `${name}-ring-${index}` });
  const tip = el('div', { class: 'tip', hidden: true, 'aria-hidden': 'true' });
  // The slot leaves room for what is listed under a stacked panel.
  const node = el('div', { class: 'panel-slot' }, el('div', { class: 'panel' }, canvas, ring, tip));
  let layout = null;
  let panel = null;
  let cell = null;
  /** What stands on the canvas: a layer that has finished is drawn alone. */
  let drawn = null;

  // Kept here at once: a reader who holds an arrow key is faster than the next frame.
  const read = (next) => {
    cell = next;
    onRead(next);
  };
  const under = (event) => {
    if (!layout) return null;
    const box = canvas.getBoundingClientRect();
    return cellAt(layout, event.clientX - box.left, event.clientY - box.top);
  };

  canvas.addEventListener('contextlost', () => { drawn = null; });
  canvas.addEventListener('pointermove', (event) => {
    const found = under(event);
    canvas.classList.toggle('on-cell', found !== null);
    if (found && (found.layer !== cell?.layer || found.head !== cell?.head)) read(found);
  });
  canvas.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse' && document.activeElement !== canvas) read(null);
  });
  canvas.addEventListener('click', (event) => {
    const found = under(event);
    if (!found) return;
    read(found);
    onList(found);
  });
  canvas.addEventListener('focus', () => { if (panel && !cell) read({ layer: 0, head: 0 }); });
  canvas.addEventListener('blur', () => read(null));
  canvas.addEventListener('keydown', (event) => {
    if (!panel || event.altKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      if (cell) onList(cell);
    } else if (event.key === 'Escape') {
      read(null);
    } else {
      const next = moveCell(cell, event.key, { ...panel.grid, ctrl: event.ctrlKey });
      if (!next) return;
      event.preventDefault();
      read(next);
    }
  });

  return {
    node,
    draw(nextPanel, nextLayout, theme, ratio) {
      panel = nextPanel;
      layout = nextLayout;
      const context = contextOf(canvas, layout, ratio);
      const look = lookOf(panel, layout, theme, ratio);
      const isSame = drawn?.grid === panel.grid && drawn.look === look;
      const full = fullColumns(panel.grid);
      if (isSame) drawColumns(context, layout, panel, theme, ratio, full.filter((layer) => !drawn.full.has(layer)));
      else drawPanel(context, layout, panel, theme, ratio);
      drawn = { grid: panel.grid, look, full: new Set(full) };
      const label = words.label(panel);
      if (canvas.getAttribute('aria-label') !== label) canvas.setAttribute('aria-label', label);
    },
    point(next) {
      cell = next;
      ring.hidden = tip.hidden = cell === null || layout === null;
      if (ring.hidden) return;
      const box = cellBox(layout, cell);
      place(ring, box.x - 2, box.y - 2);
      ring.style.width = `${box.width + 4}px`;
      ring.style.height = `${box.height + 4}px`;
      const { text, known } = words.reading(panel, cell);
      setText(tip, known ? `${text}\n${known}` : text);
      placeTip(tip, box, layout);
    },
  };
}

/** All that decides how a panel looks but its cells. */
const lookOf = ({ title, barName, marks }, layout, theme, ratio) => JSON.stringify([title, barName, marks, layout, theme, ratio]);

/** Layers whose column is filled; it is filled at once and never changes. @param {import('../figure/grid.js').Grid} grid */
const fullColumns = ({ nLayer, nHead, state }) => Array.from({ length: nLayer }, (_, layer) => layer)
  .filter((layer) => state[layer * nHead] !== CELL_EMPTY);

function place(node, x, y) {
  node.style.transform = `translate(${Math.round(x * 2) / 2}px, ${Math.round(y * 2) / 2}px)`;
}

/** Above the cell, or under it near the top; never past the panel's sides. */
function placeTip(tip, box, layout) {
  const { offsetWidth: width, offsetHeight: height } = tip;
  const x = Math.min(layout.width - width, Math.max(0, box.x + box.width / 2 - width / 2));
  const y = box.y - height - 8 >= 0 ? box.y - height - 8 : box.y + box.height + 8;
  place(tip, x, y);
}
