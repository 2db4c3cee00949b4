/** Weights from a server: the hub's redirects, a mirror, and every way in which these fail. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { dist } from '../../scripts/lib/paths.mjs';
import { startHub } from '../hub/server.mjs';
import {
  NETWORK_PROBLEMS, byId, dismissErrors, figureState, finish, launchBrowser, newPage, nextError, openFigure, run, savedResult, startSite,
} from './harness.mjs';

const REPOSITORY = 'someone/planted';
const WEIGHTS = `${REPOSITORY}/model.safetensors`;

let site;
let hub;
let browser;
let undisturbed;
before(async () => {
  site = await startSite();
  hub = await startHub({ repositories: { [REPOSITORY]: join(dist, 'models', 'planted') } });
  browser = await launchBrowser({ webgpu: false });
  const page = await newPage(browser);
  await openFigure(page, site.url);
  [undisturbed] = (await savedResult(page)).relations;
  await finish(page);
});
after(async () => {
  await browser?.close();
  await hub.close();
  await site.close();
});
beforeEach(() => {
  hub.faults.set([]);
  hub.resetCounts();
});

async function openMirror(page, base) {
  await byId(page, 'model-select').selectOption({ label: 'A mirror’s address' });
  await byId(page, 'mirror-address').fill(base);
  await byId(page, 'open-mirror').click();
}

/** A mirror's model is open when the button names what pressing it fetches. */
const opened = (page) => byId(page, 'run').filter({ hasText: /^Fetch / }).waitFor();

async function sameFigure(page) {
  const { relations: [relation], model } = await savedResult(page);
  assert.deepEqual([relation.hits, relation.suppression_hits], [undisturbed.hits, undisturbed.suppression_hits]);
  return model;
}

test('a mirror gives the same figure; only the weights of the job are fetched, after the click', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  await openMirror(page, hub.mirrorBase(REPOSITORY));
  await opened(page);
  const header = hub.served(WEIGHTS).bytes;
  assert.ok(header > 0 && header < 2 ** 20 + 8, `${header} bytes before the click`);
  await run(page);
  const model = await sameFigure(page);
  assert.equal(model.source, 'mirror');
  const { ranges } = hub.served(WEIGHTS);
  assert.ok(ranges.every(([start, end]) => end >= start));
  await finish(page);
});

test('the hub’s redirect to a signed address of another origin is followed', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  await openMirror(page, hub.resolveBase(REPOSITORY, 'a'.repeat(40)));
  await opened(page);
  await run(page);
  await sameFigure(page);
  await finish(page);
});

describe('a failure while the model is opened gives its sentence and leaves the page usable', () => {
  const cases = [
    ['ignore-range', 'SourceRange'],
    ['status=404', 'SourceStatus'],
    ['status=403', 'SourceStatus'],
    ['status=500', 'SourceStatus'],
    ['busy=1', 'SourceStatus'],
    ['truncate=4', 'SourceTruncated'],
    ['wrong-range', 'SourceRange'],
    ['no-cors', 'SourceUnreachable'],
    ['offline', 'SourceUnreachable'],
    ['html', 'SourceRange'],
  ];
  for (const [fault, code] of cases) {
    test(`${fault} is ${code}`, async () => {
      const page = await newPage(browser);
      await openFigure(page, site.url);
      await openMirror(page, hub.mirrorBase(REPOSITORY, fault));
      const error = await nextError(page);
      assert.equal(error.code, code, error.text);
      assert.match(error.text, /model\.safetensors|127\.0\.0\.1/, 'the sentence names the file or the server');
      assert.match(error.text, /\.$/);
      await dismissErrors(page);

      await openMirror(page, hub.mirrorBase(REPOSITORY));
      await opened(page);
      await run(page);
      await sameFigure(page);
      await finish(page, NETWORK_PROBLEMS);
    });
  }
});

describe('a failure in the middle of a run', () => {
  const lasting = [
    [{ kind: 'status', value: 404 }, 'SourceStatus'],
    [{ kind: 'truncate', value: 100 }, 'SourceTruncated'],
    [{ kind: 'wrong-range' }, 'SourceRange'],
    [{ kind: 'ignore-range' }, 'SourceRange'],
    [{ kind: 'etag' }, 'SourceChanged'],
    [{ kind: 'offline' }, 'SourceUnreachable'],
    [{ kind: 'expired' }, 'SourceStatus'],
  ];
  for (const [fault, code] of lasting) {
    test(`that lasts (${fault.kind}) is ${code}; the next run succeeds`, async () => {
      const page = await newPage(browser);
      await openFigure(page, site.url);
      const base = fault.kind === 'expired' ? hub.resolveBase(REPOSITORY, 'main') : hub.mirrorBase(REPOSITORY);
      await openMirror(page, base);
      await opened(page);
      hub.faults.set([fault]);
      await byId(page, 'run').click();
      const error = await nextError(page);
      assert.equal(error.code, code, error.text);
      assert.notEqual(await byId(page, 'figure-state').getAttribute('data-state'), 'complete');
      await dismissErrors(page);
      hub.faults.set([]);
      await run(page);
      await sameFigure(page);
      await finish(page, NETWORK_PROBLEMS);
    });
  }

  const passing = [
    { kind: 'status', value: 500 }, { kind: 'busy', value: 1 }, { kind: 'truncate' }, { kind: 'offline' },
  ];
  for (const fault of passing) {
    test(`that passes (${fault.kind}) is tried again and the figure is the undisturbed one`, async () => {
      const page = await newPage(browser);
      await openFigure(page, site.url);
      await openMirror(page, hub.mirrorBase(REPOSITORY));
      await opened(page);
      hub.faults.set([{ ...fault, times: 1 }]);
      await run(page);
      await sameFigure(page);
      await finish(page, NETWORK_PROBLEMS);
    });
  }

  test('a stalled line can be cancelled at once', async () => {
    const page = await newPage(browser);
    await openFigure(page, site.url);
    await openMirror(page, hub.mirrorBase(REPOSITORY));
    await opened(page);
    hub.faults.set([{ kind: 'stall', value: 1000 }]);
    await byId(page, 'run').click();
    await figureState(page, 'running');
    await byId(page, 'cancel').click();
    await page.locator('[data-testid="run"]:enabled').waitFor({ timeout: 2000 });
    hub.faults.set([]);
    await run(page);
    await sameFigure(page);
    await finish(page, NETWORK_PROBLEMS);
  });
});

test('text that is no address is refused', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  await openMirror(page, 'ftp://example.org/');
  assert.equal((await nextError(page)).code, 'SourceUnreachable');
  await finish(page);
});
