/** Bytes as they come, taken as they are needed. Taken pieces are views of what came: copy what is to be kept. */
export class ByteInput {
  #held: Buffer = Buffer.alloc(0);
  #at = 0;
  #ended = false;

  /** Bytes that can be taken now. */
  get length(): number {
    return this.#held.length - this.#at;
  }

  get ended(): boolean {
    return this.#ended;
  }

  add(bytes: Uint8Array): void {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#held = this.length === 0 ? piece : Buffer.concat([this.#held.subarray(this.#at), piece]);
    this.#at = 0;
  }

  /** Copies what is left of what came, which its owner may then use for something else. */
  own(): void {
    this.#held = this.length === 0 ? Buffer.alloc(0) : Buffer.from(this.#held.subarray(this.#at));
    this.#at = 0;
  }

  /** No more bytes will come. */
  end(): void {
    this.#ended = true;
  }

  /** The next bytes, which must be here, without taking them. */
  peek(length: number): Buffer {
    return this.#held.subarray(this.#at, this.#at + length);
  }

  /** At most so many of the next bytes, of those that are here. */
  some(most: number): Buffer {
    const start = this.#at;
    this.#at = Math.min(start + most, this.#held.length);
    return this.#held.subarray(start, this.#at);
  }
}
