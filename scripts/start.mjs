/** `npm start`: bring what is missing, build, serve. The steps are programs of their own, since a
 * later one imports what an earlier one installs. */
import { fileURLToPath } from 'node:url';
import { main, runScript } from './lib/run.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

main(async () => {
  await runScript(here('setup.mjs'));
  await runScript(here('build.mjs'));
  await runScript(here('serve.mjs'), process.argv.slice(2));
});
