/** Comparing a canvas's own pixels with a picture that was looked at: what lies over it (ring, tip) is not part of it. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';
import { root } from '../../scripts/lib/paths.mjs';
import { byId } from './harness.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core');
const baselines = join(root, 'tests', 'e2e', 'baselines');
const output = join(root, 'tests', 'e2e', 'output');
/** Cells, axes and markers are the same everywhere; the edges of letters differ between font libraries. */
const PIXELS_THAT_MAY_DIFFER = 0.01;

/** What axe finds that is serious or critical, a line each. */
export async function seriousFaults(page) {
  // Not as a script tag: the site's policy allows no script that is not its own.
  await page.evaluate(readFileSync(axe, 'utf8'));
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

/** @param {string} id test id of the canvas */
export async function canvasPicture(page, id) {
  const url = await byId(page, id).evaluate((canvas) => canvas.toDataURL('image/png'));
  return PNG.sync.read(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'));
}

export function compare(name, picture) {
  const baseline = join(baselines, `${name}.png`);
  mkdirSync(output, { recursive: true });
  writeFileSync(join(output, `${name}.png`), PNG.sync.write(picture));
  if (process.env.HEADMAP_UPDATE_BASELINES) {
    mkdirSync(baselines, { recursive: true });
    writeFileSync(baseline, PNG.sync.write(picture));
  }
  assert.ok(existsSync(baseline), `no baseline ${name}.png; see CONTRIBUTING.md on how to make one`);
  const wanted = PNG.sync.read(readFileSync(baseline));
  assert.deepEqual([picture.width, picture.height], [wanted.width, wanted.height], `size of ${name}`);
  const difference = new PNG({ width: wanted.width, height: wanted.height });
  const count = pixelmatch(picture.data, wanted.data, difference.data, wanted.width, wanted.height, { threshold: 0.1 });
  if (count) writeFileSync(join(output, `${name}-difference.png`), PNG.sync.write(difference));
  const share = count / (wanted.width * wanted.height);
  assert.ok(share <= PIXELS_THAT_MAY_DIFFER, `${name}: ${(share * 100).toFixed(2)} % of the pixels differ`);
}
