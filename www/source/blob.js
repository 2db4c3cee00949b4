import { coded } from '../errors.js';

/** A local file as a byte source: read by slices, never whole. */
export class BlobSource {
  /** @param {File} file */
  constructor(file) {
    this.name = file.name;
    this.kind = 'file';
    this.size = file.size;
    this.file = file;
  }

  expect() {}

  /** @returns {Promise<Uint8Array>} exactly `length` bytes from `offset` */
  async read(offset, length) {
    let buffer;
    try {
      buffer = await this.file.slice(offset, offset + length).arrayBuffer();
    } catch (e) {
      throw coded('SourceUnreachable', `${this.name} can no longer be read (${e.message}). Choose the file again.`);
    }
    if (buffer.byteLength !== length) {
      throw coded('SourceTruncated', `${this.name} ended at byte ${offset + buffer.byteLength} of ${this.size}. Has it changed? Choose it again.`);
    }
    return new Uint8Array(buffer);
  }
}
