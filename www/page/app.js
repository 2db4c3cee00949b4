/**
 * All pieces of the page in their places, rendered together, at most once a frame.
 */
import { el } from './dom.js';
import { createRunViews } from '../run/app.js';
import { createViews } from '../run/views.js';
import { createFacts } from './facts.js';
import { filesOfDrop, meaningOfDrop } from './file-drop.js';
import { createFigureView } from './figure-view.js';
import { chosenSets } from './known-heads.js';
import { createKeptPanel } from './kept-panel.js';
import { createModelChooser } from './model-chooser.js';
import { createModelFacts } from './model-facts.js';
import { createPairList } from './pair-list.js';
import { createPlantedTable, createPublishedTable } from './published-table.js';
import { handlesOfDrop, rememberFiles } from './remembered-files.js';
import { createRelationChooser } from './relation-chooser.js';
import { createRunPanel } from './run-panel.js';
import { createSave } from './save.js';
import { createScoreTable } from './score-table.js';
import { panelsOf } from './shown.js';

/**
 * @param {{store: object, session: object, catalogue: object, bundled: object[], first: object}} parts
 */
export function createApp({ store, session, catalogue, bundled, first }) {
  const modelChooser = createModelChooser({ catalogue, session, bundled, first });
  const modelFacts = createModelFacts();
  const keptPanel = createKeptPanel({ session });
  const relationChooser = createRelationChooser({ store, session, catalogue });
  const running = createRunViews({ store, session, catalogue });
  const runPanel = createRunPanel({ store, session, catalogue, views: running.views });
  const nav = createViews({ store });
  const pairList = createPairList({ onClose: closePairs });
  const figure = createFigureView({
    onRead: (cell) => store.set({ cell }),
    onList: (cell) => store.set({ cell, listed: cell }),
    pairs: pairList.node,
  });
  const scoreTable = createScoreTable();
  const published = createPublishedTable({ catalogue });
  const planted = createPlantedTable();
  const facts = createFacts();
  const save = createSave({ session });

  modelChooser.node.append(modelFacts.node, keptPanel.node);
  // Each view has its own piece in the same three places; one is shown.
  const weights = {
    stage: el('div', {}, figure.node, facts.node, save.node),
    settings: relationChooser.node,
    result: el('div', {}, planted.node, published.node, el('section', {}, scoreTable.node)),
  };
  const views = { weights, ...running.views };
  const pieces = (place) => Object.values(views).map((view) => view[place]);
  document.getElementById('views').replaceWith(nav.node);
  document.getElementById('controls').replaceChildren(modelChooser.node, ...pieces('settings'), runPanel.options);
  document.getElementById('run').replaceChildren(runPanel.run);
  document.getElementById('figure').replaceChildren(...pieces('stage'));
  document.getElementById('result').replaceChildren(...pieces('result'));

  function closePairs() {
    const { listed } = store.state;
    store.set({ listed: null });
    if (listed) document.querySelector(`[data-testid="panel-${listed.panel}"]`)?.focus();
  }

  // Panels are made anew only when what they show has changed: views compare them by identity.
  let panels = null;
  let made = {};
  function currentPanels({ shown, sign, knownHeads }) {
    if (made.shown !== shown || made.sign !== sign || made.knownHeads !== knownHeads) {
      made = { shown, sign, knownHeads };
      panels = shown && panelsOf(shown, { sign, knownSets: chosenSets(catalogue.knownHeads, shown.model, knownHeads) });
    }
    return panels;
  }

  function render() {
    const { state } = store;
    const now = currentPanels(state);
    nav.render(state.view);
    for (const [id, view] of Object.entries(views)) view.stage.hidden = view.settings.hidden = view.result.hidden = id !== state.view;
    modelChooser.render(state);
    modelFacts.render(state);
    keptPanel.render(state);
    relationChooser.render(state);
    running.render(state);
    runPanel.render(state);
    figure.render(now, state.cell ?? state.listed, state.shown, state.listed);
    pairList.render(state.shown, now, state.listed);
    scoreTable.render(now, state.status === 'running');
    published.render(state.shown, now);
    planted.render(state.shown, state.planted);
    facts.render(state.shown);
    save.render(state.shown, now);
  }

  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      render();
    });
  };
  store.subscribe(soon);
  running.runs.subscribe(soon);
  render();

  acceptDrops({ modelChooser, relationChooser, session, actions: running.actions }, () => store.state.status === 'ready');
}

/** A file that misses its field must not replace the page. */
function acceptDrops({ modelChooser, relationChooser, session, actions }, isReady) {
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', async (event) => {
    event.preventDefault();
    if (!isReady()) {
      session.notify('note', 'The page is busy. Wait or press Cancel, then drop the files again.');
      return;
    }
    // Both look at the drop before the first pause: afterwards it is empty.
    const handles = handlesOfDrop(event.dataTransfer);
    try {
      const files = await filesOfDrop(event.dataTransfer);
      if (files.length === 0) return;
      const meaning = await meaningOfDrop(files);
      if (meaning === 'result') await session.loadResult(files[0]);
      else if (meaning === 'run') await actions.load(files[0]);
      else if (meaning === 'relation') await relationChooser.offer(files[0]);
      else {
        modelChooser.offer(files);
        await rememberFiles(await handles);
      }
    } catch (error) {
      session.fail(error);
    }
  });
}
