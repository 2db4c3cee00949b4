/** Using the views that run the model. */
import { validateRun } from '../../www/result/run-schema.js';
import { FIGURE_MS, byId, openFigure, saved } from './harness.mjs';

/** A run loads the large build first, and the machine may be busy. */
export const RUN_MS = 3 * FIGURE_MS;

export async function openView(page, url, view) {
  await openFigure(page, url);
  await show(page, view);
}

export async function show(page, view) {
  await byId(page, `view-${view}`).click();
  await page.locator(`[data-testid="view-${view}"][aria-current="page"]`).waitFor();
}

/** Presses the button of the view and waits for what this run gives, or for an error. */
export async function runView(page, view) {
  const state = byId(page, `${view}-state`);
  // Two runs may say the same words within a minute; the tooltip has the millisecond.
  const before = await state.evaluate((node) => node.textContent + node.title);
  await byId(page, 'run').click();
  await page.waitForFunction(([id, former]) => {
    if (document.querySelector('[data-testid="error"]')) return true;
    const now = document.querySelector(`[data-testid="${id}"]`);
    return now.checkVisibility() && now.textContent + now.title !== former && document.querySelector('[data-testid="run"]').checkVisibility();
  }, [`${view}-state`, before], { timeout: RUN_MS });
  const error = byId(page, 'error');
  if (await error.count()) throw new Error(`the page says: ${await error.first().locator('p').innerText()}`);
}

/** The document behind the view, as its file holds it and as a reader takes it. */
export async function savedRun(page, view) {
  const { name, bytes } = await saved(page, `${view}-save-json`);
  const text = bytes.toString('utf8');
  return { name, text, document: validateRun(JSON.parse(text)) };
}

export const loadRun = (page, view, text) => byId(page, `${view}-load`).setInputFiles({ name: 'saved.json', mimeType: 'application/json', buffer: Buffer.from(text) });
