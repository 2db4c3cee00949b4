/**
 * "Prompt": the model goes on from a text of the reader's own; which head said so, where did it look, and what if it were gone?
 */
import { drawPanel, layoutPanels } from '../figure/figure.js';
import { drawPattern, layoutPattern, tokenText } from '../figure/pattern.js';
import { el, labelled, radios, setText } from '../page/dom.js';
import { patternKey } from './actions.js';
import { createGuesses } from './guesses.js';
import { createHeadPanels } from './head-panels.js';
import { intro } from './intro.js';
import { createPatternView } from './pattern-view.js';
import { attributionPanel, patternPicture, sameHeads, toggled } from './prompt-data.js';
import { createSaveBar, showFacts } from './save-bar.js';
import { percentText, signed, valueWords } from './words.js';

/** Tokens of a longer prompt are counted, not shown one by one. */
const MOST_CHIPS = 120;

/**
 * @param {{session: object, actions: object, store: object}} parts
 * @returns {{stage: HTMLElement, settings: HTMLElement, result: HTMLElement, action: object, render: (state: object, own: object) => void}}
 */
export function createPrompt({ session, actions, store }) {
  const change = actions.change.prompt;
  let own;
  const text = el('textarea', { rows: '3', spellcheck: 'false', 'data-testid': 'prompt-text', on: { input: () => change({ text: text.value }) } });
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && store.state.status === 'ready') actions.prompt();
  });
  const chips = el('p', { class: 'chips', 'data-testid': 'prompt-tokens' });
  const guesses = createGuesses({ onChoose: (id) => actions.choose(id) });
  const word = el('input', { type: 'text', spellcheck: 'false', 'data-testid': 'target-text' });
  const wordForm = el('form', { class: 'word', on: { submit: (event) => { event.preventDefault(); if (word.value.trim()) actions.choose(word.value.trim()); } } },
    labelled('Another token, as a word', word), el('button', { type: 'submit', 'data-testid': 'use-target' }, 'Take apart'));
  const changed = el('p', { class: 'change', 'data-testid': 'ablated-change', 'aria-live': 'polite' });
  const heads = createHeadPanels({
    name: 'attribution', words: valueWords, hint: 'Point at a head to see what it adds.', mostColumns: 1,
    onRead: (cell) => change({ cell }), onPick: pick,
  });
  const click = radios({
    legend: 'A click on a head', name: 'click', onChange: (value) => change({ click: value }),
    options: [{ value: 'look', label: 'shows its attention' }, { value: 'off', label: 'switches it off or on' }],
  });
  const offWords = el('p', { class: 'hint', 'data-testid': 'off-heads' });
  const allOn = el('button', { type: 'button', class: 'quiet', 'data-testid': 'all-on', on: { click: () => change({ off: [] }) } }, 'Switch all on');
  const whose = radios({
    legend: 'Attention', name: 'whose', onChange: (value) => show(own.head, value === 'mean'),
    options: [{ value: 'head', label: 'of this head' }, { value: 'mean', label: 'mean of its layer' }],
  });
  const pattern = createPatternView({ onRead: (token) => change({ token }), onWindow: (window) => change({ window }) });
  const words = el('p', { class: 'figure-state', 'data-testid': 'prompt-state', 'aria-live': 'polite' });
  const patternPlace = el('div', { class: 'pattern-place' }, whose.node, pattern.node);
  const shown = el('div', { hidden: true }, chips,
    el('div', { class: 'prompt-grid' }, el('div', {}, guesses.node, wordForm, changed),
      el('div', {}, heads.node, el('div', { class: 'looked' }, click.node, el('div', {}, offWords, allOn)))),
    patternPlace, words);
  const about = intro(
    'A prompt of your own',
    'The model reads a text and says how likely each token is to come next. What it says is a sum: every head adds something to every token’s logit, and here the sum is taken apart, head by head, for the token you choose (direct logit attribution, with the final LayerNorm’s scale held as it is).',
    'Click a head to see where it looks, or switch heads off and run again to see how the probabilities change.');
  const stage = el('div', { class: 'view' }, labelled('Prompt', text), about, shown);
  const settings = el('section', { class: 'choice', 'aria-labelledby': 'choose-prompt' },
    el('h2', { id: 'choose-prompt' }, 'Prompt'),
    el('p', { class: 'hint' }, 'The text is read as it stands, without a start token, and up to the model’s context: 1,024 tokens in GPT-2. A head that is switched off writes nothing at the last token; everywhere else it goes on working.'));
  const save = createSaveBar({
    session, actions, name: 'prompt', document: () => withPattern(own),
    pictures: () => drawings(own),
    notes: () => [`Prompt: ${own.document.tokens.map((token) => tokenText(token.text)).join('').slice(0, 160)}`,
      `Next: ${own.document.top.slice(0, 5).map((guess) => `${tokenText(guess.text)} ${percentText(guess.probability)}`).join(', ')}`],
  });
  const result = el('div');
  stage.append(save.node);

  function pick(cell) {
    if (own.click === 'off') change({ off: toggled(own.off, cell) });
    else show(cell, false);
  }

  /** A pattern that is not at hand is asked of the model. */
  function show(head, mean) {
    if (!head) return;
    if (own.patterns.has(patternKey(head.layer, mean ? null : head.head))) change({ head, mean });
    else if (!own.fromFile && own.asked === own.text && store.state.status === 'ready') {
      actions.prompt({ head: [head.layer, mean ? null : head.head] }).then((done) => done && change({ head, mean }));
    } else session.notify('note', own.fromFile ? 'The saved file holds no pattern of this head. Run the prompt to see it.' : 'Run the prompt again to see this head’s attention: the text has changed.');
  }

  let panels = { key: [], list: [] };
  let drawn = { key: [], picture: null };
  const fresh = (made, key) => key.length === made.key.length && key.every((part, index) => part === made.key[index]);

  return {
    stage, settings, result,
    action: {
      words: () => (own?.off.length ? `Run without ${own.off.length} ${own.off.length === 1 ? 'head' : 'heads'}` : 'Run the prompt'),
      ready: () => true,
      start: () => actions.prompt(),
    },
    render(state, next) {
      own = next;
      const running = state.status === 'running';
      const { document, off } = own;
      if (text.value !== own.text) text.value = own.text;
      text.disabled = running;
      about.hidden = document !== null;
      shown.hidden = document === null;
      click.set(own.click);
      save.render(document !== null, running);
      guesses.render(document, running);
      const key = [document, off, own.click];
      if (document && !fresh(panels, key)) panels = { key, list: [attributionPanel(document, off, own.click === 'off' ? 'switches the head off or on' : 'shows its attention')] };
      heads.render(document ? panels.list : [], document && own.cell);
      if (!document) return;
      renderChips(document);
      setText(offWords, off.length ? `Switched off: ${off.map((head) => head.join('.')).join(', ')}${sameHeads(off, document.ablated) ? '' : '. Press the button below to run without them.'}` : 'All heads are on.');
      allOn.hidden = off.length === 0;
      setText(changed, changeText(document));
      whose.set(own.mean ? 'mean' : 'head');
      const shares = own.head && own.patterns.get(patternKey(own.head.layer, own.mean ? null : own.head.head));
      patternPlace.hidden = !shares;
      const pictureKey = [document.tokens, own.head?.layer, own.head?.head, own.mean, own.window, shares];
      if (shares && !fresh(drawn, pictureKey)) drawn = { key: pictureKey, picture: patternPicture(own, shares) };
      pattern.render(shares ? drawn.picture : null, own.token);
      showFacts(words, own);
    },
  };

  function renderChips({ tokens }) {
    if (chips.tokens === tokens) return;
    chips.tokens = tokens;
    const few = tokens.slice(0, MOST_CHIPS).map(({ text: letters, id }) => el('bdi', { class: 'token', title: `token ${id}` }, tokenText(letters)));
    chips.replaceChildren(`${tokens.length} tokens: `, ...few, ...(tokens.length > MOST_CHIPS ? [` and ${tokens.length - MOST_CHIPS} more`] : []));
  }
}

function changeText({ target, ablated, ablated_target: after }) {
  const name = `“${tokenText(target.text)}”`;
  if (!after) return `${name}: ${percentText(target.probability)}, logit ${signed(target.logit)}`;
  return `${name} without ${ablated.map((head) => head.join('.')).join(', ')}: ${percentText(target.probability)} becomes ${percentText(after.probability)}, logit ${signed(target.logit)} becomes ${signed(after.logit)}`;
}

/** The document as it is saved: with the pattern that is looked at. */
function withPattern({ document, patterns, head, mean }) {
  const each = head && (mean ? null : head.head);
  const pattern = head && patterns.get(patternKey(head.layer, each));
  return { ...document, attention: pattern ? [{ layer: head.layer, head: each, pattern }] : [] };
}

function drawings(own) {
  const panel = attributionPanel(own.document, own.document.ablated, '');
  const [layout] = layoutPanels([panel], 556, 1);
  const first = { ...layout, draw: (context, theme, ratio) => drawPanel(context, layout, panel, theme, ratio) };
  const shares = own.head && own.patterns.get(patternKey(own.head.layer, own.mean ? null : own.head.head));
  if (!shares) return [first];
  const picture = patternPicture(own, shares);
  const side = layoutPattern({ width: 556, window: picture.window, tokens: picture.tokens });
  return [first, { ...side, draw: (context, theme, ratio) => drawPattern(context, side, picture, theme, ratio) }];
}
