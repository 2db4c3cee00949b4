/**
 * What the views that run the model do: ask the analyzer, keep what came of it, read saved documents back. No DOM.
 */
import { coded } from '../errors.js';
import { parseRun } from '../result/run-schema.js';
import { LARGEST_FILE } from '../result/schema.js';
import { changer } from './store.js';
import { ablationTemplate, controlOf, mostHeads, rankHeads } from './tasks.js';
import { checkTemplate, parseTemplates } from './templates.js';

/** Patterns of all heads are asked for at once up to this many numbers; beyond, only those that are looked at. */
const ALL_PATTERNS = 4_000_000;

/**
 * @param {object} parts
 * @param {object} parts.store of the page
 * @param {object} parts.runs store of initialRuns
 * @param {object} parts.session
 * @param {{relations: object[]}} parts.catalogue
 */
export function createActions({ store, runs, session, catalogue }) {
  const change = Object.fromEntries(['inUse', 'ablation', 'prompt', 'patterns'].map((view) => [view, changer(runs, view)]));

  /** A relation of the catalogue or the reader's own, with the k that the reader set. */
  function relationOf(name) {
    const { state } = store;
    const relation = state[name === 'file' || name === 'typed' ? name : ''] ?? catalogue.relations.find((each) => each.name === name);
    if (!relation) throw coded('RelationInvalid', 'Choose a relation first: this one has no pairs yet.');
    return { ...relation, k: state.ks[relation.name] ?? relation.k };
  }

  /** Runs `job` with whatever it needs made ready first; what is wrong there is shown too. */
  async function run(prepare, job) {
    let ready;
    try {
      ready = prepare();
    } catch (error) {
      session.fail(error);
      return null;
    }
    return session.analyse((model, options) => job(model, ready, options));
  }

  /** The static scores of a relation: from the figure if it shows them, else computed. */
  async function staticScores(model, relation, options) {
    const { shown } = store.state;
    const drawn = shown?.progress === 'complete' && !shown.fromFile && shown.result?.preprocessing === 'first_mlp'
      ? shown.result.relations.find((each) => each.name === relation.name && each.k === relation.k && samePairs(relation.pairs, each))
      : null;
    if (drawn) return drawn;
    const result = await model.scoreRelation({ name: relation.name, pairs: relation.pairs, k: relation.k }, { preprocessing: 'first_mlp', ...options });
    return result.relations[0];
  }

  async function dynamic() {
    const { inUse } = runs.state;
    const document = await run(
      () => ({ relation: relationOf(inUse.relation), templates: parseTemplates(inUse.templates) }),
      async (model, { relation, templates }, options) => {
        const scores = await staticScores(model, relation, options).catch((error) => {
          // Without a single-token pair there is no static score, but there may be multi-token sources.
          if (inUse.multiToken && error?.name === 'RelationEmpty') return null;
          throw error;
        });
        const made = await model.scoreDynamic({ name: relation.name, pairs: relation.pairs, templates, k: relation.k, multiToken: inUse.multiToken }, options);
        return { ...made, static: scores && staticPart(scores) };
      });
    if (document) change.inUse({ document, fromFile: false, template: 'all', cell: null });
    return document !== null;
  }

  async function ablate() {
    const { ablation } = runs.state;
    const document = await run(() => {
      const relation = relationOf(ablation.relation);
      const name = ablation.control === 'auto' ? controlOf(relation.name) : ablation.control;
      const task = (each, template, id) => ({ id, title: each.title, pairs: each.pairs, template: checkTemplate(template ?? ablationTemplate(each), `The template of “${each.title}”`) });
      const tasks = [task(relation, ablation.template, relation.name)];
      if (name !== 'none' && name !== relation.name) {
        const control = relationOf(name);
        tasks.push(task(control, ablation.controlTemplate, control.name));
      }
      return { relation, tasks };
    }, async (model, { relation, tasks }, options) => {
      const scores = await staticScores(model, relation, options);
      const order = rankHeads(scores, ablation.most ?? mostHeads(model.info));
      if (order.length === 0) throw coded('RelationInvalid', `No head scores above 0 on “${relation.title}” in this model, so there is nothing to remove. Choose another relation.`);
      return model.ablate({ order, tasks, draws: ablation.draws, seed: ablation.seed }, options);
    });
    if (document) change.ablation({ document, fromFile: false, step: null });
    return document !== null;
  }

  /** @param {{head?: [number, number | null] | null}} [also] a pattern that must be in what comes back */
  async function prompt({ head = null } = {}) {
    const { prompt: asked } = runs.state;
    const document = await run(() => {
      if (asked.text === '') throw coded('PromptInvalid', 'The prompt is empty. Write some words for the model to go on from.');
      return null;
    }, (model, _, options) => {
      const { nLayer, nHead } = model.info;
      const every = asked.text.length ** 2 * nLayer * (nHead + 1) <= ALL_PATTERNS;
      const wanted = every
        ? Array.from({ length: nLayer }, (_, layer) => [[layer, null], ...Array.from({ length: nHead }, (__, each) => [layer, each])]).flat()
        : [head ?? [0, null]];
      return model.runPrompt({ text: asked.text, ablate: asked.off, attention: wanted, target: asked.target }, options);
    });
    if (document) takePrompt(document, asked.text, head);
    return document !== null;
  }

  /** The id of a word that is one token with a space in front; null when it is not, which is shown. */
  async function tokenOf(word) {
    return session.analyse(async (model) => {
      const { kept, dropped } = await model.selectPairs([[word, word]]);
      if (kept.length === 1) return kept[0][2];
      throw coded('TokenUnknown', `“${word}” is not one token of this model (${dropped[0]?.[2] ?? 'it is not a word'}). Write a word that is one token; a space is put in front of it.`);
    });
  }

  /** Takes the logit of another token apart. @param {number | string} token id, or a word */
  async function choose(token) {
    const id = typeof token === 'number' ? token : await tokenOf(token);
    if (id === null) return false;
    change.prompt({ target: id });
    return prompt();
  }

  /** Patterns of the same text stay at hand; another text's go. */
  function takePrompt(document, text, head) {
    const { prompt: former } = runs.state;
    const same = former.asked === text && former.document?.model.name === document.model.name && !former.fromFile;
    const kept = new Map(same ? former.patterns : []);
    for (const { layer, head: each, pattern } of document.attention) kept.set(patternKey(layer, each), pattern);
    const first = head ?? firstHead(document);
    const keep = same && former.head !== null && head === null;
    change.prompt({
      document: { ...document, attention: [] }, patterns: kept, asked: text, fromFile: false,
      ...(keep ? {} : { head: first && { layer: first[0], head: first[1] ?? 0 }, mean: first ? first[1] === null : false }),
      ...(same ? {} : { window: null, token: null, cell: null }),
    });
  }

  async function patterns() {
    const { length, sequences, seed } = runs.state.patterns;
    const document = await run(() => null, (model, _, options) => model.attentionScores({ length: length ?? defaultLength(model.info), sequences, seed }, options));
    if (document) change.patterns({ document, fromFile: false, cell: null });
    return document !== null;
  }

  /** A document that was saved with "Save JSON", by the view that shows it. @returns {Promise<string | null>} the view */
  async function load(file) {
    try {
      if (file.size > LARGEST_FILE) throw coded('ResultInvalid', `"${file.name}" has ${Math.round(file.size / 1e6)} MB; a saved result has at most 64 MB.`);
      const document = parseRun(await file.text());
      const view = VIEW_OF[document.schema];
      if (view === 'prompt') {
        const [first] = document.attention;
        change.prompt({
          document: { ...document, attention: [] }, fromFile: true, asked: null, cell: null, window: null, token: null, target: document.target.id,
          off: document.ablated,
          text: document.tokens.map(({ text }) => text).join(''),
          patterns: new Map(document.attention.map(({ layer, head, pattern }) => [patternKey(layer, head), pattern])),
          head: first ? { layer: first.layer, head: first.head ?? 0 } : null, mean: first ? first.head === null : false,
        });
      } else change[view]({ document, fromFile: true, ...(view === 'inUse' ? { template: 'all', cell: null } : {}), ...(view === 'ablation' ? { step: null } : {}) });
      store.set({ view: NAME_OF[view] });
      return view;
    } catch (error) {
      session.fail(error);
      return null;
    }
  }

  /** Another model: what an earlier one gave would stand under the wrong name. */
  function forget() {
    for (const view of Object.keys(change)) {
      if (!runs.state[view].fromFile) change[view]({ document: null });
    }
    change.prompt({ off: [], head: null, target: null, ...(runs.state.prompt.fromFile ? {} : { patterns: new Map() }) });
    change.ablation({ most: null });
    change.patterns({ length: null });
  }

  return { change, relationOf, dynamic, ablate, prompt, choose, patterns, load, forget };
}

const VIEW_OF = Object.freeze({ 'headmap/dynamic': 'inUse', 'headmap/ablation': 'ablation', 'headmap/prompt': 'prompt', 'headmap/patterns': 'patterns' });
const NAME_OF = Object.freeze({ inUse: 'in-use', ablation: 'ablation', prompt: 'prompt', patterns: 'patterns' });

/** Whether a result is of these very pairs: a file of the same name may hold others. */
export function samePairs(pairs, { kept, dropped }) {
  const words = (list) => list.map(([source, target]) => JSON.stringify([source, target])).sort().join();
  return words(pairs) === words([...kept, ...dropped]);
}

/** @type {(layer: number, head: number | null) => string} */
export const patternKey = (layer, head) => `${layer}.${head ?? 'mean'}`;

/** The head that adds or takes away most, if its pattern is there; else the first pattern that is. */
function firstHead({ attention, attribution }) {
  const strength = ({ layer, head }) => (head === null ? -1 : Math.abs(attribution[layer][head]));
  const first = attention.reduce((best, each) => (best && strength(best) >= strength(each) ? best : each), null);
  return first && [first.layer, first.head];
}

/** 100 tokens as published, or what half of a shorter context holds. */
export const defaultLength = ({ nCtx }) => Math.min(100, Math.floor((nCtx ?? 1024) / 2));

function staticPart({ total, hits, suppression_hits: suppressed, invalid }) {
  return { preprocessing: 'first_mlp', total, hits, suppression_hits: suppressed, invalid };
}
