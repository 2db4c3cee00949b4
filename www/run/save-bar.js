/**
 * Saving what a run gave (PNG, JSON, CSV), and reading a saved document back.
 */
import { coded } from '../errors.js';
import { lightTheme } from '../figure/theme.js';
import { el, setText } from '../page/dom.js';
import { engineText, secondsText } from '../page/format.js';
import { download, fileName } from '../result/download.js';
import { runCsv } from '../result/run-csv.js';
import { modelOf, titleOfModel } from './in-use-data.js';
import { picture } from './picture.js';

const PICTURE_RATIO = 2;

/**
 * @param {object} options
 * @param {object} options.session
 * @param {object} options.actions
 * @param {string} options.name of the view, beginning of the test ids
 * @param {() => object | null} options.document what is saved
 * @param {() => {width: number, height: number, draw: Function}[]} options.pictures what the PNG holds, see picture.js
 * @param {() => string[]} [options.notes] lines under the PNG
 * @returns {{node: HTMLElement, render: (ready: boolean, running: boolean) => void}}
 */
export function createSaveBar({ session, actions, name, document: documentNow, pictures, notes = () => [] }) {
  const act = (action) => async () => {
    try {
      await action();
    } catch (error) {
      session.fail(error);
    }
  };
  const button = (what, words, action) => el('button', { type: 'button', 'data-testid': `${name}-save-${what}`, on: { click: act(action) } }, words);
  const png = button('png', 'Save PNG', savePng);
  const json = button('json', 'Save JSON', () => save(new Blob([`${JSON.stringify(documentNow(), asList)}\n`], { type: 'application/json' }), 'json'));
  const csv = button('csv', 'Save CSV', () => save(new Blob([runCsv(documentNow())], { type: 'text/csv;charset=utf-8' }), 'csv'));
  const input = el('input', { type: 'file', accept: '.json,application/json', 'data-testid': `${name}-load`, on: { change: load } });
  const node = el('div', { class: 'save buttons' }, png, json, csv, el('label', { class: 'button quiet' }, 'Load a saved result', input));

  function save(blob, extension) {
    const document = documentNow();
    download(blob, fileName([titleOfModel(document), document.schema.split('/')[1], document.relation ?? ''], extension));
  }

  async function savePng() {
    const document = documentNow();
    const canvas = picture(pictures(), [...notes(), factLine(document)], lightTheme, PICTURE_RATIO);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
    if (!blob) throw coded('OutOfMemory', 'The browser had no memory for the picture. Close other tabs, then try again.');
    save(blob, 'png');
  }

  function load() {
    const [file] = input.files;
    input.value = '';
    if (file) actions.load(file);
  }

  return {
    node,
    render(ready, running) {
      png.disabled = json.disabled = csv.disabled = !ready;
      input.disabled = running;
    },
  };
}

/** Typed arrays as lists: JSON would write them as objects. */
const asList = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);

/**
 * The line under a view: where its numbers come from. When exactly they were made is its tooltip.
 * @param {HTMLElement} node
 * @param {{document: object | null, fromFile: boolean}} own of the view; the document is valid
 * @param {string} [more] what else is said of it
 */
export function showFacts(node, { document, fromFile }, more = '') {
  setText(node, document ? `${fromFile ? 'From a saved file. ' : ''}${factLine(document)}${more}` : '');
  node.title = document?.created ?? '';
}

/**
 * @param {object} document valid
 * @returns {string} where the numbers come from, in a line
 */
function factLine({ model, engine, seconds, multiply_adds: work, created }) {
  const from = modelOf(model);
  const where = [from.repository, from.revision?.slice(0, 8)].filter(Boolean).join(', ');
  return [
    `Model: ${model.name}${where ? ` (${where})` : ''}`,
    `ran on ${engineText({ backend: engine.backend, adapter: engine.adapter, fallback: engine.fallback_adapter })}`,
    `${secondsText(seconds)}, ${(work / 1e9).toFixed(work < 1e10 ? 2 : 0)} billion multiply-adds`,
    created ? created.slice(0, 16).replace('T', ' ') : '',
  ].filter(Boolean).join(' · ');
}
