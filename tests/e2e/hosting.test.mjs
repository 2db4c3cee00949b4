/** The site works from a sub-path of a plain static host, and asks nobody else for anything. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CSP } from '../../scripts/lib/csp.mjs';
import { root } from '../../scripts/lib/paths.mjs';
import { byId, finish, launchBrowser, newPage, openFigure, savedResult, startSite, useEngine, run } from './harness.mjs';

test('from a sub-path, with no other header than the policy, on both engines', async () => {
  const site = await startSite('/some/where/headmap/');
  const browser = await launchBrowser({ webgpu: true });
  const page = await newPage(browser);
  try {
    const elsewhere = [];
    page.on('request', (request) => {
      if (/^https?:/.test(request.url()) && !request.url().startsWith(site.url)) elsewhere.push(request.url());
    });
    const response = await page.goto(site.url);
    assert.equal(response.headers()['cross-origin-opener-policy'], undefined);
    assert.equal(response.headers()['content-security-policy'], CSP);
    assert.equal(await page.evaluate(() => crossOriginIsolated), false);
    await openFigure(page, site.url);
    await useEngine(page, 'webgpu');
    await run(page);
    assert.equal((await savedResult(page)).engine.backend, 'webgpu');
    assert.deepEqual(elsewhere, [], 'requests that left the site');
    await finish(page);
  } finally {
    await browser.close();
    await site.close();
  }
});

test('the library runs without the page, from another page of the same host', async () => {
  const site = await startSite();
  const browser = await launchBrowser({ webgpu: false });
  const page = await newPage(browser);
  try {
    await page.goto(`${site.url}LICENSE.txt`);
    const scores = await page.evaluate(async (base) => {
      const { createAnalyzer } = await import(new URL('headmap.js', base).href);
      const analyzer = await createAnalyzer({ backend: 'cpu' });
      const spec = { kind: 'url', base: new URL('models/planted/', base).href, kindOfSource: 'bundled', name: 'planted' };
      const model = await analyzer.loadModel(spec);
      const { pairs } = await (await fetch(new URL('data/relations/name_copying.json', base))).json();
      const result = await model.scoreRelation({ name: 'name_copying', pairs, k: 1 });
      const stop = new AbortController();
      stop.abort();
      const aborted = await model
        .scoreRelation({ name: 'name_copying', pairs, k: 1 }, { signal: stop.signal })
        .then(() => 'went on', (error) => error.name);
      const empty = await model
        .scoreRelation({ name: 'none', pairs: [['no such single token', 'either']], k: 1 })
        .then(() => 'went on', (error) => error.name);
      const { backend } = analyzer.engine;
      model.close();
      analyzer.close();
      return { result, aborted, empty, backend };
    }, site.url);
    assert.equal(scores.backend, 'cpu');
    assert.equal(scores.result.schema, 'headmap/result');
    assert.ok(scores.result.relations[0].hits.flat().some((count) => count > 0));
    assert.equal(scores.aborted, 'AbortError');
    assert.equal(scores.empty, 'RelationEmpty');
    await finish(page);

    const shown = await newPage(browser);
    await openFigure(shown, site.url);
    const [relation] = (await savedResult(shown)).relations;
    assert.deepEqual(relation.hits, scores.result.relations[0].hits, 'page and library count the same');
    await byId(shown, 'figure').waitFor();
    await finish(shown);
  } finally {
    await browser.close();
    await site.close();
  }
});

test('the README shows the policy as it is sent', () => {
  assert.ok(readFileSync(join(root, 'README.md'), 'utf8').includes(`Content-Security-Policy: ${CSP}`));
});
