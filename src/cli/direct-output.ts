import { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import type { Output } from './cli.ts';

/**
 * What a command writes to a file, a pipe or a socket: straight to the descriptor, waiting where the reader is slow.
 * `process.stdout` does the same with Node's streams and network, which take a short command longer to load than all
 * of its own. A reader that went away is an 'error' event, as there; any other failure is thrown.
 */
export class DirectOutput extends EventEmitter implements Output {
  readonly #fd: number;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  write(data: string | Uint8Array): true {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    for (let sent = 0; sent < bytes.length; ) sent += this.#writeSome(bytes, sent);
    return true;
  }

  #writeSome(bytes: Uint8Array, from: number): number {
    try {
      return writeSync(this.#fd, bytes, from);
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return takeBreath();
      if (errnoOf(error) !== 'EPIPE') throw error;
      this.emit('error', error);
      return bytes.length - from; // into the void
    }
  }
}

/** Lets a reader that takes nothing at present go on; with a descriptor that never blocks there is nothing to wait on. */
function takeBreath(): 0 {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  return 0;
}
