import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import webpack from 'webpack';
import { dist, pkg } from '../lib/paths.mjs';
import { Failure } from '../lib/run.mjs';
import { hidePaths, pathsIn } from './machine-paths.mjs';
import config from '../../webpack.config.js';

/** Runs webpack; any error or warning fails the build, and so does a path of this machine in what it made. */
export async function bundle() {
  hidePathsInWasm();
  await runWebpack();
  const found = pathsIn(dist);
  if (found.length) throw new Failure(`paths of this machine stand in dist/:\n${found.join('\n')}`);
}

function hidePathsInWasm() {
  const files = readdirSync(pkg, { recursive: true }).filter((name) => name.endsWith('.wasm')).map((name) => join(pkg, name));
  for (const file of files) {
    const made = readFileSync(file);
    const hidden = hidePaths(Buffer.from(made));
    if (!hidden.equals(made)) writeFileSync(file, hidden);
  }
}

function runWebpack() {
  return new Promise((resolve, reject) => {
    const compiler = webpack(config);
    compiler.run((error, stats) => {
      compiler.close(() => {
        if (error) reject(error);
        else if (stats.hasErrors() || stats.hasWarnings()) {
          reject(new Failure(`the bundle failed:\n${stats.toString({ preset: 'errors-warnings', colors: false })}`));
        } else resolve();
      });
    });
  });
}
