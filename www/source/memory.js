import { coded } from '../errors.js';
import { inPieces } from './blob.js';

/** Bytes in memory as a byte source. */
export class MemorySource {
  /** @param {string} name for messages @param {ArrayBuffer} buffer */
  constructor(name, buffer) {
    this.name = name;
    this.kind = 'bytes';
    this.size = buffer.byteLength;
    this.buffer = buffer;
  }

  expect() {}

  /** The whole file, piece by piece, as copies. */
  whole() {
    return { pieces: inPieces(this.size, async (offset, length) => new Uint8Array(this.buffer.slice(offset, offset + length))) };
  }

  /** @returns {Promise<Uint8Array>} exactly `length` bytes from `offset` */
  async read(offset, length) {
    if (offset + length > this.size) {
      throw coded('SourceTruncated', `${this.name} has ${this.size} bytes but ${offset + length} are needed: it is cut off.`);
    }
    return new Uint8Array(this.buffer, offset, length);
  }
}
