/** Most bytes that are kept of one layer. */
const room = 32 * 1024 * 1024;
/** What is larger is read again quickly enough: it is opening many small files that takes time. */
const largest = 64 * 1024;

/** What files of a layer in the making hold, as far as there is room for it. Paths are bytes as latin1 text. */
export class WrittenFiles {
  readonly #contents = new Map<string, Buffer>();
  #left = room;

  add(path: string, content: Uint8Array): void {
    if (content.length > largest || content.length > this.#left) return;
    this.#left -= content.length;
    this.#contents.set(Buffer.from(path).toString('latin1'), Buffer.from(content));
  }

  get(path: string): Buffer | undefined {
    return this.#contents.get(path);
  }
}
