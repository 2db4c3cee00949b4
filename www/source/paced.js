/**
 * A byte source that gives nothing more while whoever got the last bytes still holds too many of them: reading may be much faster
 * than what the bytes are for.
 */
export class Paced {
  #source;
  #room;

  /**
   * @param {object} source see docs/weights.md
   * @param {() => Promise<void>} room resolves when more may be read
   */
  constructor(source, room) {
    this.#source = source;
    this.#room = room;
    this.name = source.name;
    this.size = source.size;
  }

  expect(ranges) {
    this.#source.expect(ranges);
  }

  /** @returns {Promise<Uint8Array>} exactly `length` bytes from `offset` */
  async read(offset, length) {
    await this.#room();
    return this.#source.read(offset, length);
  }
}
