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

/** A target folder for each set of compiler flags: flavours with the same flags share what they depend on. */
export const wasmTarget = {
  webgpu: join(cache, 'target-wasm'),
  cpu: join(cache, 'target-wasm'),
  relaxed: join(cache, 'target-wasm-run'),
  run: join(cache, 'target-wasm-run'),
};

/** Where a flavour's core is kept: flavours that share a folder write a file of the same name there. */
export const wasmKept = (name) => join(wasmTarget[name], `headmap-${name}.wasm`);

export const pkg = join(root, 'pkg');
export const dist = join(root, 'dist');
