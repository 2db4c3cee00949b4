/**
 * A plain static file server: right types, Range requests, nothing else. It sends no isolation or
 * cache headers on purpose, since the site has to work from hosts that cannot set any.
 */
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, sep } from 'node:path';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * A Range header against a size.
 * @returns {{start: number, end: number} | 'invalid' | null} null when the whole file is meant
 */
export function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start > end || start >= size ? 'invalid' : { start, end };
}

async function find(root, path) {
  const wanted = join(root, path.endsWith('/') ? `${path}index.html` : path);
  const file = await realpath(wanted);
  if (file !== root && !file.startsWith(root + sep)) return null;
  const info = await stat(file);
  return info.isFile() ? { file, size: info.size } : null;
}

async function answer(request, response, { root, base, own }) {
  const fail = (status) => response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${status}\n`);
  if (request.method !== 'GET' && request.method !== 'HEAD') return fail(405);
  let path;
  try {
    path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
  } catch {
    return fail(400);
  }
  if (!path.startsWith(base) || path.includes('\0')) return fail(404);
  const found = await find(root, path.slice(base.length - 1)).catch(() => null);
  if (!found) return fail(404);

  const headers = {
    ...own,
    'Content-Type': TYPES[extname(found.file)] ?? 'application/octet-stream',
    'Accept-Ranges': 'bytes',
  };
  const range = parseRange(request.headers.range, found.size);
  if (range === 'invalid') {
    return response.writeHead(416, { 'Content-Range': `bytes */${found.size}` }).end();
  }
  const { start, end } = range ?? { start: 0, end: found.size - 1 };
  headers['Content-Length'] = end - start + 1;
  if (range) headers['Content-Range'] = `bytes ${start}-${end}/${found.size}`;
  response.writeHead(range ? 206 : 200, headers);
  if (request.method === 'HEAD' || found.size === 0) return response.end();
  const stream = createReadStream(found.file, { start, end });
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  return stream.pipe(response);
}

/**
 * @param {{root: string, host?: string, port?: number, base?: string, headers?: Record<string, string>}} options
 *   `base`: the path that the site stands under, with both slashes ('/' by default); `headers`: sent with every file
 * @returns {Promise<{url: string, port: number, close: () => Promise<void>}>}
 */
export async function startStaticServer({ root, host = '127.0.0.1', port = 0, base = '/', headers = {} }) {
  const folder = await realpath(root);
  const server = createServer((request, response) => {
    answer(request, response, { root: folder, base, own: headers }).catch(() => response.destroy());
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const actual = server.address().port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}${base}`,
    port: actual,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
