/**
 * The browser for the tests of the page: Chromium without a window, the built site on a plain static
 * server, and pages that note every error that nobody expected.
 */
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { chromiumPath } from '../../scripts/lib/chromium.mjs';
import { CSP } from '../../scripts/lib/csp.mjs';
import { dist } from '../../scripts/lib/paths.mjs';
import { startStaticServer } from '../../scripts/lib/static-server.mjs';

const QUIET = [
  '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--font-render-hinting=none',
];
/** Headless Chromium hides WebGPU without this flag; with it, it computes in software. */
const WEBGPU = '--enable-unsafe-webgpu';
/** The planted model's figure takes seconds, and the machine may be busy with other tests. */
export const FIGURE_MS = 90_000;

/** The built site, under the policy that hosts should send. `base` is the path it stands under. */
export const startSite = (base = '/', headers = {}) => startStaticServer({ root: dist, base, headers: { 'Content-Security-Policy': CSP, ...headers } });

/**
 * @param {{webgpu: boolean}} options with WebGPU, the browser must give an adapter: without one the
 *   tests would prove nothing, so that fails the run.
 */
export async function launchBrowser({ webgpu }) {
  const browser = await chromium.launch({
    executablePath: chromiumPath() ?? undefined,
    args: [...QUIET, ...(webgpu ? [WEBGPU] : [])],
  });
  try {
    const site = await startSite();
    const page = await browser.newPage();
    await page.goto(`${site.url}LICENSE.txt`);
    const adapter = await page.evaluate(async () => (await navigator.gpu?.requestAdapter()) ? 'there' : 'none');
    await page.close();
    await site.close();
    assert.equal(adapter, webgpu ? 'there' : 'none', 'the WebGPU adapter of the test browser');
    return browser;
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/**
 * A page in a context of its own. `page.problems` lists what was written to the console as an error
 * and what was thrown; `finish` fails on any that `expected` does not name.
 * @param {import('playwright-core').Browser} browser
 * @param {object} [options] of the context
 */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 }, locale: 'en-GB', timezoneId: 'UTC', acceptDownloads: true, ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.problems = [];
  page.on('console', (message) => {
    // Chromium asks every host for an icon; a page that is only a text file names none.
    if (message.location().url.endsWith('/favicon.ico')) return;
    if (message.type() === 'error') page.problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => page.problems.push(`thrown: ${error.stack ?? error}`));
  page.on('crash', () => page.problems.push('the page crashed'));
  return page;
}

/** Ends a page; every problem has to be one of those expected. */
export async function finish(page, expected = []) {
  await page.context().close();
  const rest = page.problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
  assert.deepEqual(rest, [], 'errors in the console');
}

/** What Chromium itself writes about an answer with an error status, a cut line or a CORS refusal. */
export const NETWORK_PROBLEMS = [/Failed to load resource/, /blocked by CORS policy/, /net::ERR_/];

export const byId = (page, id) => page.locator(`[data-testid="${id}"]`);

/** Chooses a radio button, whose label is what one sees of it. */
export const pick = (page, id) => byId(page, id).dispatchEvent('click');

/** Waits until the figure's state is one of `states`; fails at once when the page shows an error. */
export async function figureState(page, ...states) {
  const handle = await page.waitForFunction(
    (wanted) => {
      const error = document.querySelector('[data-testid="error"]');
      if (error) return { error: error.textContent };
      const state = document.querySelector('[data-testid="figure-state"]')?.dataset.state;
      return wanted.includes(state) ? { state } : null;
    },
    states,
    { timeout: FIGURE_MS },
  );
  const { state, error } = await handle.jsonValue();
  assert.equal(error, undefined, 'an error on the page');
  return state;
}

/** Opens the page and waits for the figure of a model that comes with it: the planted one, whose truth is known. */
export async function openFigure(page, url, model = 'planted') {
  const address = new URL(url);
  address.searchParams.set('model', model);
  await page.goto(address.href);
  await figureState(page, 'complete');
}

/** Presses the button and waits for the whole figure of this run, not for the one that stood there. */
export async function run(page) {
  await byId(page, 'figure-state').evaluate((caption) => {
    window.runBegan = false;
    new MutationObserver((_, observer) => {
      if (caption.dataset.state !== 'running') return;
      window.runBegan = true;
      observer.disconnect();
    }).observe(caption, { attributes: true, attributeFilter: ['data-state'] });
  });
  await byId(page, 'run').click();
  await page.waitForFunction(
    () => window.runBegan || document.querySelector('[data-testid="error"]'),
    null,
    { timeout: FIGURE_MS },
  );
  await figureState(page, 'complete');
}

/** Chooses an engine and waits until it runs and the model is open again. */
export async function useEngine(page, backend) {
  await byId(page, 'engine-select').selectOption(backend);
  const words = backend === 'cpu' ? 'Runs on CPU' : 'Runs on WebGPU';
  await byId(page, 'engine').filter({ hasText: words }).waitFor({ timeout: FIGURE_MS });
  await settled(page);
}

/** After a change of engine: the model is open again and the former figure is back. */
export async function settled(page) {
  await page.locator('[data-testid="run"]:enabled').waitFor({ timeout: FIGURE_MS });
  await figureState(page, 'complete');
}

/** Presses a save button and gives back the file's name and bytes. */
export async function saved(page, button) {
  const [file] = await Promise.all([page.waitForEvent('download'), byId(page, button).click()]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  return { name: file.suggestedFilename(), bytes: Buffer.concat(chunks) };
}

/** The result behind the figure on the page. */
export const savedResult = async (page) => JSON.parse((await saved(page, 'save-json')).bytes.toString('utf8'));

/** The next error's code and sentence. */
export async function nextError(page) {
  const error = byId(page, 'error').first();
  await error.waitFor({ timeout: FIGURE_MS });
  return { code: await error.getAttribute('data-code'), text: await error.locator('p').innerText() };
}

export async function dismissErrors(page) {
  while (await byId(page, 'error').count()) await byId(page, 'error').first().getByRole('button').click();
}
