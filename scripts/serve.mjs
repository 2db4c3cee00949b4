/**
 * Serves dist/ as a plain static host does (no special headers but the recommended policy, csp.mjs) and prints the address.
 *
 *   node scripts/serve.mjs [--port 8080] [--host 127.0.0.1]
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CSP } from './lib/csp.mjs';
import { dist } from './lib/paths.mjs';
import { Failure, main } from './lib/run.mjs';
import { startStaticServer } from './lib/static-server.mjs';

const PORTS_TRIED = 20;

async function listen(host, first) {
  for (let port = first; port < first + PORTS_TRIED; port += 1) {
    try {
      return await startStaticServer({ root: dist, host, port, headers: { 'Content-Security-Policy': CSP } });
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error;
    }
  }
  throw new Failure(`ports ${first} to ${first + PORTS_TRIED - 1} are all taken; choose one: npm run serve -- --port N`);
}

main(async () => {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '8080' }, host: { type: 'string', default: '127.0.0.1' } },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Failure(`${values.port} is no port`);
  if (!existsSync(join(dist, 'index.html'))) throw new Failure('dist/ is empty; run: npm run build');
  const server = await listen(values.host, port);
  console.log(`\n  Headmap is at ${server.url}\n  (Ctrl+C stops it)\n`);
});
