/** The built site, the weights and the peers under one address, and a browser without a window to open it. */
import { cpSync, existsSync, linkSync, mkdirSync, copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { chromiumPath } from '../../scripts/lib/chromium.mjs';
import { dist } from '../../scripts/lib/paths.mjs';
import { Failure } from '../../scripts/lib/run.mjs';
import { startStaticServer } from '../../scripts/lib/static-server.mjs';
import { benchCache } from './weights.mjs';

const ARGS = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const site = join(benchCache, 'site');
const peers = fileURLToPath(new URL('../peers', import.meta.url));

/** A file that the server may hand out, without a second copy where the file system allows it. */
function put(from, to) {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

/** Puts a folder of files under the site's address. */
export function share(folder, name) {
  const to = join(site, name);
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(folder)) {
    rmSync(join(to, file), { force: true });
    put(join(folder, file), join(to, file));
  }
  return `${name}/`;
}

/** @returns {Promise<{url: string, close: () => Promise<void>}>} */
export async function openSite() {
  if (!existsSync(join(dist, 'bench.html'))) throw new Failure('dist/ is not built; run: npm run bench');
  rmSync(site, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  cpSync(dist, site, { recursive: true });
  cpSync(peers, join(site, 'peers'), { recursive: true });
  return startStaticServer({ root: site });
}

/**
 * A page of the site, from whose address modules can be imported. Ended after `limitMs`, whatever it does: a part of
 * the benchmark must not hold up the others.
 * @param {{url: string}} server
 * @param {{webgpu?: boolean, limitMs: number}} options
 * @param {(page: import('playwright-core').Page, browser) => Promise<T>} action
 * @returns {Promise<T>}
 * @template T
 */
export async function inBrowser(server, { webgpu = false, limitMs }, action) {
  const browser = await chromium.launch({ executablePath: chromiumPath() ?? undefined, args: [...ARGS, ...(webgpu ? ['--enable-unsafe-webgpu'] : [])] });
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Failure(`not done after ${limitMs / 1000} s, given up`)), limitMs);
  });
  try {
    const page = await browser.newPage();
    page.on('console', (m) => m.type() === 'error' && !m.location().url.endsWith('/favicon.ico') && console.error(`page: ${m.text()}`));
    await page.goto(`${server.url}LICENSE.txt`);
    return await Promise.race([action(page, browser), late]);
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}
