/** Files of the reader's own: good ones give the same figure, bad ones a sentence, and the page lives on. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dist } from '../../scripts/lib/paths.mjs';
import { byId, dismissErrors, finish, launchBrowser, newPage, nextError, openFigure, pick, run, savedResult, startSite } from './harness.mjs';

const planted = join(dist, 'models', 'planted');
const file = (name, buffer) => ({ name, mimeType: 'application/octet-stream', buffer });

let site;
let browser;
let weights;
let config;
let tokenizer;
before(async () => {
  site = await startSite();
  browser = await launchBrowser({ webgpu: false });
  weights = await readFile(join(planted, 'model.safetensors'));
  config = await readFile(join(planted, 'config.json'));
  tokenizer = await readFile(join(planted, 'tokenizer.json')).catch(() => null);
});
after(async () => {
  await browser?.close();
  await site.close();
});

const companions = () => [file('config.json', config), ...(tokenizer ? [file('tokenizer.json', tokenizer)] : [])];

async function open(page, files) {
  await byId(page, 'model-select').selectOption({ label: 'Files on this computer' });
  await byId(page, 'model-files').setInputFiles(files);
}

const openedFile = (page) => byId(page, 'model-facts').filter({ hasText: 'files on this computer' }).waitFor();

test('local files give the figure of the same model from the site', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  const [bundled] = (await savedResult(page)).relations;
  await open(page, [file('model.safetensors', weights), ...companions()]);
  await openedFile(page);
  await run(page);
  const result = await savedResult(page);
  assert.equal(result.model.source, 'file');
  assert.deepEqual(result.relations[0].hits, bundled.hits);
  await finish(page);
});

test('files dropped on the page are opened', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  const transfer = await page.evaluateHandle((files) => {
    const data = new DataTransfer();
    for (const { name, base64 } of files) {
      data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
    }
    return data;
  }, [['model.safetensors', weights], ['config.json', config], ...(tokenizer ? [['tokenizer.json', tokenizer]] : [])]
    .map(([name, bytes]) => ({ name, base64: bytes.toString('base64') })));
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
  await openedFile(page);
  await run(page);
  assert.equal((await savedResult(page)).model.source, 'file');
  await finish(page);
});

test('a folder is opened, chosen or dropped, with what lies deeper in it', async () => {
  const page = await newPage(browser);
  await openFigure(page, site.url);
  await byId(page, 'model-select').selectOption({ label: 'Files on this computer' });
  await byId(page, 'model-folder').setInputFiles(planted);
  await openedFile(page);
  await run(page);
  const chosen = await savedResult(page);
  assert.equal(chosen.model.source, 'file');

  await openFigure(page, site.url);
  const drop = await page.evaluateHandle(async (names) => {
    const files = await Promise.all(names.map(async (name) => new File([await (await fetch(`models/planted/${name}`)).arrayBuffer()], name)));
    const entryOf = (one) => ({ isFile: true, isDirectory: false, name: one.name, file: (resolve) => resolve(one) });
    // As a browser gives folders: in portions, the last one empty.
    const folderOf = (name, children) => ({
      isFile: false, isDirectory: true, name,
      createReader: () => {
        const portions = [...children.map((child) => [child]), []];
        return { readEntries: (resolve) => resolve(portions.shift()) };
      },
    });
    const top = folderOf('gpt2', [entryOf(new File(['?'], 'README.md')), folderOf('snapshot', files.map(entryOf))]);
    DataTransferItem.prototype.webkitGetAsEntry = () => top;
    DataTransferItem.prototype.getAsFileSystemHandle = undefined;
    const data = new DataTransfer();
    data.items.add(new File([], 'gpt2'));
    return data;
  }, ['model.safetensors', 'config.json', ...(tokenizer ? ['tokenizer.json'] : [])]);
  await page.dispatchEvent('main', 'drop', { dataTransfer: drop });
  await openedFile(page);
  await run(page);
  const dropped = await savedResult(page);
  assert.deepEqual([dropped.model.source, dropped.relations], ['file', chosen.relations]);
  await finish(page);
});

/** A checkpoint with another header over the same data. */
function withHeader(edit) {
  const length = Number(weights.readBigUInt64LE(0));
  const header = JSON.parse(weights.subarray(8, 8 + length).toString('utf8'));
  const text = Buffer.from(edit(header) ?? JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, weights.subarray(8 + length)]);
}
const key = (header, end) => Object.keys(header).find((name) => name.endsWith(end));

const BAD = {
  'cut short': [() => weights.subarray(0, weights.length - 1000), ['CheckpointCorrupt']],
  'of 5 bytes': [() => weights.subarray(0, 5), ['CheckpointCorrupt']],
  'that is empty': [() => Buffer.alloc(0), ['CheckpointCorrupt']],
  'of pickled weights': [() => Buffer.concat([Buffer.from([0x80, 2, 0x7d]), Buffer.alloc(4000, 0x71)]), ['CheckpointCorrupt', 'CheckpointUnsupported']],
  'of zipped weights': [() => Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(4000)]), ['CheckpointCorrupt', 'CheckpointUnsupported']],
  'with a giant header': [() => Buffer.concat([Buffer.alloc(8, 0xff), weights.subarray(8)]), ['CheckpointCorrupt']],
  'whose tensors overlap': [() => withHeader((header) => {
    header[key(header, 'wpe.weight')].data_offsets[0] -= 4;
  }), ['CheckpointCorrupt']],
  'whose offsets overflow': [() => withHeader((header) => {
    header[key(header, 'wpe.weight')].data_offsets[1] = 2 ** 63;
  }), ['CheckpointCorrupt']],
  'whose shapes do not fit': [() => withHeader((header) => {
    header[key(header, 'h.0.attn.c_proj.weight')].shape.reverse();
    const shape = header[key(header, 'h.0.attn.c_attn.weight')].shape;
    shape.reverse();
  }), ['CheckpointShape']],
  'of an unsupported type': [() => withHeader((header) => JSON.stringify(header).replaceAll('"F32"', '"I32"')), ['CheckpointUnsupported']],
};

describe('a bad checkpoint gives a sentence that names it, and the page stays usable', () => {
  for (const [what, [make, codes]] of Object.entries(BAD)) {
    test(`a file ${what}`, async () => {
      const page = await newPage(browser);
      await openFigure(page, site.url);
      await open(page, [file('model.safetensors', make()), ...companions()]);
      const error = await nextError(page);
      assert.ok(codes.includes(error.code), `${error.code}: ${error.text}`);
      assert.match(error.text, /model\.safetensors/);
      assert.match(error.text, /\.$/);
      await dismissErrors(page);
      await run(page);
      assert.equal((await savedResult(page)).model.source, 'bundled', 'the former model is still open');
      await finish(page);
    });
  }

  test('weights that are not a number', async () => {
    const spoilt = Buffer.from(weights);
    const length = Number(weights.readBigUInt64LE(0));
    const header = JSON.parse(weights.subarray(8, 8 + length).toString('utf8'));
    spoilt.writeFloatLE(NaN, 8 + length + header[key(header, 'wte.weight')].data_offsets[0]);
    const page = await newPage(browser);
    await openFigure(page, site.url);
    await open(page, [file('model.safetensors', spoilt), ...companions()]);
    await openedFile(page);
    await byId(page, 'run').click();
    const error = await nextError(page);
    assert.equal(error.code, 'CheckpointNotFinite', error.text);
    assert.match(error.text, /wte/);
    await finish(page);
  });

  test('a tokenizer of another vocabulary', async () => {
    const other = { model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [] } };
    const page = await newPage(browser);
    await openFigure(page, site.url);
    await open(page, [file('model.safetensors', weights), file('config.json', config), file('tokenizer.json', Buffer.from(JSON.stringify(other)))]);
    const error = await nextError(page);
    assert.ok(['TokenizerMismatch', 'TokenizerInvalid'].includes(error.code), `${error.code}: ${error.text}`);
    await finish(page);
  });
});

describe('a relation of the reader’s own', () => {
  async function single(page, source) {
    await pick(page, 'figure-single');
    await byId(page, 'relation-select').selectOption(source);
  }

  test('typed pairs are scored, with a warning under 30', async () => {
    const page = await newPage(browser);
    await openFigure(page, site.url);
    const [bundled] = (await savedResult(page)).relations;
    const few = bundled.kept.slice(0, 5).map(([source, target]) => `${source}, ${target}`).join('\n');
    await single(page, 'typed');
    await byId(page, 'typed-pairs').fill(few);
    await byId(page, 'use-typed').click();
    await byId(page, 'kept-pairs').filter({ hasText: 'Fewer than 30' }).waitFor();
    await run(page);
    assert.equal((await savedResult(page)).relations[0].total, 5);
    await finish(page);
  });

  test('a file of pairs is scored as its text says', async () => {
    const page = await newPage(browser);
    await openFigure(page, site.url);
    const [bundled] = (await savedResult(page)).relations;
    await single(page, 'file');
    const csv = bundled.kept.map(([source, target]) => `${source},${target}`).join('\n');
    await byId(page, 'relation-file').setInputFiles({ name: 'mine.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await byId(page, 'k-mine').fill('1');
    await byId(page, 'k-mine').press('Tab');
    await run(page);
    const [mine] = (await savedResult(page)).relations;
    assert.deepEqual([mine.name, mine.k, mine.hits], ['mine', 1, bundled.hits]);
    await finish(page);
  });

  test('a relation without a usable pair cannot be run, and the page says so', async () => {
    const page = await newPage(browser);
    await openFigure(page, site.url);
    await single(page, 'typed');
    await byId(page, 'typed-pairs').fill('certainly no single token, nor this one here');
    await byId(page, 'use-typed').click();
    await byId(page, 'kept-pairs').filter({ hasText: 'Nothing can be scored' }).waitFor();
    await finish(page);
  });

  for (const [what, text] of Object.entries({
    'broken JSON': '[["a","b"],',
    'a side of over 200 bytes': JSON.stringify([['x'.repeat(201), 'y']]),
    'too many pairs': JSON.stringify(Array.from({ length: 20_001 }, () => ['a', 'b'])),
  })) {
    test(`${what} is refused with a sentence`, async () => {
      const page = await newPage(browser);
      await openFigure(page, site.url);
      await single(page, 'file');
      await byId(page, 'relation-file').setInputFiles({ name: 'bad.json', mimeType: 'application/json', buffer: Buffer.from(text) });
      const error = await nextError(page);
      assert.equal(error.code, 'RelationInvalid');
      assert.match(error.text, /bad\.json/);
      await finish(page);
    });
  }
});
