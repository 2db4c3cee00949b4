/**
 * Two tables that hold a figure against something known: the published values (for the real GPT-2 only) and
 * what was planted (for a planted model).
 */
import { scoreText } from '../figure/colour.js';
import { el } from './dom.js';
import { comparePlanted } from './planted.js';
import { comparePublished, EYE, publishedFor } from './published.js';

/**
 * @param {{catalogue: {published: object, models: object[]}}} options
 * @returns {{node: HTMLElement, render: (shown: object | null, panels: object[] | null) => void}}
 */
export function createPublishedTable({ catalogue }) {
  const node = el('section', { class: 'compare', hidden: true, 'aria-labelledby': 'published-title', 'data-testid': 'published-table' });
  let written;
  return {
    node,
    render(shown, panels) {
      if (panels === written) return;
      written = panels;
      const whole = shown?.progress === 'complete';
      const figure = whole ? publishedFor(catalogue.published, catalogue.models, shown.model) : null;
      const rows = figure ? comparePublished(figure, panels) : [];
      node.hidden = rows.length === 0;
      if (node.hidden) return;
      const agree = rows.filter((row) => row.agrees).length;
      node.replaceChildren(
        el('h2', { id: 'published-title' }, 'Published beside computed'),
        el('p', {}, `${agree} of ${rows.length} published values agree: the computed score lies in the range that was read, give or take ${EYE}. `
          + `Source: ${figure.source}.`),
        table(['Panel', 'Head', 'Published', 'Computed', ''], rows.map(({ title, layer, head, low, high, score, agrees }) => [
          title, `${layer}.${head}`, low === high ? scoreText(low) : `${scoreText(low)}–${scoreText(high)}`,
          score === null ? 'none' : scoreText(score), verdict(agrees)])));
    },
  };
}

/**
 * @returns {{node: HTMLElement, render: (shown: object | null, planted: object | null) => void}}
 */
export function createPlantedTable() {
  const node = el('section', { class: 'compare', hidden: true, 'aria-labelledby': 'planted-title', 'data-testid': 'planted-table' });
  let last = {};
  return {
    node,
    render(shown, planted) {
      const ours = shown?.model.planted && !shown.fromFile ? planted : null;
      if (shown === last.shown && ours === last.ours) return;
      last = { shown, ours };
      node.hidden = !ours;
      if (!ours) return;
      const rows = comparePlanted(ours, shown);
      const judged = rows.filter(({ agrees }) => agrees !== null);
      const agree = judged.filter(({ agrees }) => agrees).length;
      node.replaceChildren(
        el('h2', { id: 'planted-title' }, 'What was planted'),
        el('p', {}, 'Nothing in this model was trained. The heads below were written by hand, each to do one thing for a chosen share of '
          + 'the words; all others hold noise. So the figure can be checked against the truth'
          + `${judged.length > 0 ? `: ${agree} of ${judged.length} heads in it score exactly what was planted.` : '.'}`),
        table(['Head', 'What it was made to do', 'Planted', 'Computed', ''], rows.map(({ head, computed, agrees }) => [
          `${head.layer}.${head.head}`, head.what, head.expected ? hitsText(head.expected) : 'no count foretold',
          computed ? hitsText(computed) : NOT_HERE, agrees === null ? '' : verdict(agrees)])));
    },
  };
}

const NOT_HERE = '–';

const hitsText = ({ hits, total }) => `${scoreText(hits / total)} (${hits} of ${total})`;

function verdict(agrees) {
  if (agrees === null) return 'no score';
  return el('span', { class: agrees ? 'agrees' : 'differs' }, agrees ? 'agrees' : 'differs');
}

function table(headings, rows) {
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': headings.filter(Boolean).join(', ') },
    el('table', {},
      el('thead', {}, el('tr', {}, ...headings.map((heading) => el('th', { scope: 'col' }, heading || 'Verdict')))),
      el('tbody', {}, ...rows.map(([first, ...rest], index) => el('tr', { 'data-row': index },
        el('th', { scope: 'row' }, first), ...rest.map((value) => el('td', {}, value)))))));
}
