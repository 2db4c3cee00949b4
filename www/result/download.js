/**
 * Handing a file to the reader.
 */

/**
 * @param {Blob} blob
 * @param {string} name file name
 */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Some browsers read the address only after the click has returned.
  setTimeout(() => URL.revokeObjectURL(address), 30_000);
}

/**
 * A file name from texts that may hold anything.
 * @param {string[]} parts
 * @param {string} extension without the dot
 * @returns {string}
 */
export function fileName(parts, extension) {
  const stem = ['headmap', ...parts]
    .map((part) => part.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '').toLowerCase())
    .filter((part) => part !== '')
    .join('_')
    .slice(0, 100);
  return `${stem}.${extension}`;
}
