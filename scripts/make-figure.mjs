/**
 * Takes docs/figure.png, the picture in the README: the figure of the demonstration model as the built page draws it.
 *
 *   node scripts/make-figure.mjs      after npm run build, where the tests' Chromium is installed
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { chromiumPath } from './lib/chromium.mjs';
import { dist, root } from './lib/paths.mjs';
import { main, say } from './lib/run.mjs';
import { startStaticServer } from './lib/static-server.mjs';

const PICTURE = join(root, 'docs', 'figure.png');

main(async () => {
  const site = await startStaticServer({ root: dist });
  const browser = await chromium.launch({ executablePath: chromiumPath() ?? undefined, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, deviceScaleFactor: 2 });
    await page.goto(site.url);
    await page.locator('[data-testid="figure-state"][data-state="complete"]').waitFor();
    await page.getByTestId('figure').screenshot({ path: PICTURE });
  } finally {
    await browser.close();
    await site.close();
  }
  say(`docs/figure.png is made, ${Math.round(statSync(PICTURE).size / 1000)} kB`);
});
