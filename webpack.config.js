/**
 * The static site. Every address in it is relative to the script that uses it (`publicPath: 'auto'`),
 * so that it works from any host and sub-path without special headers.
 */
import { fileURLToPath } from 'node:url';
import CopyPlugin from 'copy-webpack-plugin';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  mode: 'production',
  context: at('.'),
  // The page, and the library for other people's pages; both find the worker and the wasm beside them.
  entry: {
    main: './www/main.js',
    demo: './www/demo/main.js',
    bench: { import: './www/bench/main.js', library: { type: 'module' } },
    headmap: { import: './www/headmap.js', library: { type: 'module' } },
  },
  experiments: { outputModule: true },
  output: {
    path: at('dist'),
    clean: true,
    module: true,
    chunkFormat: 'module',
    chunkLoading: 'import',
    workerChunkLoading: 'import',
    publicPath: 'auto',
    filename: '[name].js',
    // Beside the entries: an address in a module that both an entry and a chunk hold is relative to one
    // depth only.
    chunkFilename: 'part-[contenthash:12].js',
    assetModuleFilename: 'assets/[contenthash:12][ext]',
  },
  module: {
    parser: {
      javascript: { worker: ['AnyWorker from ./any-worker.js', '...'] },
    },
  },
  target: ['web', 'es2022'],
  devtool: 'source-map',
  // The wasm is megabytes by nature; scripts/check-size.mjs holds its budget.
  performance: { hints: false },
  plugins: [
    new CopyPlugin({
      patterns: [
        { from: 'www/index.html' },
        { from: 'www/bench.html' },
        { from: 'www/demo.html' },
        { from: 'www/style.css' },
        { from: 'www/run.css' },
        { from: 'www/data', to: 'data' },
        { from: 'pkg/models/planted', to: 'models/planted' },
        { from: 'models/demo', to: 'models/demo' },
        { from: 'LICENSE', to: 'LICENSE.txt', toType: 'file' },
      ],
    }),
  ],
};
