import { coded } from '../errors.js';

const PIECE = 4 << 20;

/** @param {(offset: number, length: number) => Promise<Uint8Array>} read */
export async function* inPieces(size, read) {
  for (let at = 0; at < size; at += PIECE) yield await read(at, Math.min(PIECE, size - at));
}

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

  /** The whole file, piece by piece. */
  whole() {
    return { pieces: inPieces(this.size, (offset, length) => this.read(offset, length)) };
  }

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
