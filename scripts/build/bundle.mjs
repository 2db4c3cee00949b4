import webpack from 'webpack';
import { Failure } from '../lib/run.mjs';
import config from '../../webpack.config.js';

/** Runs webpack; any error or warning fails the build. */
export function bundle() {
  return new Promise((resolve, reject) => {
    const compiler = webpack(config);
    compiler.run((error, stats) => {
      compiler.close(() => {
        if (error) reject(error);
        else if (stats.hasErrors() || stats.hasWarnings()) {
          reject(new Failure(`the bundle failed:\n${stats.toString({ preset: 'errors-warnings', colors: false })}`));
        } else resolve();
      });
    });
  });
}
