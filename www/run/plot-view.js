/**
 * A plot on a canvas of its own: drawn again when it has to be, read with the pointer, by touch and with the keyboard.
 * What it shows and what is under a point is the business of a mark in figure/.
 */
import { el, setText } from '../page/dom.js';
import { contextOf, currentTheme, redrawWith } from '../page/redraw.js';

/**
 * @template At what is read: a point, a step, a cell of tokens
 * @param {object} options
 * @param {string} options.name the canvas's test id; `${name}-reading` is that of the line under it
 * @param {string} options.role in words: 'scatter plot'
 * @param {(data: object, width: number) => object} options.layout with width and height
 * @param {(context: object, layout: object, data: object, theme: object, ratio: number, at: At | null) => void} options.draw
 * @param {(layout: object, data: object, x: number, y: number) => At | null} options.find what is under a point
 * @param {(data: object, at: At | null, event: KeyboardEvent) => At | null} options.move null when the key means nothing
 * @param {(layout: object, data: object, at: At) => {x: number, y: number, width: number, height: number} | null} options.ring
 * @param {(data: object, at: At) => string} options.read
 * @param {(data: object) => string} options.label for those who do not see it
 * @param {string} options.hint while nothing is read
 * @param {(at: At | null) => void} options.onRead
 * @param {(at: At) => void} [options.onPick] click, tap or Enter
 * @returns {{node: HTMLElement, render: (data: object | null, at: At | null) => void}}
 */
export function createPlotView({ name, role, layout: makeLayout, draw: drawIt, find, move, ring: ringOf, read, label, hint, onRead, onPick = () => {} }) {
  const canvas = el('canvas', {
    tabindex: '0', role: 'application', 'aria-roledescription': role, 'aria-describedby': `${name}-reading`, 'data-testid': name,
  });
  const ring = el('div', { class: 'ring', hidden: true, 'data-testid': `${name}-ring` });
  const place = el('div', { class: 'plot-place' }, el('div', { class: 'panel' }, canvas, ring));
  const reading = el('p', { class: 'reading', id: `${name}-reading`, 'aria-live': 'polite', 'data-testid': `${name}-reading` });
  const node = el('div', { class: 'plot' }, place, reading);
  let data = null;
  let layout = null;
  let at = null;

  const readNow = (next) => {
    at = next;
    onRead(next);
  };
  const under = (event) => {
    if (!layout || !data) return null;
    const box = canvas.getBoundingClientRect();
    return find(layout, data, event.clientX - box.left, event.clientY - box.top);
  };
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  canvas.addEventListener('pointermove', (event) => {
    const found = under(event);
    canvas.classList.toggle('on-cell', found !== null);
    if (found && !same(found, at)) readNow(found);
  });
  canvas.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse' && document.activeElement !== canvas) readNow(null);
  });
  canvas.addEventListener('click', (event) => {
    const found = under(event);
    if (!found) return;
    readNow(found);
    onPick(found);
  });
  canvas.addEventListener('blur', () => readNow(null));
  canvas.addEventListener('keydown', (event) => {
    if (!data || event.altKey || event.metaKey) return;
    if (event.key === 'Escape') readNow(null);
    else if ((event.key === 'Enter' || event.key === ' ') && at) {
      event.preventDefault();
      onPick(at);
    } else {
      const next = move(data, at, event);
      if (!next) return;
      event.preventDefault();
      readNow(next);
    }
  });

  function draw() {
    node.hidden = data === null;
    if (data === null || place.clientWidth === 0) return;
    layout = makeLayout(data, place.clientWidth);
    drawIt(contextOf(canvas, layout, devicePixelRatio), layout, data, currentTheme(), devicePixelRatio, at);
    const words = label(data);
    if (canvas.getAttribute('aria-label') !== words) canvas.setAttribute('aria-label', words);
    point();
  }

  function point() {
    reading.classList.toggle('idle', at === null);
    setText(reading, at === null ? hint : read(data, at));
    const box = at === null ? null : ringOf(layout, data, at);
    ring.hidden = box === null;
    if (box === null) return;
    ring.style.transform = `translate(${box.x}px, ${box.y}px)`;
    ring.style.width = `${box.width}px`;
    ring.style.height = `${box.height}px`;
  }

  redrawWith(place, draw);
  return {
    node,
    render(nextData, nextAt) {
      const changed = nextData !== data;
      data = nextData;
      at = nextAt;
      if (changed || layout === null) draw();
      else if (data) point();
    },
  };
}
