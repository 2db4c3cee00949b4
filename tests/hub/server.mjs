/**
 * A small server that behaves like the model hub, for tests: the pinned `resolve` address answers
 * with a redirect to another origin (the "CDN") whose address is signed and runs out; that one
 * serves byte ranges with CORS headers and an ETag. The same folders also stand, without redirects,
 * under `/mirror/`. Every way to fail is a switch (faults.mjs). Loopback only, and it stops by itself.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, sep } from 'node:path';
import { parseRange } from '../../scripts/lib/static-server.mjs';
import { Faults, takePrefix } from './faults.mjs';
import { Line, sendBody } from './send.mjs';

const SIGNED_FOR_MS = 60_000;
const EXPOSED =
  'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,ETag,Link,Accept-Ranges,Content-Range,Content-Length,X-Linked-Size,X-Linked-ETag,Retry-After';
const HTML = '<!doctype html><title>Sign in</title><p>This network asks you to sign in first.</p>\n';

class Hub {
  line = new Line();
  faults = new Faults();
  #key = randomBytes(32);
  #served = new Map();
  #versions = 0;
  #requests = 0;

  constructor({ repositories, maxRequests }) {
    this.repositories = repositories;
    this.maxRequests = maxRequests;
  }

  /** What was served of a file (`owner/name/file`) since the start or the last `resetCounts`. */
  served(path) {
    return this.#served.get(path) ?? { requests: 0, bytes: 0, ranges: [] };
  }

  /** Bytes of all bodies together. */
  get bytesServed() {
    return [...this.#served.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  resetCounts() {
    this.#served.clear();
  }

  /** The base address of a repository at a revision, as the real hub's. */
  resolveBase(repository, revision) {
    return `${this.url}${repository}/resolve/${revision}/`;
  }

  /** The base address of the same folder as a plain mirror, with a fault where one is named. */
  mirrorBase(repository, fault = '') {
    return `${this.url}${fault ? `fault/${fault}/` : ''}mirror/${repository}/`;
  }

  #sign(path, expires) {
    return createHmac('sha256', this.#key).update(`${path} ${expires}`).digest();
  }

  /** Folder and file that `owner/name` and `file` mean, or null. */
  async #find(repository, file) {
    const entry = this.repositories[repository];
    if (!entry) return null;
    const folder = await realpath(entry.path ?? entry);
    const found = await realpath(join(folder, file)).catch(() => null);
    if (!found?.startsWith(folder + sep)) return null;
    const info = await stat(found);
    return info.isFile() ? { file: found, size: info.size, etag: this.#etag(found, info) } : null;
  }

  #etag(file, info) {
    return `"${createHash('md5').update(`${file} ${info.size} ${info.mtimeMs}`).digest('hex')}"`;
  }

  /** One request to the hub's origin (`cdn` false) or the CDN's. */
  async answer(request, response, cdn) {
    this.#requests += 1;
    if (this.#requests > this.maxRequests) return response.destroy();
    const url = new URL(request.url, 'http://localhost');
    const { path, prefix, faults: own } = takePrefix(decodeURIComponent(url.pathname));
    const parts = cdn
      ? /^\/(cdn)\/([^/]+\/[^/]+)\/([^/]+)\/(.+)$/.exec(path)
      : (/^\/()([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? /^\/(mirror)\/([^/]+\/[^/]+)\/()(.+)$/.exec(path));
    if (!parts) return response.writeHead(404, { 'Access-Control-Allow-Origin': '*' }).end('no such address\n');
    const [, kind, repository, revision, file] = parts;

    // A redirect is not a request for bytes: only what ends in a body meets the faults.
    const resolves = kind === '';
    const faults = resolves ? new Map() : (own ?? this.faults).meet(path);
    if (faults.has('offline')) return request.socket.destroy();
    if (!faults.has('no-cors')) {
      response.setHeader('Access-Control-Allow-Origin', cdn ? '*' : (request.headers.origin ?? '*'));
      response.setHeader('Access-Control-Expose-Headers', EXPOSED);
      response.setHeader('Vary', 'Origin');
    }
    if (request.method === 'OPTIONS') {
      response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD');
      response.setHeader('Access-Control-Allow-Headers', 'Range, If-Range, If-Match');
      return response.writeHead(204).end();
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return response.writeHead(405).end();

    const found = await this.#find(repository, file);
    const pinned = this.repositories[repository]?.revision;
    if (!found || (resolves && pinned && revision !== pinned)) {
      const code = found ? 'RevisionNotFound' : this.repositories[repository] ? 'EntryNotFound' : 'RepoNotFound';
      return response.writeHead(404, { 'X-Error-Code': code }).end(`${code}\n`);
    }
    if (resolves) return this.#redirect(response, { prefix, repository, revision, file, found });
    if (cdn && !this.#signatureHolds(url, path, faults)) {
      return response.writeHead(403, { 'Content-Type': 'application/xml' }).end('<Error><Code>AccessDenied</Code></Error>\n');
    }
    return this.#send(request, response, { name: `${repository}/${file}`, found, faults });
  }

  #redirect(response, { prefix, repository, revision, file, found }) {
    const path = `/cdn/${repository}/${revision}/${file}`;
    const expires = Date.now() + SIGNED_FOR_MS;
    const signature = this.#sign(path, expires).toString('hex');
    response.writeHead(302, {
      Location: `${this.cdnUrl.slice(0, -1)}${prefix}${path}?expires=${expires}&signature=${signature}`,
      'X-Repo-Commit': revision,
      'X-Linked-Size': found.size,
      'X-Linked-ETag': found.etag,
      'Accept-Ranges': 'bytes',
    });
    response.end();
  }

  #signatureHolds(url, path, faults) {
    const expires = Number(url.searchParams.get('expires'));
    const given = Buffer.from(url.searchParams.get('signature') ?? '', 'hex');
    const right = this.#sign(path, expires);
    const fresh = expires > Date.now() && !faults.has('expired');
    return fresh && given.length === right.length && timingSafeEqual(given, right);
  }

  async #send(request, response, { name, found, faults }) {
    const served = this.#served.get(name) ?? { requests: 0, bytes: 0, ranges: [] };
    this.#served.set(name, served);
    served.requests += 1;
    if (faults.has('status')) return response.writeHead(faults.get('status')).end('the test hub was told to fail\n');
    if (faults.has('busy')) return response.writeHead(503, { 'Retry-After': faults.get('busy') ?? 1 }).end('busy\n');
    if (faults.has('html')) return response.writeHead(200, { 'Content-Type': 'text/html' }).end(HTML);

    const range = faults.has('ignore-range') ? null : parseRange(request.headers.range, found.size);
    if (range === 'invalid') return response.writeHead(416, { 'Content-Range': `bytes */${found.size}` }).end();
    const { start, end } = range ?? { start: 0, end: found.size - 1 };
    served.ranges.push([start, end]);
    if (faults.has('etag')) this.#versions += 1;
    response.setHeader('ETag', faults.has('etag') ? `"version-${this.#versions}"` : found.etag);
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Content-Length', end - start + 1);
    if (range) {
      const shift = faults.has('wrong-range') ? 1 : 0;
      const total = found.size + (faults.has('wrong-total') ? 8 : 0);
      response.setHeader('Content-Range', `bytes ${start + shift}-${end + shift}/${total}`);
    }
    response.writeHead(range ? 206 : 200);
    if (request.method === 'HEAD' || found.size === 0) return response.end();
    const count = (bytes) => {
      served.bytes += bytes;
    };
    return sendBody(response, found.file, { start, end }, { line: this.line, count, faults });
  }
}

/**
 * @param {object} options
 * @param {Record<string, string | {path: string, revision?: string}>} options.repositories folders by `owner/name`
 * @param {number} [options.lifetimeMs] the server ends itself after this (10 minutes)
 * @param {number} [options.maxRequests] later requests are cut off (20,000)
 * @returns {Promise<Hub & {url: string, cdnUrl: string, close: () => Promise<void>}>}
 */
export async function startHub({ repositories, lifetimeMs = 600_000, maxRequests = 20_000 }) {
  const hub = new Hub({ repositories, maxRequests });
  const servers = [false, true].map((cdn) =>
    createServer((request, response) => {
      // A body that cannot go on is cut; the client sees what a broken line looks like.
      hub.answer(request, response, cdn).catch(() => response.destroy());
    }),
  );
  for (const server of servers) {
    await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
  }
  [hub.url, hub.cdnUrl] = servers.map((server) => `http://127.0.0.1:${server.address().port}/`);
  hub.close = async () => {
    clearTimeout(timer);
    await Promise.all(
      servers.map((server) => {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        return closed;
      }),
    );
  };
  const timer = setTimeout(() => hub.close(), lifetimeMs);
  timer.unref();
  return hub;
}
