/** Weights of GPT-2 small's shape run in the tab through the library, on both engines: the reference's numbers. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pkg } from '../../scripts/lib/paths.mjs';
import { makeWeights } from '../../scripts/make-planted.mjs';
import { startHub } from '../hub/server.mjs';
import { finish, launchBrowser, newPage, startSite } from './harness.mjs';
import { assertGoldenPrompt, golden } from './run-goldens.mjs';

/** The shortest template: the software adapter takes a minute for its forward passes. */
const [dynamic] = golden('dynamic', 'graded-small').cases;
const { texts } = golden('run', 'graded-small');
/** Patterns are asked of every head. */
const HEADS = Array.from({ length: 144 }, (_, i) => [Math.floor(i / 12), i % 12]);

let site;
let hub;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headmap-graded-'));
  await makeWeights(['graded', '--shape', 'small', '--out', folder, '--tokenizer', join(pkg, 'models/gpt2-tokenizer.json')]);
  [site, hub] = [await startSite(), await startHub({ repositories: { 'test/graded': folder } })];
});
after(async () => {
  await site?.close();
  await hub?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Hits of every head, [layer][head]: the reference's, or between its bounds where float64 itself cannot tell. */
function assertWithin(hits, { lo, hi }, words) {
  assert.deepEqual(hits.map((row) => row.length), lo.map((row) => row.length), words);
  hits.forEach((row, layer) => row.forEach((n, head) => {
    assert.ok(n >= lo[layer][head] && n <= hi[layer][head], `${words}, ${layer}.${head}: ${n} is not within ${lo[layer][head]} and ${hi[layer][head]}`);
  }));
}

for (const backend of ['cpu', 'webgpu']) {
  test(`prompts and dynamic scores of GPT-2 small's shape, ${backend}: the goldens`, async () => {
    const browser = await launchBrowser({ webgpu: backend === 'webgpu' });
    try {
      const page = await newPage(browser);
      await page.goto(`${site.url}LICENSE.txt`);
      const found = await page.evaluate(async ({ base, engine, k, template, prompts, attention }) => {
        const { pairs } = await (await fetch('data/relations/country_to_capital.json')).json();
        const { createAnalyzer } = await import(new URL('headmap.js', document.baseURI).href);
        const analyzer = await createAnalyzer({ backend: engine });
        const model = await analyzer.loadModel({ kind: 'url', base, kindOfSource: 'mirror', name: 'graded' });
        const answer = await model.scoreDynamic({ name: 'country_to_capital', pairs, k, templates: [template] });
        const documents = [];
        for (const text of prompts) documents.push(await model.runPrompt({ text, attention }));
        analyzer.close();
        return { ...answer, prompts: documents.map((document) => ({ ...document, attention: document.attention.map((a) => ({ ...a, pattern: [...a.pattern] })) })) };
      }, { base: hub.mirrorBase('test/graded'), engine: backend, k: dynamic.k, template: dynamic.template, prompts: texts.map(({ text }) => text), attention: HEADS });
      assert.equal(found.engine.backend, backend);
      assert.deepEqual(found.invalid, []);
      const [{ total, with_context: within, without_context: without }] = found.templates;
      assert.equal(total, dynamic.n_pairs);
      assertWithin(within.hits, dynamic.with_context_score, 'with context');
      assertWithin(within.suppression_hits, dynamic.with_context_suppression, 'with context, suppressed');
      assertWithin(without.hits, dynamic.without_context_score, 'without context');
      assertWithin(without.suppression_hits, dynamic.without_context_suppression, 'without context, suppressed');
      found.prompts.forEach((document, at) => {
        assert.equal(document.attention.length, HEADS.length);
        assertGoldenPrompt(document, texts[at]);
      });
      await finish(page);
    } finally {
      await browser.close();
    }
  });
}
