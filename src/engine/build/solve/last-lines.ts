const MOST_LINES = 20;
const MOST_BYTES = 16 * 1024;

/** Keeps the end of a command's output, for the error if it fails. */
export class LastLines {
  #bytes = Buffer.alloc(0);

  add(chunk: Buffer): void {
    const all = Buffer.concat([this.#bytes, chunk]);
    this.#bytes = all.subarray(Math.max(0, all.length - MOST_BYTES));
  }

  text(): string {
    const lines = this.#bytes.toString('utf8').trimEnd().split('\n');
    return lines.slice(-MOST_LINES).join('\n');
  }
}
