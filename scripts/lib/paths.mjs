/** Where things are: the clone, and the folder outside it that keeps what is slow to make. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** `HEADMAP_CACHE`, or `headmap` in the user's cache folder. Deleting it only costs time. */
export const cache =
  process.env.HEADMAP_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'headmap');

export const tools = join(cache, 'tools');
export const nativeTarget = join(cache, 'target');
/** Of the small program that makes weights: it must not wait for a build of the tests, nor for burn. */
export const weightsTarget = join(cache, 'target-weights');

/** Of all wasm flavours: they share what they depend on. */
export const wasmTarget = join(cache, 'target-wasm');

/** Where a flavour's core is kept: in the shared folder each is written to a file of the same name. */
export const wasmKept = (name) => join(wasmTarget, `headmap-${name}.wasm`);

export const pkg = join(root, 'pkg');
export const dist = join(root, 'dist');
