/**
 * Saving the figure (PNG, JSON, CSV), and reading a saved result back.
 */
import { coded } from '../errors.js';
import { drawPicture, layoutPicture } from '../figure/figure.js';
import { modelTitle } from '../figure/presets.js';
import { lightTheme } from '../figure/theme.js';
import { figureCsv } from '../result/csv.js';
import { download, fileName } from '../result/download.js';
import { el } from './dom.js';
import { footnotes } from './facts.js';

/** A saved picture has twice as many pixels each way as a page of this width shows. */
const PICTURE_WIDTH = 1180;
const PICTURE_RATIO = 2;

/**
 * @param {{session: object}} options
 * @returns {{node: HTMLElement, render: (shown: object | null, panels: object[] | null) => void}}
 */
export function createSave({ session }) {
  let shown = null;
  let panels = null;
  const act = (action) => async () => {
    try {
      await action();
    } catch (error) {
      session.fail(error);
    }
  };
  const png = el('button', { type: 'button', 'data-testid': 'save-png', on: { click: act(savePng) } }, 'Save PNG');
  const json = el('button', { type: 'button', 'data-testid': 'save-json', on: { click: act(saveJson) } }, 'Save JSON');
  const csv = el('button', { type: 'button', 'data-testid': 'save-csv', on: { click: act(saveCsv) } }, 'Save CSV');
  const input = el('input', { type: 'file', accept: '.json,application/json', 'data-testid': 'load-result', on: { change: load } });
  const node = el('div', { class: 'save buttons' }, png, json, csv, el('label', { class: 'button quiet' }, 'Load a saved result', input));

  const parts = () => [modelTitle(shown.model), ...new Set(panels.map((panel) => panel.relation))];

  async function savePng() {
    const lines = footnotes(shown);
    const picture = layoutPicture(panels, PICTURE_WIDTH, lines);
    const canvas = el('canvas', { width: Math.round(picture.width * PICTURE_RATIO), height: Math.round(picture.height * PICTURE_RATIO) });
    const context = canvas.getContext('2d');
    context.scale(PICTURE_RATIO, PICTURE_RATIO);
    drawPicture(context, picture, panels, lines, lightTheme, PICTURE_RATIO);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
    if (!blob) {
      throw coded('OutOfMemory', 'The browser had no memory for the picture. Close other tabs, then try again.');
    }
    download(blob, fileName(parts(), 'png'));
  }

  function saveJson() {
    download(new Blob([`${JSON.stringify(shown.result)}\n`], { type: 'application/json' }), fileName(parts(), 'json'));
  }

  function saveCsv() {
    const text = figureCsv({ model: shown.model.name, panels });
    download(new Blob([text], { type: 'text/csv;charset=utf-8' }), fileName(parts(), 'csv'));
  }

  function load() {
    const [file] = input.files;
    input.value = '';
    if (file) session.loadResult(file);
  }

  return {
    node,
    render(nextShown, nextPanels) {
      shown = nextShown;
      panels = nextPanels;
      const some = shown !== null && (shown.progress === 'complete' || shown.progress === 'stopped');
      png.disabled = csv.disabled = !some;
      json.disabled = !shown?.result;
      json.title = some && !shown.result ? 'A stopped run has no result to save; the picture and the CSV hold what was computed.' : '';
      input.disabled = shown?.progress === 'running';
    },
  };
}
