/**
 * A module worker whose script may lie on another origin than the page, as when a page of one site uses the library of
 * another. Browsers start no worker from there, but a worker of the page's own may import it (the other site has to
 * send CORS headers, as for the library itself). Addresses inside it are relative to where the script lies.
 *
 * webpack.config.js names this class, so that `new AnyWorker(new URL(…, import.meta.url))` is bundled as a worker.
 */
export class AnyWorker {
  /**
   * @param {URL} url of the script
   * @param {WorkerOptions} options
   * @returns {Worker} a plain one
   */
  constructor(url, options) {
    if (url.origin === globalThis.origin) return new Worker(url, options);
    const stub = URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: 'text/javascript' }));
    const worker = new Worker(stub, options);
    // Once it runs, or never will, the stub is of no more use.
    for (const event of ['message', 'error']) worker.addEventListener(event, () => URL.revokeObjectURL(stub), { once: true });
    return worker;
  }
}
