/** Running the planted model from the page: every view, its numbers against the goldens, and its files. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PNG } from 'pngjs';
import { byId, dismissErrors, finish, launchBrowser, newPage, nextError, openFigure, pick, saved, startSite } from './harness.mjs';
import { golden, assertGoldenAblation, assertGoldenDynamic, assertGoldenPrompt } from './run-goldens.mjs';
import { loadRun, openView, runView, savedRun, show } from './run-page.mjs';

let site;
let browser;
before(async () => {
  site = await startSite();
  browser = await launchBrowser({ webgpu: false });
});
after(async () => {
  await browser?.close();
  await site.close();
});

describe('in use', () => {
  test('the four templates give the goldens’ hits, and every file holds them', async () => {
    const page = await newPage(browser);
    await openView(page, site.url, 'in-use');
    await runView(page, 'in-use');
    const { document, text, name } = await savedRun(page, 'in-use');
    assert.match(name, /^headmap_planted-model_dynamic_name-copying\.json$/);
    assertGoldenDynamic(document);
    assert.equal(document.static.hits[2][1], 117);
    assert.match(await byId(page, 'scatter').getAttribute('aria-label'), /^Pearson’s r = (1\.000|0\.\d{3}), n = 64\./);
    assert.equal(await byId(page, 'correlations').locator('tbody td').count(), 4);

    const csv = (await saved(page, 'in-use-save-csv')).bytes.toString('utf8').trimEnd().split('\r\n');
    assert.equal(csv.length, 1 + 4 * 16);
    const picture = PNG.sync.read((await saved(page, 'in-use-save-png')).bytes);
    assert.ok(picture.width > 2000 && picture.height > 1500, `${picture.width} x ${picture.height}`);

    // The file draws the same again without a model that ran.
    const other = await newPage(browser);
    await openView(other, site.url, 'in-use');
    await loadRun(other, 'in-use', text);
    await byId(other, 'in-use-state').filter({ hasText: 'From a saved file' }).waitFor();
    assert.deepEqual((await savedRun(other, 'in-use')).document, document);
    await finish(other);
    await finish(page);
  });

  test('a point and its cells are one: hover and keys show it in both', async () => {
    const page = await newPage(browser);
    await openView(page, site.url, 'in-use');
    await runView(page, 'in-use');
    await byId(page, 'scatter').focus();
    await page.keyboard.press('End');
    await byId(page, 'scatter-reading').filter({ hasText: 'static 1.00' }).waitFor();
    const [, layer, head] = (await byId(page, 'scatter-reading').innerText()).match(/^layer (\d), head (\d): static 1\.00/);
    await byId(page, 'in-use-panel-reading').filter({ hasText: `layer ${layer}, head ${head}: from the weights 1.00 (155 of 155); in use 1.00` }).waitFor();
    for (const ring of ['in-use-panel-ring-0', 'in-use-panel-ring-1', 'scatter-ring']) assert.ok(await byId(page, ring).isVisible(), ring);

    await byId(page, 'in-use-panel-1').focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('ArrowRight');
    await byId(page, 'scatter-reading').filter({ hasText: /^layer 1, head 0: static 0\.25, in use 0\.25/ }).waitFor();
    assert.ok(await byId(page, 'scatter-ring').isVisible());

    // The pointer on the place of that point, from the other side.
    const ring = await byId(page, 'scatter-ring').boundingBox();
    await page.mouse.move(5, 5);
    await page.mouse.move(ring.x + ring.width / 2, ring.y + ring.height / 2);
    await byId(page, 'in-use-panel-reading').filter({ hasText: /^layer 1, head 0: / }).waitFor();
    await finish(page);
  });

  test('context, sign and template are looked at without another run', async () => {
    const page = await newPage(browser);
    await openView(page, site.url, 'in-use');
    await runView(page, 'in-use');
    await pick(page, 'in-use-sign-suppression_hits');
    await pick(page, 'context-with');
    await byId(page, 'template-select').selectOption('0');
    await byId(page, 'in-use-panel-1').focus();
    await page.keyboard.press('Control+End');
    await page.keyboard.press('PageUp');
    await byId(page, 'in-use-panel-reading').filter({ hasText: 'layer 3, head 0: from the weights 1.00 (155 of 155); in use 1.00 (155 of 155)' }).waitFor();
    await byId(page, 'scatter').filter({ visible: true }).waitFor();
    assert.match(await byId(page, 'scatter').getAttribute('aria-label'), /n = 16\./);
    await finish(page);
  });

  test('sources of several tokens take the place of those of one', async () => {
    const page = await newPage(browser);
    await openView(page, site.url, 'in-use');
    await byId(page, 'in-use-relation').selectOption('country_to_capital');
    await byId(page, 'templates').fill('The story of <X> contains');
    await byId(page, 'multi-token').check();
    await runView(page, 'in-use');
    const { document } = await savedRun(page, 'in-use');
    assert.equal(document.multi_token, true);
    const [template] = document.templates;
    assert.ok(template.total > 0 && template.length[0] > 4, JSON.stringify([template.total, template.length]));
    const single = new Set(golden('dynamic').relations.country_to_capital.map(([source]) => source));
    assert.ok(template.kept.every(([source]) => typeof source === 'string') && template.total !== single.size);
    assert.equal(document.static.total, 43);
    await finish(page);
  });
});

test('ablation: without the planted heads the name task falls to zero, random heads and the control stay', async () => {
  const page = await newPage(browser);
  await openView(page, site.url, 'ablation');
  await runView(page, 'ablation');
  const { document } = await savedRun(page, 'ablation');
  assertGoldenAblation(document);
  // Cut from whole passes, counted.
  assert.ok(document.multiply_adds < document.forward_passes_multiply_adds / 2);

  const rows = byId(page, 'ablation-table').locator('tbody tr');
  assert.equal(await rows.count(), 1 + document.order.length);
  assert.match(await rows.nth(1).innerText(), /^1\s+0\.1\s+14 of 155 \(0\.09\)/);
  await byId(page, 'curve').focus();
  for (const key of ['ArrowRight', 'ArrowRight', 'End']) await page.keyboard.press(key);
  await byId(page, 'curve-reading').filter({ hasText: `${document.order.length} heads removed, the last one layer 1, head 0: 0 of 155 (0.00) right` }).waitFor();

  const csv = (await saved(page, 'ablation-save-csv')).bytes.toString('utf8').trimEnd().split('\r\n');
  assert.equal(csv.length, 1 + 2 * 6 * (1 + document.order.length));
  assert.ok(PNG.sync.read((await saved(page, 'ablation-save-png')).bytes).width > 1500);
  await finish(page);
});

describe('prompt', () => {
  test('what comes next, who said so and where they looked: the goldens’ numbers', async () => {
    const page = await newPage(browser);
    await openView(page, site.url, 'prompt');
    await runView(page, 'prompt');
    const [run] = golden('run').texts;
    const { document } = await savedRun(page, 'prompt');
    assertGoldenPrompt(document);

    // Another head's pattern is at hand; the mean of its layer is the mean.
    await byId(page, 'attribution-0').focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('Enter');
    await page.locator('[data-testid="pattern"][aria-label^="Attention of layer 0, head 0"]').waitFor();
    await pick(page, 'whose-mean');
    await page.locator('[data-testid="pattern"][aria-label^="Attention in layer 0, mean"]').waitFor();
    const mean = (await savedRun(page, 'prompt')).document.attention[0];
    assert.equal(mean.head, null);
    const wanted = run.pattern[0].reduce((total, each) => total + each[5][3], 0) / 4;
    assert.ok(Math.abs(mean.pattern[5 * run.ids.length + 3] - wanted) < 1e-4);

    await byId(page, 'pattern').focus();
    await page.keyboard.press('ArrowDown');
    await byId(page, 'pattern-reading').filter({ hasText: /^“When” \(0\) looks at “When” \(0\) with 1\.000/ }).waitFor();
    await page.keyboard.press('+');
    await byId(page, 'pattern-part').filter({ hasText: 'queries 0 to 7, keys 0 to 7 of 14' }).waitFor();
    await finish(page);
  });

  test('heads switched off change the probability, and on again they are back', async () => {
    const page = await newPage(browser);
    await openView(page, site.url, 'prompt');
    await runView(page, 'prompt');
    const clean = (await savedRun(page, 'prompt')).document;
    // The head that adds most to the name that comes next.
    const added = clean.attribution.flat();
    const most = added.indexOf(Math.max(...added));
    const [layer, head] = [Math.floor(most / 4), most % 4];
    await pick(page, 'click-off');
    await byId(page, 'attribution-0').focus();
    await page.keyboard.press('Control+Home');
    for (let step = 0; step < layer; step += 1) await page.keyboard.press('ArrowRight');
    for (let step = 0; step < head; step += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await byId(page, 'off-heads').filter({ hasText: `Switched off: ${layer}.${head}` }).waitFor();
    await runView(page, 'prompt');
    const without = (await savedRun(page, 'prompt')).document;
    assert.deepEqual(without.ablated, [[layer, head]]);
    assert.equal(without.target.id, clean.target.id);
    assert.ok(without.ablated_target.logit < clean.target.logit - 0.1, `${clean.target.logit} became ${without.ablated_target.logit}`);
    await byId(page, 'ablated-change').filter({ hasText: 'becomes' }).waitFor();
    await byId(page, 'all-on').click();
    await runView(page, 'prompt');
    const again = (await savedRun(page, 'prompt')).document;
    assert.equal(again.ablated_target, null);
    assert.deepEqual(again.top, clean.top);
    await finish(page);
  });

  test('another token is taken apart by its word', async () => {
    const page = await newPage(browser);
    await openView(page, site.url, 'prompt');
    await runView(page, 'prompt');
    await byId(page, 'target-text').fill('Mary');
    await byId(page, 'use-target').click();
    await byId(page, 'ablated-change').filter({ hasText: '·Mary' }).waitFor();
    await byId(page, 'target-text').fill('Marypoppins');
    await byId(page, 'use-target').click();
    const { code, text } = await nextError(page);
    assert.equal(code, 'TokenUnknown');
    assert.match(text, /“Marypoppins” is not one token/);
    await finish(page);
  });

  test('too long, or empty: a sentence, and the page goes on', async () => {
    const page = await newPage(browser);
    await openView(page, site.url, 'prompt');
    await byId(page, 'prompt-text').fill(' the'.repeat(65));
    await byId(page, 'run').click();
    const long = await nextError(page);
    assert.match(long.text, /64/, long.text);
    await dismissErrors(page);
    await byId(page, 'prompt-text').fill('');
    await byId(page, 'run').click();
    assert.equal((await nextError(page)).code, 'PromptInvalid');
    await dismissErrors(page);
    await byId(page, 'prompt-text').fill(' the'.repeat(64));
    await runView(page, 'prompt');
    assert.equal((await savedRun(page, 'prompt')).document.tokens.length, 64);
    await finish(page);
  });
});

test('attention patterns: shares of attention for every head, the same for the same seed', async () => {
  const page = await newPage(browser);
  await openView(page, site.url, 'patterns');
  assert.equal(await byId(page, 'patterns-length').inputValue(), '32', 'half of the planted model’s context');
  await runView(page, 'patterns');
  const { document } = await savedRun(page, 'patterns');
  assert.equal(document.length, 32);
  const all = [document.previous_token, document.duplicate_token, document.induction].flat(2);
  assert.equal(all.length, 48);
  assert.ok(Math.max(...all) > 0.2, 'some head looks somewhere');
  await byId(page, 'patterns-panel-2').focus();
  await byId(page, 'patterns-panel-reading').filter({ hasText: /^layer 0, head 0: previous token \d\.\d\d; duplicate token \d\.\d\d; induction \d\.\d\d$/ }).waitFor();
  await byId(page, 'patterns-length').fill('33');
  await byId(page, 'patterns-length').blur();
  await byId(page, 'run').click();
  assert.match((await nextError(page)).text, /2 to 32/);
  await finish(page);
});

test('a template without <X> is refused with its line, and nothing runs', async () => {
  const page = await newPage(browser);
  await openView(page, site.url, 'in-use');
  await byId(page, 'templates').fill('A <X> here\nnone there');
  await byId(page, 'run').click();
  const { code, text } = await nextError(page);
  assert.equal(code, 'TemplateInvalid');
  assert.match(text, /Template 2 \("none there"\) has no <X>/);
  assert.ok(await byId(page, 'run').isEnabled());
  await finish(page);
});

test('a saved file opens its own view, and a spoilt one is refused', async () => {
  const page = await newPage(browser);
  await openView(page, site.url, 'patterns');
  await runView(page, 'patterns');
  const { text, document } = await savedRun(page, 'patterns');
  await show(page, 'ablation');
  await loadRun(page, 'ablation', text);
  await page.locator('[data-testid="view-patterns"][aria-current="page"]').waitFor();
  assert.equal(new URL(page.url()).hash, '#patterns');
  await loadRun(page, 'patterns', text.replace('"induction":[[', '"induction":[[7,'));
  const { code } = await nextError(page);
  assert.equal(code, 'ResultInvalid');
  assert.deepEqual((await savedRun(page, 'patterns')).document, document);
  await finish(page);
});

test('each view has an address, and Back goes back', async () => {
  const page = await newPage(browser);
  await openFigure(page, `${site.url}#prompt`);
  assert.ok(await byId(page, 'prompt-text').isVisible());
  await show(page, 'ablation');
  await page.goBack();
  await byId(page, 'prompt-text').waitFor();
  await show(page, 'weights');
  assert.ok(await byId(page, 'panel-0').isVisible());
  await finish(page);
});
