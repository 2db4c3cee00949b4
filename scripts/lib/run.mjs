/** Starting other programs, and saying so. Node built-ins only: the set-up runs before `npm ci`. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A failure whose message is meant for the reader of the terminal; no stack is printed. */
export class Failure extends Error {}

/** Prints one line about a step: what is done and why. */
export const say = (text) => console.log(`headmap: ${text}`);

/** Full path of a program on PATH, or null. */
export function which(name) {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    if (!dir) continue;
    const file = join(dir, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** Standard output of a program (trimmed), or null when it is missing or fails. */
export function output(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000, ...options });
  return done.status === 0 ? done.stdout.trim() : null;
}

/**
 * Runs a program with its output on this terminal.
 * @returns {Promise<void>} rejects with a `Failure` that names the command.
 */
export function run(command, args, { env = {}, unset = [], ...options } = {}) {
  const all = { ...process.env, ...env };
  for (const name of unset) delete all[name];
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env: all, ...options });
    const shown = [command, ...args].join(' ');
    child.on('error', (error) => reject(new Failure(`${shown}: ${error.message}`)));
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Failure(`${shown}: ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** Runs another script of this folder in a Node of its own: it may import what `npm ci` just brought. */
export const runScript = (script, args = [], options = {}) =>
  run(process.execPath, [script, ...args], options);

/** Ends the process with the sentence of a `Failure`, or with the whole error when it is a bug. */
export function main(action) {
  Promise.resolve()
    .then(action)
    .catch((error) => {
      console.error(error instanceof Failure ? `headmap: ${error.message}` : error);
      process.exitCode = 1;
    });
}

/** Seconds since `start` (from `performance.now()`), for the terminal. */
export const seconds = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;
