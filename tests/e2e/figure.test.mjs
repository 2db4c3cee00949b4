/** From opening the page to both figures, on every engine that a browser may offer. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { interpolateViridis } from 'd3-scale-chromatic';
import { readByKeyboard, readColours, readTables } from './cells.mjs';
import {
  byId, figureState, finish, launchBrowser, newPage, openFigure, pick, run, savedResult, settled, startSite, useEngine,
} from './harness.mjs';

let site;
before(async () => {
  site = await startSite();
});
after(() => site.close());

const WAYS = [
  { name: 'CPU, in a browser without WebGPU', webgpu: false, backend: 'cpu' },
  { name: 'WebGPU', webgpu: true, backend: 'webgpu' },
];
/** Hits by engine: they have to be the same integers. */
const hitsBy = new Map();

for (const way of WAYS) {
  describe(way.name, () => {
    let browser;
    before(async () => {
      browser = await launchBrowser(way);
    });
    after(() => browser?.close());

    async function open() {
      const page = await newPage(browser);
      await openFigure(page, site.url);
      // A software adapter loses to the CPU and is only used when asked for.
      if (way.backend === 'webgpu') {
        await useEngine(page, 'webgpu');
        await run(page);
      }
      return page;
    }

    test('opening the page draws Figure A of the planted model and says so', async () => {
      const page = await open();
      await byId(page, 'planted-badge').waitFor();
      assert.equal(await byId(page, 'figure').locator('canvas').count(), 2);
      const result = await savedResult(page);
      assert.equal(result.model.source, 'bundled');
      assert.equal(result.model.planted, true);
      assert.equal(result.engine.backend, way.backend);
      assert.deepEqual(result.relations.map(({ name }) => name), ['name_copying']);
      hitsBy.set(way.backend, [result.relations[0].hits, result.relations[0].suppression_hits]);
      assert.ok(await byId(page, 'planted-table').locator('tbody tr').count(), 'the truth that was planted');
      await finish(page);
    });

    test('Figure B sets name copying beside country to capital', async () => {
      const page = await open();
      await pick(page, 'figure-B');
      await run(page);
      const result = await savedResult(page);
      assert.deepEqual(result.relations.map(({ name, k }) => [name, k]), [['name_copying', 1], ['country_to_capital', 10]]);
      for (const relation of result.relations) {
        assert.ok(relation.total >= 40, `${relation.name} keeps ${relation.total} pairs`);
        assert.ok(relation.hits.flat().some((count) => count > 0), `some head has ${relation.name}`);
      }
      await finish(page);
    });

    test('keyboard, table, canvas and file give the same numbers', async () => {
      const page = await open();
      const { model, relations: [relation] } = await savedResult(page);
      const size = { layers: model.n_layer, heads: model.n_head };
      const tables = await readTables(page);
      for (const [panel, hits] of [relation.hits, relation.suppression_hits].entries()) {
        const spoken = await readByKeyboard(page, panel, size);
        assert.deepEqual(spoken.map((column) => column.map((cell) => cell.hits)), hits);
        assert.ok(spoken.flat().every((cell) => cell.total === relation.total));
        assert.deepEqual(
          tables[panel],
          spoken.map((column) => column.map(({ hits: count, score }) => ({ hits: count, score }))),
        );
        const colours = await readColours(page, panel, size);
        hits.forEach((column, layer) => column.forEach((count, head) => {
          assertColour(colours[layer][head], count / relation.total, `panel ${panel}, layer ${layer}, head ${head}`);
        }));
      }
      await finish(page);
    });
  });
}

test('whoever asks the WebGPU engine again gets the same numbers for less work', async () => {
  const browser = await launchBrowser({ webgpu: true });
  const page = await newPage(browser);
  try {
    await openFigure(page, site.url);
    await useEngine(page, 'webgpu');
    const results = [];
    for (let i = 0; i < 3; i++) {
      await run(page);
      results.push(await savedResult(page));
    }
    const [first, ...again] = results;
    assert.equal(first.engine.backend, 'webgpu');
    for (const { relations } of again) assert.deepEqual(relations, first.relations);
    // The second time W_O W_U is made of the heads that copy, the third time it is there.
    assert.ok(again[1].multiply_adds < 0.9 * first.multiply_adds, `${results.map((r) => r.multiply_adds)}`);
    await finish(page);
  } finally {
    await browser.close();
  }
});

test('both engines count the same hits', () => {
  assert.deepEqual(hitsBy.get('webgpu'), hitsBy.get('cpu'));
});

describe('choosing the engine', () => {
  test('without WebGPU, asking for it leads to the CPU with a sentence that says why', async () => {
    const browser = await launchBrowser({ webgpu: false });
    const page = await newPage(browser);
    try {
      await openFigure(page, site.url);
      await byId(page, 'engine-select').selectOption('webgpu');
      await byId(page, 'engine').filter({ hasText: /Runs on CPU.*WebGPU/ }).waitFor();
      await settled(page);
      await run(page);
      const result = await savedResult(page);
      assert.equal(result.engine.backend, 'cpu');
      assert.match(result.engine.note, /WebGPU/);
      await finish(page);
    } finally {
      await browser.close();
    }
  });

  test('a software adapter loses to the CPU unless it is asked for', async () => {
    const browser = await launchBrowser({ webgpu: true });
    const page = await newPage(browser);
    try {
      await openFigure(page, site.url);
      assert.equal((await savedResult(page)).engine.backend, 'cpu');
      await useEngine(page, 'webgpu');
      await run(page);
      const { engine } = await savedResult(page);
      assert.equal(engine.backend, 'webgpu');
      assert.equal(engine.fallback_adapter, true);
      await finish(page);
    } finally {
      await browser.close();
    }
  });
});

/** Viridis at a score. A step of the page's 256 ready colours is at most 3 levels of a channel wide. */
function assertColour(rgb, score, where) {
  const wanted = interpolateViridis(score);
  const parts = wanted.startsWith('#')
    ? [1, 3, 5].map((at) => parseInt(wanted.slice(at, at + 2), 16))
    : wanted.match(/\d+/g).map(Number);
  const off = Math.max(...parts.map((part, channel) => Math.abs(part - rgb[channel])));
  assert.ok(off <= 3, `${where}: score ${score} is drawn as ${rgb}, viridis is ${parts}`);
}

test('reloading the page in the middle of a run draws the figure again', async () => {
  const browser = await launchBrowser({ webgpu: false });
  const page = await newPage(browser);
  try {
    await openFigure(page, site.url);
    await byId(page, 'run').click();
    await page.reload();
    await figureState(page, 'complete');
    await finish(page);
  } finally {
    await browser.close();
  }
});
