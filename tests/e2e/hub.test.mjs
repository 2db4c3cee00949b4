/** The model hub's own addresses: nothing is asked of it before a click, and then the pinned revision. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dist } from '../../scripts/lib/paths.mjs';
import { startHub } from '../hub/server.mjs';
import { byId, finish, launchBrowser, newPage, openFigure, run, savedResult, startSite } from './harness.mjs';

const HUB = 'https://huggingface.co/';

let site;
let hub;
let browser;
let entry;
before(async () => {
  [entry] = JSON.parse(await readFile(join(dist, 'data', 'models.json'), 'utf8'));
  site = await startSite();
  hub = await startHub({
    repositories: { [entry.repository]: { path: join(dist, 'models', 'planted'), revision: entry.revision } },
  });
  browser = await launchBrowser({ webgpu: false });
});
after(async () => {
  await browser?.close();
  await hub?.close();
  await site.close();
});

/** Sends what the page asks of the hub to the local one, which stands at another address. */
async function reroute(page) {
  const asked = [];
  await page.context().route(`${HUB}**`, async (route) => {
    const request = route.request();
    asked.push(request.url());
    const answer = await fetch(request.url().replace(HUB, hub.url), {
      headers: await request.allHeaders(),
      method: request.method(),
      redirect: 'manual',
    });
    await route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    });
  });
  return asked;
}

test('the hub is asked only after a click, for the pinned revision, and the result says which', async () => {
  const page = await newPage(browser);
  const asked = await reroute(page);
  await openFigure(page, site.url);
  await byId(page, 'model-select').selectOption(entry.repository);
  await byId(page, 'open-hub').waitFor();
  assert.deepEqual(asked, [], 'before the click');

  await byId(page, 'open-hub').click();
  await byId(page, 'run').filter({ hasText: /^Fetch / }).waitFor();
  const base = `${HUB}${entry.repository}/resolve/${entry.revision}/`;
  assert.ok(asked.length > 0 && asked.every((url) => url.startsWith(base)), asked.join('\n'));
  const weights = `${entry.repository}/model.safetensors`;
  const header = hub.served(weights).bytes;
  assert.ok(header > 0 && header <= 2 ** 20 + 8, `${header} bytes of the weights before the second click`);

  await run(page);
  const { model, bytes_read: bytesRead } = await savedResult(page);
  assert.deepEqual([model.source, model.repository, model.revision], ['hub', entry.repository, entry.revision]);
  assert.ok(bytesRead > 0 && hub.served(weights).bytes > header);
  await finish(page);
});
