/**
 * The one button that computes, with the choices that belong to it: preprocessing, known heads, engine.
 */
import { choice, el, labelled, setText } from './dom.js';
import { byteText, engineText } from './format.js';
import { chosenSets, setLabel, setsFor } from './known-heads.js';
import { createProgress } from './progress.js';
import { chosenRelations } from './relations.js';

/**
 * @param {{store: object, session: object, catalogue: object, views: Record<string, object>}} options views: those with an action of their own
 * @returns {{options: HTMLElement, run: HTMLElement, render: (state: object) => void}}
 */
export function createRunPanel({ store, session, catalogue, views }) {
  const preprocessing = choice('preprocessing-select', (value) => store.set({ preprocessing: value }));
  preprocessing.setOptions([
    { value: 'first_mlp', label: 'First MLP (as published)' },
    { value: 'none', label: 'None: bare embeddings' },
  ], 'first_mlp');
  const known = choice('known-select', (value) => store.set({ knownHeads: value }));
  const knownFact = el('p', { class: 'hint', 'data-testid': 'known-source' });
  const engine = choice('engine-select', (value) => session.useEngine(value));
  engine.setOptions([
    { value: 'auto', label: 'Choose for me' },
    { value: 'cpu', label: 'CPU' },
    { value: 'webgpu', label: 'WebGPU' },
  ], store.state.engineChoice);
  const engineFact = el('p', { class: 'hint', 'data-testid': 'engine' });

  const options = el('section', { class: 'choice', 'aria-labelledby': 'choose-how' },
    el('h2', { id: 'choose-how' }, 'How'),
    labelled('Source enters each head through', preprocessing.node),
    labelled('Mark known heads', known.node),
    knownFact,
    labelled('Engine', engine.node),
    engineFact);

  const button = el('button', { type: 'button', class: 'primary', 'data-testid': 'run', on: { click: start } });
  const cancel = el('button', { type: 'button', 'data-testid': 'cancel', on: { click: () => session.cancel() } }, 'Cancel');
  const pause = el('button', { type: 'button', 'data-testid': 'pause', on: { click: () => session.pause(!store.state.paused) } });
  const progress = createProgress();
  const planFact = el('p', { class: 'hint', 'data-testid': 'plan' });
  const run = el('div', { class: 'run' }, button, cancel, pause, progress.node, planFact);

  function start() {
    const action = views[store.state.view]?.action;
    if (action) action.start();
    else session.run();
    const figure = document.getElementById('figure');
    const { top } = figure.getBoundingClientRect();
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    // What was asked for appears up there.
    if (top < -40 || top > innerHeight / 2) figure.scrollIntoView({ block: 'start', behavior: calm ? 'auto' : 'smooth' });
  }

  return {
    options,
    run,
    render(state) {
      const { status, model } = state;
      const busy = status !== 'ready';
      const running = status === 'running';
      const sets = state.shown ? setsFor(catalogue.knownHeads, state.shown.model) : [];
      known.setOptions([
        ...(sets.length > 0 ? [{ value: 'auto', label: 'As known of this model' }] : []),
        ...sets.map((set) => ({ value: set.id, label: setLabel(set) })),
        { value: 'none', label: 'None' },
      ], sets.some(({ id }) => id === state.knownHeads) || (state.knownHeads === 'auto' && sets.length > 0) ? state.knownHeads : 'none');
      setText(knownFact, state.shown ? sourceWords(chosenSets(catalogue.knownHeads, state.shown.model, state.knownHeads)) : '');
      // Analyses that run the model compare with the published static score.
      preprocessing.node.closest('.control').hidden = state.view !== 'weights';
      preprocessing.node.value = state.preprocessing;
      preprocessing.node.disabled = running;
      engine.node.value = state.engineChoice;
      engine.node.disabled = busy && status !== 'stuck';
      setText(engineFact, engineWords(state));
      const action = views[state.view]?.action;
      setText(button, action ? action.words() : buttonWords(state));
      button.disabled = busy || !model || !(action ? action.ready() : chosenRelations(state, catalogue).length > 0);
      button.hidden = running || status === 'stopping';
      cancel.hidden = !button.hidden && !(status === 'opening' && state.canStop);
      cancel.disabled = status === 'stopping';
      const { line } = state.progress ?? {};
      pause.hidden = !running || !line || line.fetched >= line.total;
      setText(pause, state.paused ? 'Resume' : 'Pause');
      planFact.hidden = busy;
      setText(planFact, action ? runWords(state) : planWords(state));
      progress.render(state);
    },
  };
}

/** Where marks come from; those that were only seen on a picture must not pass for more. */
function sourceWords(sets) {
  return sets.map(({ source, status }) => (status === 'planted' ? `As ${source} tells.` : `${source}: ${status}.`)).join(' ');
}

function engineWords({ engine, status }) {
  if (!engine) return status === 'stuck' ? 'No engine runs.' : '';
  const words = engineText({ backend: engine.backend, adapter: engine.adapter, fallback: engine.fallbackAdapter });
  return engine.note ? `Runs on ${words}. ${engine.note}` : `Runs on ${words}.`;
}

/** The button of a model from elsewhere names what pressing it fetches. */
function buttonWords(state) {
  const { missing } = toFetch(state);
  return missing > 0 ? `Fetch ${byteText(missing)} and draw` : 'Draw the figure';
}

/** @returns {{missing: number, here: number}} bytes of weights to fetch, and those kept already */
function toFetch({ model, plan }) {
  if (!isRemote(model)) return { missing: 0, here: 0 };
  return plan ? { missing: plan.bytes - plan.here, here: plan.here } : { missing: model.jobBytes, here: 0 };
}

const isRemote = (model) => model?.source === 'hub' || model?.source === 'mirror';

/** Running reads more than the heads' weights. */
function runWords({ model, runPlan }) {
  if (!isRemote(model)) return '';
  if (!runPlan) return `Running needs the whole model, ${byteText(model.fileBytes)}; what is not here yet is fetched.`;
  return [`Running needs ${byteText(runPlan.bytes)}, nearly the whole model.`, ...fetchWords({ missing: runPlan.bytes - runPlan.here, here: runPlan.here }, 'running')].join(' ');
}

const planWords = (state) => fetchWords(toFetch(state), 'a figure').join(' ');

function fetchWords({ missing, here }, what) {
  const parts = [];
  if (here > 0) parts.push(missing > 0 ? `${byteText(here)} of ${byteText(here + missing)} are here already.` : `All ${byteText(here)} that ${what} needs are here: nothing is fetched.`);
  if (missing > 0 && navigator.connection?.saveData) parts.push('This connection is set to save data, and may cost money by the megabyte.');
  return parts;
}
