/**
 * The page: puts the pieces of page/ together over one store and one session, opens the model that comes
 * with the page (`?model=planted` for the other one) and draws Figure A.
 *
 * Interactive elements carry `data-testid`, which stay as they are:
 *
 *   model-select, open-hub, model-files, model-folder, model-drop, model-again, mirror-address, open-mirror,
 *   model-facts, model-name, planted-badge, demo-note
 *   figure-A, figure-B, figure-single, relation-select, relation-file, typed-pairs, use-typed,
 *   sign-relation, sign-suppression, k-<relation name>, kept-pairs, dropped-pairs
 *   preprocessing-select, known-select, known-source, engine-select, engine
 *   run, cancel, pause, plan, progress, progress-text, kept-panel, kept-summary, kept-entry, kept-open, kept-delete
 *   figure, figure-state (data-state: none, empty, running, stopped, complete), panel-<index> (the canvases),
 *   ring-<index>, cell-reading, cell-known
 *   pair-list, pairs-all, pairs-hits, pairs-misses, pair-list-close
 *   view-<id> (the links: weights, in-use, ablation, prompt, patterns); <id>-state, <id>-save-png, -json, -csv, <id>-load of the others
 *   in-use-relation, templates, multi-token, context-without, context-with, in-use-sign-<sign>, template-select, in-use-panel-<index>,
 *   in-use-panel-reading, scatter, scatter-reading, correlations
 *   ablation-relation, ablation-template, ablation-control, control-template, ablation-most, -draws, -seed, curve, curve-reading,
 *   ablation-table
 *   prompt-text, prompt-tokens, guesses, target-<id>, target-text, use-target, ablated-change, attribution-0, attribution-reading, click-look,
 *   click-off, off-heads, all-on, whose-head, whose-mean, pattern, pattern-reading, pattern-closer, -further, -whole, -part
 *   patterns-length, -sequences, -seed, patterns-panel-<index>, patterns-panel-reading
 *   score-table, published-table, planted-table, facts
 *   save-png, save-json, save-csv, load-result
 *   errors, notes (places); error, note (panels, data-code holds the stable code)
 */
import { createApp } from './page/app.js';
import { bundledModels, chosenAtStart } from './page/bundled.js';
import { loadCatalogue } from './page/catalogue.js';
import { createSession } from './page/session.js';
import { createStore, initialState } from './page/store.js';
import { createNotices } from './page/notices.js';

const bundled = bundledModels(document.baseURI);

const store = createStore(initialState());

async function begin() {
  const catalogue = { relations: [], knownHeads: [], published: {}, models: [] };
  const session = createSession({
    store,
    catalogue,
    loadEngine: async () => (await import('./analyzer.js')).createAnalyzer,
  });
  const notices = createNotices({ onDismiss: session.dismiss });
  document.getElementById('notices').replaceWith(notices.node);
  store.subscribe((state) => notices.render(state.notices));
  addEventListener('error', (event) => session.fail(event.error ?? new Error(event.message)));
  addEventListener('unhandledrejection', (event) => session.fail(event.reason));
  try {
    Object.assign(catalogue, await loadCatalogue(document.baseURI, session.fail));
  } catch (error) {
    session.fail(error);
    return;
  }
  const first = chosenAtStart(bundled, location.search);
  createApp({ store, session, catalogue, bundled, first });
  if (await session.open(first.spec, first.words)) await session.run();
}

begin();
