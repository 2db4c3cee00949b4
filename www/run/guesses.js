/**
 * The ten most likely next tokens: a table with bars, with the probabilities after heads were switched off beside them.
 */
import { el } from '../page/dom.js';
import { tokenText } from '../figure/pattern.js';
import { percentText, signed } from './words.js';

/**
 * @param {{onChoose: (id: number) => void}} options a token whose logit is to be taken apart
 * @returns {{node: HTMLElement, render: (document: object | null, running: boolean) => void}}
 */
export function createGuesses({ onChoose }) {
  const node = el('div', { class: 'guesses', 'data-testid': 'guesses' });
  let written;
  let buttons = [];
  return {
    node,
    render(document, running) {
      if (document !== written) {
        written = document;
        buttons = [];
        node.replaceChildren(...(document ? [table(document)] : []));
      }
      for (const button of buttons) button.disabled = running;
    },
  };

  function table(document) {
    const { top, target, ablated_top: without } = document;
    const rows = top.some(({ id }) => id === target.id) ? top : [...top, target];
    return el('table', {},
      el('caption', {}, 'What comes next'),
      el('thead', {}, el('tr', {}, ...['Token', 'Probability', ...(without ? ['Heads off', 'Change'] : []), 'Apart']
        .map((text) => el('th', { scope: 'col' }, text)))),
      el('tbody', {}, ...rows.map((guess) => row(guess, document)),
        ...(without ?? []).filter(({ id }) => !rows.some((each) => each.id === id)).slice(0, 3).map((guess) => newRow(guess))));
  }

  function row({ id, text, probability }, { target, ablated_top: without, ablated_target: ablatedTarget }) {
    const after = without && (without.find((each) => each.id === id) ?? (id === target.id ? ablatedTarget : null));
    const chosen = id === target.id;
    const button = el('button', {
      type: 'button', class: 'quiet', 'aria-pressed': String(chosen), 'data-testid': `target-${id}`, on: { click: () => onChoose(id) },
    }, chosen ? 'shown' : 'show');
    buttons.push(button);
    return el('tr', { class: chosen ? 'chosen' : null },
      tokenCell(text), barCell(probability),
      ...(without ? [
        el('td', {}, after ? percentText(after.probability) : 'below the ten'),
        el('td', {}, after ? `${signed((after.probability - probability) * 100, 1)} points` : ''),
      ] : []),
      el('td', {}, button));
  }

  function newRow({ text, probability }) {
    return el('tr', { class: 'new' }, tokenCell(text), el('td', {}, 'below the ten'), el('td', {}, percentText(probability)), el('td', {}, 'new'), el('td', {}));
  }
}

const tokenCell = (text) => el('th', { scope: 'row' }, el('bdi', { class: 'token' }, tokenText(text)));

function barCell(probability) {
  const bar = el('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.width = `${Math.max(1, probability * 60)}px`;
  return el('td', { class: 'with-bar' }, bar, percentText(probability));
}
