/**
 * "In use": what heads write when the model runs, beside what their weights say, head by head.
 */
import { drawPanel, layoutPanels } from '../figure/figure.js';
import { marksFor } from '../figure/presets.js';
import { drawScatter, layoutScatter } from '../figure/scatter.js';
import { choice, el, labelled, radios } from '../page/dom.js';
import { chosenSets } from '../page/known-heads.js';
import { createHeadPanels } from './head-panels.js';
import { CONTEXTS, SIGNS, correlations, inUseGrid, modelOf, pointsOf, staticGrid, templatesOf, titleOfModel } from './in-use-data.js';
import { createCorrelationTable } from './correlation-table.js';
import { createRelationSelect } from './relation-select.js';
import { createSaveBar, showFacts } from './save-bar.js';
import { createScatterView } from './scatter-view.js';
import { correlationText } from './statistics.js';
import { intro } from './intro.js';
import { countWords } from './words.js';

/**
 * @param {{store: object, runs: object, session: object, actions: object, catalogue: object}} parts
 * @returns {{stage: HTMLElement, settings: HTMLElement, result: HTMLElement, action: object, render: (state: object, own: object) => void}}
 */
export function createInUse({ session, actions, catalogue }) {
  const change = actions.change.inUse;
  const relation = createRelationSelect({ testid: 'in-use-relation', label: 'Relation', catalogue, onChange: (name) => change({ relation: name }) });
  const templates = el('textarea', { rows: '5', spellcheck: 'false', 'data-testid': 'templates', on: { input: () => change({ templates: templates.value }) } });
  const multi = el('input', { type: 'checkbox', 'data-testid': 'multi-token', on: { change: () => change({ multiToken: multi.checked }) } });
  const settings = el('section', { class: 'choice', 'aria-labelledby': 'choose-in-use' },
    el('h2', { id: 'choose-in-use' }, 'In use'),
    relation.node,
    labelled('Templates, one a line; <X> is where the source goes', templates, 'The four of the paper, or your own.'),
    el('p', { class: 'tick' }, el('label', {}, multi, ' Sources of several tokens'),
      el('span', { class: 'hint' }, ' Pairs whose source is more than one token, instead of those whose source is one. The source’s last token counts as its place.')));

  const context = radios({
    legend: 'Attention', name: 'context', onChange: (value) => change({ context: value }),
    options: [{ value: 'without', label: 'Set on the source' }, { value: 'with', label: 'As the model has it' }],
  });
  const sign = radios({
    legend: 'Sign', name: 'in-use-sign', onChange: (value) => change({ sign: value }),
    options: Object.entries(SIGNS).map(([value, label]) => ({ value, label })),
  });
  const template = choice('template-select', (value) => change({ template: value === 'all' ? 'all' : Number(value) }));
  const looked = el('div', { class: 'looked' }, context.node, sign.node, labelled('Template', template.node));
  const panels = createHeadPanels({
    name: 'in-use-panel', words: countWords, hint: 'Point at a head in one picture to see it in the others.',
    onRead: (cell) => change({ cell }), onPick: (cell) => change({ cell }),
  });
  const scatter = createScatterView({ name: 'scatter', onRead: (cell) => change({ cell }) });
  const words = el('p', { class: 'figure-state', 'data-testid': 'in-use-state', 'aria-live': 'polite' });
  const table = createCorrelationTable();
  const shown = el('div', { hidden: true }, looked, panels.node, el('div', { class: 'beside' }, scatter.node, table.node), words);
  const about = intro(
    'Does a head do in use what its weights say?',
    'The first figure never ran the model: it read a head’s weights. Here the model runs on sentences that hold the source word, such as “The story of Mary contains”, and each head is asked what it writes at the last word: is the target among the k largest?',
    'Once with the head’s attention set wholly on the source (without context: only what it writes), and once with the attention that it really has (with context: whether it looks there, too).');
  const stage = el('div', { class: 'view' }, about, shown);
  const result = el('div');

  let now = null;
  const save = createSaveBar({
    session, actions, name: 'in-use', document: () => now.document, pictures: () => drawings(now),
    notes: () => [`Relation: ${now.document.relation}, k = ${now.document.k}. Templates: ${templatesOf(now.document, now.view.template).map((each) => `“${each.template}”`).join(', ')}. ${correlationText(now.correlation)}.`],
  });
  stage.append(save.node);

  // Made anew only when what they show has changed: views compare them by identity.
  let made = { key: [] };
  function currentData(state, own) {
    const sets = own.document ? chosenSets(catalogue.knownHeads, modelOf(own.document.model), state.knownHeads) : [];
    const key = [own.document, own.context, own.sign, own.template, state.knownHeads];
    if (key.every((part, index) => part === made.key[index])) return made.data;
    made = { key, data: own.document ? dataOf(own.document, own, sets) : null };
    return made.data;
  }

  return {
    stage, settings, result,
    action: {
      words: () => 'Run the model',
      ready: () => true,
      start: () => actions.dynamic(),
    },
    render(state, own) {
      relation.render(state, own.relation);
      if (templates.value !== own.templates) templates.value = own.templates;
      multi.checked = own.multiToken;
      templates.disabled = multi.disabled = state.status === 'running';
      now = currentData(state, own);
      about.hidden = now !== null;
      shown.hidden = now === null;
      save.render(now !== null, state.status === 'running');
      table.render(now && { document: own.document, template: own.template });
      if (now === null) {
        panels.render([], null);
        scatter.render(null, null);
        return;
      }
      context.set(own.context);
      sign.set(own.sign);
      template.setOptions([
        ...(own.document.templates.length > 1 ? [{ value: 'all', label: `All ${own.document.templates.length} together` }] : []),
        ...own.document.templates.map((each, index) => ({ value: String(index), label: each.template })),
      ], own.document.templates.length > 1 ? String(own.template) : '0');
      panels.render(now.panels, own.cell);
      scatter.render(now.plot, own.cell);
      showFacts(words, own);
    },
  };
}

/** Panels, plot and correlation of one view of a document. */
function dataOf(document, { template, context, sign }, sets) {
  const model = modelOf(document.model);
  const view = { template, context, sign };
  const marks = marksFor(sets, { relation: document.relation, sign: sign === 'hits' ? 'relation' : 'suppression', corner: 'bottom' }, model);
  const suppressed = sign === 'hits' ? '' : '(Suppression) ';
  const of = titleOfModel(document);
  const beside = staticGrid(document, sign);
  const { name } = CONTEXTS[context];
  const { r, n } = correlations(document, template).find((each) => each.sign === sign && each.context === context);
  const points = pointsOf(document, view);
  const panels = [
    ...(beside ? [{ title: `${of}: from the weights`, barName: `${suppressed}Static score`, short: 'from the weights', grid: beside, marks }] : []),
    { title: `${of}: in use, ${name}`, barName: `${suppressed}Score in use`, short: 'in use', grid: inUseGrid(document, view), marks },
  ];
  const plot = beside && {
    title: correlationText({ r, n }), xName: `${suppressed}Static score, from the weights`, yName: `${suppressed}Score in use, ${name}`,
    points, marks, templates: document.templates.map((each) => each.template),
  };
  return { document, view, panels, plot, correlation: { r, n } };
}

function drawings({ panels, plot }) {
  const layouts = layoutPanels(panels, 556, panels.length);
  const drawn = panels.map((panel, index) => ({
    ...layouts[index], draw: (context, theme, ratio) => drawPanel(context, layouts[index], panel, theme, ratio),
  }));
  if (!plot) return drawn;
  const layout = layoutScatter({ width: 620, marks: plot.marks });
  return [...drawn, { ...layout, draw: (context, theme) => drawScatter(context, layout, plot, theme) }];
}
