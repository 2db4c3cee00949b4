/**
 * SHA-256 of what comes piece by piece, which the browser's own cannot do: `{ piece }` is taken in and answered with
 * `{}`, `{ end: true }` with `{ sha256 }` (64 hexadecimal digits).
 */
import { createSHA256 } from 'hash-wasm';
import { errorData } from './errors.js';

const hash = createSHA256();
let last = Promise.resolve();
onmessage = ({ data: { piece, end } }) => {
  last = last.then(async () => {
    try {
      if (piece) (await hash).update(piece);
      postMessage(end ? { sha256: (await hash).digest('hex') } : {});
    } catch (e) {
      postMessage({ error: errorData(e) });
    }
  });
};
