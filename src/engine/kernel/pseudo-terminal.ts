import { closeSync, constants, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { preloadNative } from './native.ts';

/** A pair of terminals, pty(7). Disposing of it closes both ends. */
export interface PseudoTerminal extends AsyncDisposable {
  /** Our end: what the other writes comes out of it, what is written to it the other reads. */
  readonly own: ReadStream;
  /** Descriptor of the end for a process; the process may close it, we close our copy when this is disposed of. */
  readonly other: number;
  resize(size: { columns: number; rows: number }): void;
  /** The same of the terminal that a process has as its input: a runtime makes another pair inside the container. */
  resizeThatOf(pid: number, size: { columns: number; rows: number }): void;
  /** Closes our copy of the other end, and resolves when all that was written to it has been read. */
  drained(): Promise<void>;
}

/** Makes a pair of terminals; nothing echoes until the process says so. */
export async function openPseudoTerminal(size = { columns: 80, rows: 24 }): Promise<PseudoTerminal> {
  const native = await preloadNative();
  const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  let other: number | undefined;
  try {
    other = openSync(native.unlockTerminal(master), constants.O_RDWR | constants.O_NOCTTY);
    native.resizeTerminal(master, size);
  } catch (error) {
    closeSync(master);
    if (other !== undefined) closeSync(other);
    throw error;
  }
  const own = new ReadStream(master);
  const ended = new Promise<void>(resolve => {
    // When the last process has closed the other end, reading fails with EIO: that is the end.
    own.on('error', () => own.destroy()).on('close', resolve);
  });
  let copy: number | undefined = other;
  const release = () => {
    if (copy !== undefined) closeSync(copy);
    copy = undefined;
  };
  return {
    own,
    other,
    resize: to => {
      if (!own.destroyed) native.resizeTerminal(master, to);
    },
    resizeThatOf(pid, to) {
      let input: number | undefined;
      try {
        input = openSync(`/proc/${pid}/fd/0`, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
        native.resizeTerminal(input, to);
      } catch {
        // It has ended, or put something else there: there is no terminal whose size could change.
      } finally {
        if (input !== undefined) closeSync(input);
      }
    },
    async drained() {
      release();
      own.resume();
      await ended;
    },
    async [Symbol.asyncDispose]() {
      release();
      own.destroy();
      await ended;
    },
  };
}
