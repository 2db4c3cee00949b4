/**
 * What every test of the way of weights begins with: the site, a hub with a small model, a browser, and the figure that
 * comes of an undisturbed line.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, beforeEach } from 'node:test';
import { startHub } from '../hub/server.mjs';
import { NETWORK_PROBLEMS, finish, launchBrowser, startSite } from './harness.mjs';
import { makeModel } from './weights-model.mjs';
import { libraryPage, open, score } from './weights-page.mjs';

export const REPOSITORY = 'someone/small';
export const FILE = `${REPOSITORY}/model.safetensors`;
export const REVISION = 'b'.repeat(40);
/** The header is asked for with more behind it, as one request. */
export const HEAD = 64 << 10;

/**
 * Registers what runs before and after the tests of a file.
 * @returns {object} `{ site, hub, browser, model, base, undisturbed }`, filled before the first test, and checks
 */
export function weightsSetup() {
  const all = {};
  before(async () => {
    all.model = makeModel();
    all.site = await startSite();
    all.hub = await startHub({ repositories: { [REPOSITORY]: all.model.folder } });
    all.base = all.hub.mirrorBase(REPOSITORY);
    all.browser = await launchBrowser({ webgpu: false });
    const page = await libraryPage(all.browser, all.site);
    await open(page, all.base);
    const figure = await score(page);
    assert.ok(figure.hits.flat().some((hits) => hits > 0 && hits < figure.total), 'a figure that says something');
    all.undisturbed = figure;
    await finish(page, NETWORK_PROBLEMS);
  });
  after(async () => {
    await all.browser?.close();
    await all.hub?.close();
    await all.site?.close();
    await rm(all.model.folder, { recursive: true });
  });
  beforeEach(() => {
    all.hub.faults.set([]);
    all.hub.resetCounts();
    all.hub.line.rate = 0;
  });

  all.sameFigure = ({ error, hits, suppression }) => {
    assert.equal(error, undefined, error?.message);
    assert.deepEqual({ hits, suppression }, { hits: all.undisturbed.hits, suppression: all.undisturbed.suppression });
  };
  /** Nothing of the file came but what was not here; small gaps between tensors come along where that saves a request. */
  all.onlyMissing = (here) => {
    const { bytes } = all.hub.served(FILE);
    const missing = all.model.needed - here;
    assert.ok(bytes >= missing && bytes <= missing + all.model.gaps, `${bytes} bytes where ${missing} were missing`);
  };
  /** A page that has scored, so that all weights of a figure are kept. */
  all.wholeModel = async () => {
    const page = await libraryPage(all.browser, all.site);
    await open(page, all.base);
    all.sameFigure(await score(page));
    return page;
  };
  return all;
}
