/**
 * The Content-Security-Policy that a host should send with every file of the site, workers included. README.md shows it
 * as it stands here, and every browser test runs under it.
 */
const POLICY = {
  'default-src': "'none'",
  // wasm needs its own word; no text ever becomes a program.
  'script-src': "'self' 'wasm-unsafe-eval'",
  'worker-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' blob: data:",
  // Weights come from the hub, from any mirror, and in a class from the teacher's own computer.
  'connect-src': "'self' https: http:",
  'base-uri': "'none'",
  'form-action': "'none'",
};

export const CSP = Object.entries(POLICY).map((entry) => entry.join(' ')).join('; ');
