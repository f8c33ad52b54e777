import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Most files kept open; further ones are opened for each read. */
const defaultCap = 4096;

/**
 * Reads kernel files again and again through descriptors that stay open: a read at offset 0 makes the kernel write
 * the file anew, at a fifth of the cost of opening it.
 */
export class KeptFiles {
  readonly #cap: number;
  readonly #open = new Map<string, number>();
  /** Files that were not there, so that a sampler does not ask for them each time; cleared with their owner. */
  readonly #absent = new Set<string>();
  #buffer = Buffer.allocUnsafe(16 * 1024);

  constructor(cap: number = defaultCap) {
    this.#cap = cap;
  }

  /** The content of a file (latin1), or undefined if it is not there (any more). Never throws. */
  read(path: string): string | undefined {
    if (this.#absent.has(path)) return undefined;
    const file = this.#descriptor(path);
    if (file === undefined) return this.#absent.has(path) ? undefined : readOnce(path);
    try {
      return this.#readWhole(file);
    } catch {
      this.#drop(path); // ENODEV: its cgroup was removed
      return undefined;
    }
  }

  /** The same of a file that must not stay open: read to its end, for such a file may have many records. */
  readAnew(path: string): string | undefined {
    let file: number | undefined;
    try {
      file = openSync(path, 'r');
      let length = 0;
      for (let count = -1; count !== 0; length += count) {
        if (length === this.#buffer.length) this.#enlarge();
        count = readSync(file, this.#buffer, length, this.#buffer.length - length, null);
      }
      return this.#buffer.toString('latin1', 0, length);
    } catch {
      return undefined;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** Closes every file at or below a folder, and forgets which were absent. */
  forget(folder: string): void {
    const below = (path: string) => path === folder || path.startsWith(`${folder}/`);
    for (const path of this.#open.keys()) if (below(path)) this.#drop(path);
    for (const path of this.#absent) if (below(path)) this.#absent.delete(path);
  }

  /** Closes every file. */
  close(): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
    this.#absent.clear();
  }

  /** How many files are open. */
  get size(): number {
    return this.#open.size;
  }

  #descriptor(path: string): number | undefined {
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    if (this.#open.size >= this.#cap) return undefined;
    try {
      const file = openSync(path, 'r');
      this.#open.set(path, file);
      return file;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'EMFILE' && code !== 'ENFILE') this.#absent.add(path);
      return undefined;
    }
  }

  #readWhole(file: number): string {
    let length = 0;
    for (;;) {
      const count = readSync(file, this.#buffer, length, this.#buffer.length - length, length);
      length += count;
      if (count === 0 || length < this.#buffer.length) return this.#buffer.toString('latin1', 0, length);
      this.#enlarge();
    }
  }

  #enlarge(): void {
    this.#buffer = Buffer.concat([this.#buffer, Buffer.allocUnsafe(this.#buffer.length)]);
  }

  #drop(path: string): void {
    const file = this.#open.get(path);
    this.#open.delete(path);
    if (file !== undefined) closeSync(file);
  }
}

/** The content of a file (latin1), or undefined if it cannot be read. Keeps nothing open. */
export function readOnce(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
