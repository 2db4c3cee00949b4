/** What is saved is whole, and what was saved can be read back without a model. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PNG } from 'pngjs';
import { byId, figureState, finish, launchBrowser, newPage, nextError, openFigure, saved, savedResult, startSite } from './harness.mjs';
import { readTables } from './cells.mjs';

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

const load = (page, text, name = 'result.json') =>
  byId(page, 'load-result').setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });

test('JSON holds what is needed to check it, and draws the same figure when it is loaded', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  const { name, bytes } = await saved(page, 'save-json');
  assert.match(name, /\.json$/);
  const result = JSON.parse(bytes.toString('utf8'));
  assert.deepEqual([result.schema, result.version, result.complete], ['headmap/result', 1, true]);
  assert.equal(result.preprocessing, 'first_mlp');
  const [relation] = result.relations;
  assert.equal(relation.total, relation.kept.length);
  assert.equal(relation.pairs_given, relation.kept.length + relation.dropped.length);
  for (const matrix of [relation.hits, relation.suppression_hits]) {
    assert.equal(matrix.length, result.model.n_layer);
    assert.ok(matrix.flat().every((count) => Number.isInteger(count) && count >= 0 && count <= relation.total));
  }
  assert.ok(result.seconds > 0 && result.multiply_adds > 0 && result.bytes_read > 0);
  // Chromium has relaxed SIMD: rows get a first look in bytes, and its instruction was found to do what its twin does.
  assert.ok(result.int8_multiply_adds > 0 && result.int8_multiply_adds < result.multiply_adds, `${result.int8_multiply_adds}`);
  const tables = await readTables(page);

  const other = await newPage(browser);
  await openFigure(other, site.url);
  const edited = structuredClone(result);
  edited.model.name = 'a loaded result';
  await load(other, JSON.stringify(edited));
  await byId(other, 'figure-state').filter({ hasText: 'saved result' }).waitFor();
  assert.deepEqual(await readTables(other), tables);
  assert.deepEqual(await savedResult(other), edited);
  await finish(page);
  await finish(other);
});

test('CSV has a line for each head of each panel, with the same hits', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  const { model, relations: [relation] } = await savedResult(page);
  const { name, bytes } = await saved(page, 'save-csv');
  assert.match(name, /\.csv$/);
  const [header, ...lines] = bytes.toString('utf8').trimEnd().split('\r\n').map((line) => line.split(','));
  assert.equal(lines.length, 2 * model.n_layer * model.n_head);
  const at = (line, column) => line[header.indexOf(column)];
  for (const line of lines) {
    const hits = at(line, 'sign') === 'suppression' ? relation.suppression_hits : relation.hits;
    assert.equal(Number(at(line, 'hits')), hits[at(line, 'layer')][at(line, 'head')]);
    assert.equal(Number(at(line, 'pairs')), relation.total);
  }
  await finish(page);
});

test('PNG is a picture of twice the page’s pixels, and not a blank one', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  const { name, bytes } = await saved(page, 'save-png');
  assert.match(name, /\.png$/);
  const picture = PNG.sync.read(bytes);
  assert.ok(picture.width >= 2000, `${picture.width} pixels wide`);
  const colours = new Set();
  for (let at = 0; at < picture.data.length; at += 4) colours.add(picture.data.readUInt32BE(at));
  assert.ok(colours.size > 50, `${colours.size} colours`);
  await finish(page);
});

const spoilt = {
  'that is no JSON': () => '{"schema":',
  'of another kind': () => '{"schema":"other"}',
  'of a later version': (result) => JSON.stringify({ ...result, version: 99 }),
  'whose counts are over the total': (result) => {
    result.relations[0].hits[0][0] = result.relations[0].total + 1;
    return JSON.stringify(result);
  },
  'whose counts contradict the pairs': (result) => {
    const { hits, total } = result.relations[0];
    hits[0][0] = hits[0][0] === total ? total - 1 : hits[0][0] + 1;
    return JSON.stringify(result);
  },
};
for (const [what, make] of Object.entries(spoilt)) {
  test(`a file ${what} is refused with a sentence and the figure stays`, async () => {
    const page = await newPage(browser);
    await openFigure(page, site.url);
    const before_ = await savedResult(page);
    await load(page, make(structuredClone(before_)));
    const error = await nextError(page);
    assert.equal(error.code, 'ResultInvalid');
    assert.match(error.text, /\.$/);
    assert.equal(await byId(page, 'figure-state').getAttribute('data-state'), 'complete');
    assert.deepEqual(await savedResult(page), before_);
    await finish(page);
  });
}

test('a hostile name in a loaded result is text, not markup', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  const result = await savedResult(page);
  result.model.name = '<img src=x onerror="document.title=\'run\'">';
  result.relations[0].kept[0][0] = '<script>document.title="run"</script>';
  await load(page, JSON.stringify(result));
  await byId(page, 'figure-state').filter({ hasText: 'saved result' }).waitFor();
  await byId(page, 'panel-0').focus();
  await page.keyboard.press('Enter');
  await byId(page, 'pair-list').waitFor();
  assert.ok((await byId(page, 'pair-list').innerText()).includes('<script>'));
  assert.equal(await page.locator('main img').count(), 0);
  assert.notEqual(await page.title(), 'run');
  await figureState(page, 'complete');
  await finish(page);
});
