/**
 * "Ablation": are these heads needed? They are taken away one after the other, and the model is asked again.
 */
import { curveRows, drawCurve, layoutCurve } from '../figure/curve.js';
import { el, labelled } from '../page/dom.js';
import { bigText } from '../page/format.js';
import { curveOf, stepText } from './ablation-data.js';
import { createAblationTable } from './ablation-table.js';
import { intro } from './intro.js';
import { createPlotView } from './plot-view.js';
import { createRelationSelect } from './relation-select.js';
import { createSaveBar, showFacts } from './save-bar.js';
import { ablationTemplate, controlOf, mostHeads } from './tasks.js';

const within = (input, low, high) => Math.min(high, Math.max(low, Math.round(Number(input.value)) || low));

/**
 * @param {{session: object, actions: object, catalogue: object}} parts
 * @returns {{stage: HTMLElement, settings: HTMLElement, result: HTMLElement, action: object, render: (state: object, own: object) => void}}
 */
export function createAblation({ session, actions, catalogue }) {
  const change = actions.change.ablation;
  const relation = createRelationSelect({
    testid: 'ablation-relation', label: 'Task', catalogue, onChange: (name) => change({ relation: name, template: null }),
  });
  const control = createRelationSelect({
    testid: 'ablation-control', label: 'Control task', catalogue, onChange: (name) => change({ control: name, controlTemplate: null }),
    before: [{ value: 'auto', label: 'Choose for me' }, { value: 'none', label: 'None' }],
  });
  const textOf = (testid, field) => {
    const input = el('input', { type: 'text', spellcheck: 'false', 'data-testid': testid });
    input.addEventListener('change', () => change({ [field]: input.value === '' ? null : input.value }));
    return input;
  };
  const template = textOf('ablation-template', 'template');
  const controlTemplate = textOf('control-template', 'controlTemplate');
  const count = (testid, field, low, high) => {
    const input = el('input', { type: 'number', min: String(low), max: String(high), step: '1', 'data-testid': testid });
    input.addEventListener('change', () => {
      input.value = String(within(input, low, high));
      change({ [field]: Number(input.value) });
    });
    return input;
  };
  const most = count('ablation-most', 'most', 1, 1000);
  const draws = count('ablation-draws', 'draws', 0, 20);
  const seed = count('ablation-seed', 'seed', 0, 999999);
  const controlText = labelled('Prompt of the control', controlTemplate);
  const settings = el('section', { class: 'choice', 'aria-labelledby': 'choose-ablation' },
    el('h2', { id: 'choose-ablation' }, 'Ablation'),
    relation.node, labelled('Prompt; <X> is where the source goes', template),
    control.node, controlText,
    el('div', { class: 'ks' }, labelled('Heads, at most', most), labelled('Random draws', draws), labelled('Seed', seed)));

  const plot = createPlotView({
    name: 'curve', role: 'line chart',
    layout: (curve, width) => layoutCurve({ width, steps: curve.document.order.length, rows: curveRows(curve) }),
    draw: (context, layout, curve, theme) => drawCurve(context, layout, curve, theme),
    find: (layout, curve, x, y) => (y < layout.plot.y || y > layout.underY ? null : { step: layout.stepAt(x) }),
    move: (curve, at, { key }) => {
      const last = curve.document.order.length;
      const to = { ArrowLeft: (at?.step ?? 1) - 1, ArrowRight: (at?.step ?? -1) + 1, Home: 0, End: last }[key];
      return to === undefined ? null : { step: Math.min(last, Math.max(0, to)) };
    },
    ring: (layout, curve, { step }) => ({ x: layout.toX(step) - 2, y: layout.plot.y, width: 4, height: layout.plot.height }),
    read: (curve, { step }) => stepText(curve.document, step),
    label: (curve) => `${curve.title}. Line chart of the share of prompts answered right against the number of heads removed, 0 to ${curve.document.order.length}. The left and right arrow keys go from number to number; the table beneath has all of it.`,
    hint: 'Point at the curve, or move along it with the arrow keys.',
    onRead: (at) => change({ step: at }),
  });
  const words = el('p', { class: 'figure-state', 'data-testid': 'ablation-state', 'aria-live': 'polite' });
  const shown = el('div', { hidden: true }, plot.node, words);
  const about = intro(
    'Does the model need these heads?',
    'A score says that a head could do a task. To see whether the model relies on it, the head is removed: its output at the last word is set to zero, and the model answers all prompts again. First the head with the highest static score goes, then the next one too, and so on.',
    'If the answers break down while the same number of other heads, drawn at random, makes little difference, and a control task goes on working, these heads do the work.');
  const stage = el('div', { class: 'view' }, about, shown);

  let curve = null;
  const save = createSaveBar({
    session, actions, name: 'ablation', document: () => curve.document,
    pictures: () => {
      const layout = layoutCurve({ width: 860, steps: curve.document.order.length, rows: curveRows(curve) });
      return [{ ...layout, draw: (context, theme) => drawCurve(context, layout, curve, theme) }];
    },
    notes: () => [`Prompts: ${curve.document.tasks.map(({ title, template: prompt, total }) => `${title} “${prompt}” (${total})`).join('; ')}. Seed ${curve.document.seed}.`],
  });
  const table = createAblationTable();
  const result = el('div', {}, table.node);
  stage.append(save.node);

  const fill = (input, value) => { if (document.activeElement !== input) input.value = String(value); };
  return {
    stage, settings, result,
    action: { words: () => 'Remove the heads', ready: () => true, start: () => actions.ablate() },
    render(state, own) {
      const running = state.status === 'running';
      relation.render(state, own.relation);
      control.render(state, own.control);
      const task = relationNamed(actions, own.relation);
      const controlName = own.control === 'auto' ? controlOf(task?.name ?? own.relation) : own.control;
      const beside = controlName === 'none' || controlName === task?.name ? null : relationNamed(actions, controlName);
      fill(template, own.template ?? (task ? ablationTemplate(task) : ''));
      fill(controlTemplate, own.controlTemplate ?? (beside ? ablationTemplate(beside) : ''));
      controlText.hidden = beside === null;
      fill(most, own.most ?? (state.model ? mostHeads(state.model) : ''));
      fill(draws, own.draws);
      fill(seed, own.seed);
      for (const input of [template, controlTemplate, most, draws, seed]) input.disabled = running;
      if (curve?.document !== own.document) curve = own.document && curveOf(own.document);
      about.hidden = curve !== null;
      shown.hidden = curve === null;
      plot.render(curve, own.step);
      table.render(own.document);
      save.render(curve !== null, running);
      showFacts(words, own, own.document ? `; ${costText(own.document)}` : '');
    },
  };
}

function relationNamed(actions, name) {
  try {
    return actions.relationOf(name);
  } catch {
    return null; // a file or typed pairs that are not there yet
  }
}

/** What the curve cost, against whole forward passes. */
const costText = ({ multiply_adds: done, forward_passes_multiply_adds: full }) => (
  done > 0 ? `1/${(full / done).toFixed(1)} of the ${bigText(full)} that a whole forward pass for each point would take` : '');
