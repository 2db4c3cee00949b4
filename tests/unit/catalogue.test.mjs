/** The data beside the page: a missing extra is said and done without, a missing relation is not. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { loadCatalogue } from '../../www/page/catalogue.js';

const www = new URL('../../www/', import.meta.url);

/** Serves www/ without a server; `missing` is answered with 404. */
function serve(t, missing) {
  t.mock.method(globalThis, 'fetch', async (address) => {
    const path = String(address).replace('https://page.test/', '');
    const body = missing.test(path) ? null : await readFile(new URL(path, www)).catch(() => null);
    return new Response(body, { status: body ? 200 : 404 });
  });
}

test('every built-in relation can be read, and is what a reader could give', async (t) => {
  serve(t, /^$/);
  const { relations } = await loadCatalogue('https://page.test/', () => {});
  const names = relations.map(({ name }) => name);
  assert.ok(names.includes('name_copying') && names.includes('country_to_capital'));
  for (const { title, k, pairs } of relations) {
    assert.ok(typeof title === 'string' && Number.isInteger(k) && pairs.length > 0);
  }
});

test('without the known heads the page is told, and goes on', async (t) => {
  serve(t, /known-heads|published|models/);
  const failures = [];
  const catalogue = await loadCatalogue('https://page.test/', (error) => failures.push(error));
  assert.equal(failures.length, 3);
  assert.ok(failures.every(({ name, message }) => name === 'SourceUnreachable' && /could not be read: the server answered 404\./.test(message)));
  assert.deepEqual([catalogue.knownHeads, catalogue.published, catalogue.models], [[], {}, []]);
});

test('without a relation there is no page', async (t) => {
  serve(t, /name_copying/);
  await assert.rejects(loadCatalogue('https://page.test/', () => {}), { name: 'SourceUnreachable' });
});
