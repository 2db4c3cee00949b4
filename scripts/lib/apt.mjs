/** Debian's packages, for machines that have them: only as root, or with a sudo that does not ask. */
import { Failure, output, run, say, which } from './run.mjs';

let updated = false;

/** The words before `apt-get` that make it run as root, or null when that cannot be. */
function asRoot() {
  if (!which('apt-get')) return null;
  if (process.getuid?.() === 0) return [];
  return output('sudo', ['-n', 'true']) === null ? null : ['sudo', '-n'];
}

/**
 * Installs packages, or throws a `Failure` that says what is missing and the command to type.
 * @param {string[]} packages
 * @param {string} why what they are for, as the end of a sentence
 * @param {string} [otherwise] what to do on a system without apt-get
 */
export async function aptInstall(packages, why, otherwise = `install the like of: ${packages.join(' ')}`) {
  const prefix = asRoot();
  const byHand = `sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`;
  if (!prefix) {
    const how = which('apt-get') ? `run: ${byHand}` : otherwise;
    throw new Failure(`missing ${why}, and this user cannot install it; ${how}`);
  }
  say(`installing Debian's ${packages.join(', ')}: ${why}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (args) => {
    const [command, ...rest] = [...prefix, 'apt-get', '-q', ...args];
    return run(command, rest, { env });
  };
  try {
    if (!updated) await apt(['update']);
    updated = true;
    await apt(['install', '-y', '--no-install-recommends', ...packages]);
  } catch (error) {
    throw new Failure(`could not install ${why} (${error.message}); by hand: ${byHand}, or ${otherwise}`);
  }
}
