/** The site tells nobody where it was built: no path of this machine may stand in it. */
import { readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from '../lib/paths.mjs';

/** Folders whose paths compilers write into what they make: this clone, and where cargo unpacks crates. */
export const machinePaths = () => [root, process.env.CARGO_HOME ?? join(homedir(), '.cargo')].map((path) => `${path}/`);

/**
 * Panic messages name source files by their whole path. Overwrites the machine's part of each with as many letters, since
 * the lengths stand elsewhere in the file.
 * @param {Buffer} bytes is changed
 * @returns {Buffer} the same
 */
export function hidePaths(bytes, paths = machinePaths()) {
  for (const path of paths) {
    const length = Buffer.byteLength(path);
    for (let at = bytes.indexOf(path); at >= 0; at = bytes.indexOf(path, at + length)) bytes.fill('./', at, at + length);
  }
  return bytes;
}

/**
 * @param {string} folder
 * @returns {string[]} "file: what stands in it"
 */
export function pathsIn(folder, paths = machinePaths()) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath ?? entry.path, entry.name);
    const bytes = readFileSync(file);
    const isText = /\.(js|map|html|css|json)$/.test(entry.name);
    for (const path of [...paths, ...(isText ? ['file:///'] : [])]) {
      if (bytes.includes(path)) found.push(`${entry.name}: ${path}`);
    }
  }
  return found;
}
