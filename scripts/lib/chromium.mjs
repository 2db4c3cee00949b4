import { existsSync } from 'node:fs';
import { which } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of the browser that tests and benchmarks run in (`HEADMAP_CHROMIUM` goes first), or null. */
export function chromiumPath() {
  const asked = process.env.HEADMAP_CHROMIUM;
  if (asked) return existsSync(asked) ? asked : null;
  return NAMES.map(which).find(Boolean) ?? null;
}
