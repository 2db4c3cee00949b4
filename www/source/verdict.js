/**
 * Whether a file is the one that it passes for, by the SHA-256 of all its bytes.
 */

const short = (sha256) => `${sha256.slice(0, 12)}…`;

/**
 * @param {string} sha256 of the whole file
 * @param {object} file
 * @param {string} file.name
 * @param {number} file.bytes
 * @param {{source: string, repository: string|null, revision: string|null}} file.provenance
 * @param {string|null} [file.promised] what its manifest says of the whole file
 * @param {{label: string, repository: string, revision: string, bytes: number, bytes_approximate?: boolean, sha256: string|null}[]} published
 * @returns {{checked: 'published'|'manifest'|'differs'|null, problem: string|null}} null: there is nothing to hold it against;
 *   `problem`: a sentence, where it differs
 */
export function judge(sha256, { name, bytes, provenance, promised = null }, published) {
  if (promised !== null && promised !== sha256) {
    return { checked: 'differs', problem: `${name} came whole, but its SHA-256 is ${short(sha256)} where its manifest says ${short(promised)}. Every part of it is the one that the manifest names, so the manifest contradicts itself: ask whoever keeps the server to make it again with headmap convert.` };
  }
  const known = published.filter((entry) => entry.sha256);
  if (known.some((entry) => entry.sha256 === sha256)) return { checked: 'published', problem: null };
  if (promised !== null) return { checked: 'manifest', problem: null };
  const pinned = known.find(({ repository, revision }) => provenance.source === 'hub' && repository === provenance.repository && revision === provenance.revision);
  if (pinned) {
    return { checked: 'differs', problem: `${name} of ${pinned.repository} at ${pinned.revision.slice(0, 8)} is whole, but its SHA-256 is ${short(sha256)} where ${short(pinned.sha256)} is written down for it. Every part is still as it came, so either another file came or what is written down is wrong: compare with the SHA-256 that the hub shows for this file. If it came wrong, delete it under "Weights kept here" and fetch it again. Until then this figure does not pass for ${pinned.label}'s.` };
  }
  const sized = known.find((entry) => !entry.bytes_approximate && entry.bytes === bytes);
  if (sized) {
    return { checked: 'differs', problem: `${name} has the size of the published ${sized.label} to the byte, but its SHA-256 is ${short(sha256)} and not ${short(sized.sha256)}: either it was changed, by training or by damage, or what is written down is wrong (the hub shows the SHA-256 beside the file). The figure is right for this file and does not pass for ${sized.label}'s. If you meant the published one, get ${sized.repository} at ${sized.revision.slice(0, 8)} again.` };
  }
  return { checked: null, problem: null };
}
