import type { Duplex } from 'node:stream';
import type { Attachment } from '../engine/index.ts';
import { type OutputPiece, readFrames } from './frames.ts';

/** A connection that the engine has given over for the streams of a process. */
export function attachmentOf(
  stream: Duplex,
  tty: boolean,
  resize: (size: { readonly columns: number; readonly rows: number }) => void,
): Attachment {
  return {
    output: outputOf(stream, tty),
    write: data =>
      new Promise(resolve => {
        if (stream.writable) stream.write(data, () => resolve());
        else resolve();
      }),
    endInput: () => void stream.end(),
    resize,
    async [Symbol.asyncDispose]() {
      stream.destroy();
    },
  };
}

/** A connection that breaks off is the end of the output. */
async function* outputOf(stream: Duplex, tty: boolean): AsyncGenerator<OutputPiece> {
  try {
    yield* readFrames(stream as AsyncIterable<Buffer>, tty);
  } catch {
    // whoever waits for the exit is told why
  }
}
