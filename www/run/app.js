/**
 * The views that run the model, put together over one store and one set of actions.
 */
import { createStore } from '../page/store.js';
import { createAblation } from './ablation.js';
import { createActions } from './actions.js';
import { createInUse } from './in-use.js';
import { createPatterns } from './patterns.js';
import { createPrompt } from './prompt.js';
import { initialRuns } from './store.js';

/**
 * @param {{store: object, session: object, catalogue: object}} parts
 * @returns {{runs: object, actions: object, views: Record<string, {stage: HTMLElement, settings: HTMLElement, result: HTMLElement,
 *   action: object}>, render: (state: object) => void}} views by their ids of views.js
 */
export function createRunViews({ store, session, catalogue }) {
  const runs = createStore(initialRuns());
  const actions = createActions({ store, runs, session, catalogue });
  const parts = { store, session, actions, catalogue };
  const views = { 'in-use': createInUse(parts), ablation: createAblation(parts), prompt: createPrompt(parts), patterns: createPatterns(parts) };
  const FIELD = { 'in-use': 'inUse', ablation: 'ablation', prompt: 'prompt', patterns: 'patterns' };
  let model = null;
  return {
    runs, actions, views,
    render(state) {
      if (state.model !== model) {
        if (model) actions.forget();
        model = state.model;
      }
      // Those that are not looked at are brought up to date when they are.
      const view = views[state.view];
      view?.render(state, runs.state[FIELD[state.view]]);
    },
  };
}
