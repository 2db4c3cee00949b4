/** Fails when a wasm file, compressed as static hosts do it (brotli 11), is over its budget. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { pkg } from './lib/paths.mjs';
import { Failure, main } from './lib/run.mjs';

/** MB of 10^6 bytes. */
const BUDGET_MB = { cpu: 1.5, relaxed: 1.5, run: 2, webgpu: 3 };

/** In threads of Node's own: each takes up to a minute of one core. */
const compress = promisify(brotliCompress);

main(async () => {
  const over = [];
  await Promise.all(Object.entries(BUDGET_MB).map(async ([flavour, budget]) => {
    const wasm = readFileSync(join(pkg, flavour, 'headmap_bg.wasm'));
    const packed = await compress(wasm, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length,
      },
    });
    const line = `${flavour}: ${(wasm.length / 1e6).toFixed(2)} MB, ${(packed.length / 1e6).toFixed(2)} MB with brotli (at most ${budget})`;
    console.log(line);
    if (packed.length > budget * 1e6) over.push(line);
  }));
  if (over.length) throw new Failure(`over budget: ${over.join('; ')}`);
});
