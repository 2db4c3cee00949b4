/**
 * Moving through the cells of a panel with the keyboard.
 */

/** @type {Record<string, number[]>} steps as [layers, heads] */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value, count) => Math.min(count - 1, Math.max(0, value));

/**
 * @param {{layer: number, head: number} | null} cell where the reader is; null before the first key
 * @param {string} key as KeyboardEvent.key
 * @param {{nLayer: number, nHead: number, ctrl?: boolean}} panel
 * @returns {{layer: number, head: number} | null} where to go, null when the key means nothing here.
 *   Home and End go to the first and last layer of the row, with Ctrl to the first and last cell;
 *   PageUp and PageDown to the first and last head of the layer.
 */
export function moveCell(cell, key, { nLayer, nHead, ctrl = false }) {
  const { layer, head } = cell ?? { layer: 0, head: 0 };
  if (Object.hasOwn(STEPS, key)) {
    if (cell === null) return { layer, head };
    const [layers, heads] = STEPS[key];
    return { layer: within(layer + layers, nLayer), head: within(head + heads, nHead) };
  }
  switch (key) {
    case 'Home': return { layer: 0, head: ctrl ? 0 : head };
    case 'End': return { layer: nLayer - 1, head: ctrl ? nHead - 1 : head };
    case 'PageUp': return { layer, head: 0 };
    case 'PageDown': return { layer, head: nHead - 1 };
    default: return null;
  }
}
