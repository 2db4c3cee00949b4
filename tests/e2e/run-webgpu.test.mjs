/** The views that run the model, on WebGPU: the reference's numbers, and what the CPU says where there is no reference. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { finish, launchBrowser, newPage, openFigure, startSite, useEngine } from './harness.mjs';
import { assertGoldenAblation, assertGoldenDynamic, assertGoldenPrompt } from './run-goldens.mjs';
import { runView, savedRun, show } from './run-page.mjs';

/** Shares of attention of both engines. */
const CLOSE = 1e-4;

let site;
let browser;
before(async () => {
  site = await startSite();
  browser = await launchBrowser({ webgpu: true });
});
after(async () => {
  await browser?.close();
  await site.close();
});

/** Opens a view on an engine, runs what it begins with and gives its document. */
async function run(page, view, backend = 'webgpu') {
  await show(page, view);
  await runView(page, view);
  const { document } = await savedRun(page, view);
  assert.equal(document.engine.backend, backend);
  return document;
}

async function opened() {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  await useEngine(page, 'webgpu');
  return page;
}

test('in use: the goldens’ hits over four templates', async () => {
  const page = await opened();
  assertGoldenDynamic(await run(page, 'in-use'));
  await finish(page);
});

test('ablation: the goldens’ numbers after each head', async () => {
  const page = await opened();
  assertGoldenAblation(await run(page, 'ablation'));
  await finish(page);
});

test('a prompt: the goldens’ logits and patterns', async () => {
  const page = await opened();
  assertGoldenPrompt(await run(page, 'prompt'));
  await finish(page);
});

test('attention scores: those of the CPU', async () => {
  const page = await opened();
  const here = await run(page, 'patterns');
  await useEngine(page, 'cpu');
  const there = await run(page, 'patterns', 'cpu');
  for (const score of ['previous_token', 'duplicate_token', 'induction']) {
    here[score].flat().forEach((share, at) => assert.ok(Math.abs(share - there[score].flat()[at]) < CLOSE, `${score}, head ${at}`));
  }
  await finish(page);
});
