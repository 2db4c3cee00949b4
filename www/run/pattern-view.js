/**
 * An attention pattern on the page, token by token, with a part of it that can be looked at closer.
 */
import { drawPattern, layoutPattern, tokenAt, tokenText } from '../figure/pattern.js';
import { holding, wholeWindow, zoomed } from '../figure/raster.js';
import { el, setText } from '../page/dom.js';
import { createPlotView } from './plot-view.js';

/**
 * @param {{onRead: (token: {query: number, key: number} | null) => void, onWindow: (window: object) => void}} options
 * @returns {{node: HTMLElement, render: (picture: object | null, token: object | null) => void}} picture: {title, pattern, tokens,
 *   window, where}
 */
export function createPatternView({ onRead, onWindow }) {
  let picture = null;
  // The cell that was read last: pressing a button takes the pointer and the focus away from it.
  let last = null;
  // Kept here at once, as the cell is: keys come faster than frames.
  let window = null;
  const look = (next) => {
    window = next;
    onWindow(next);
  };
  const zoom = (factor) => {
    if (!picture) return;
    const { tokens } = picture;
    const inside = last && last.query >= window.query && last.query < window.query + window.size && last.key >= window.key && last.key < window.key + window.size;
    const centre = inside ? last : { query: window.query + window.size / 2, key: window.key + window.size / 2 };
    look(zoomed(window, factor, centre, tokens.length));
  };
  const button = (testid, words, action) => el('button', { type: 'button', 'data-testid': testid, on: { click: action } }, words);
  const closer = button('pattern-closer', 'Look closer', () => zoom(2));
  const further = button('pattern-further', 'From further away', () => zoom(0.5));
  const whole = button('pattern-whole', 'All tokens', () => picture && look(wholeWindow(picture.tokens.length)));
  const part = el('span', { class: 'hint', 'data-testid': 'pattern-part' });
  const tools = el('div', { class: 'buttons tools' }, closer, further, whole, part);

  const view = createPlotView({
    name: 'pattern', role: 'heat map',
    layout: (data, width) => layoutPattern({ width, window: data.window, tokens: data.tokens }),
    draw: (context, layout, data, theme, ratio) => drawPattern(context, layout, data, theme, ratio),
    find: (layout, _, x, y) => tokenAt(layout, x, y),
    move(data, at, { key }) {
      if (key === '+' || key === '=') return zoom(2) ?? at;
      if (key === '-') return zoom(0.5) ?? at;
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
      if (!step) return null;
      const end = data.tokens.length - 1;
      const clamp = (value) => Math.min(end, Math.max(0, value));
      const next = at ? { query: clamp(at.query + step[0]), key: clamp(at.key + step[1]) } : { query: window.query, key: window.key };
      const held = holding(window, next);
      if (held.query !== window.query || held.key !== window.key) look(held);
      return next;
    },
    ring({ plot, cell, window: drawn }, _, at) {
      const [row, column] = [at.query - drawn.query, at.key - drawn.key];
      if (row < 0 || column < 0 || row >= drawn.size || column >= drawn.size) return null;
      return { x: plot.x + column * cell - 2, y: plot.y + row * cell - 2, width: cell + 4, height: cell + 4 };
    },
    read: (data, at) => tokenReading(data, at),
    label: ({ title, tokens }) => `${title}. Heat map of the attention of ${tokens.length} tokens, queries downwards, keys to the right. `
      + 'The arrow keys move from cell to cell, plus and minus look closer and from further away.',
    hint: 'Point at a cell to see who looks at what.',
    onRead(at) {
      last = at ?? last;
      onRead(at);
    },
  });
  view.node.prepend(tools);

  return {
    node: view.node,
    render(next, at) {
      picture = next;
      last = at ?? last;
      if (next) {
        window = next.window;
        const { tokens } = next;
        closer.disabled = window.size <= Math.min(8, tokens.length);
        further.disabled = whole.disabled = window.size >= tokens.length;
        setText(part, window.size >= tokens.length ? `${tokens.length} tokens` : `queries ${window.query} to ${window.query + window.size - 1}, keys ${window.key} to ${window.key + window.size - 1} of ${tokens.length}`);
      }
      view.render(next, at);
    },
  };
}

/**
 * @param {{pattern: ArrayLike<number>, tokens: string[]}} picture
 * @param {{query: number, key: number}} at
 * @returns {string}
 */
export function tokenReading({ pattern, tokens }, { query, key }) {
  const name = (index) => `“${tokenText(tokens[index])}” (${index})`;
  if (key > query) return `${name(query)} cannot look at ${name(key)}: it comes later`;
  return `${name(query)} looks at ${name(key)} with ${pattern[query * tokens.length + key].toFixed(3)} of its attention`;
}
