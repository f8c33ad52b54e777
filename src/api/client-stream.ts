import { PassThrough, type Readable } from 'node:stream';

/** Both directions of a connection that a client has taken for the streams of a process. */
export interface ClientStream {
  /** What the client sends, until it closes its side. */
  readonly input: Readable;
  /**
   * Sends bytes, several pieces in one call; resolves when the kernel has all of them, and their memory may be used again,
   * or when the client has left. Who waits for that is never ahead of a slow client by more than that.
   */
  write(...pieces: readonly Uint8Array[]): Promise<void>;
  /** Says that no more comes. */
  end(): void;
  /** Fires when the client has left, or all was said. */
  readonly closed: AbortSignal;
}

/** What a writable side has that a client is written to by: a socket, or an answer. */
interface Sink {
  write(data: Uint8Array, written?: () => void): boolean;
  cork(): void;
  uncork(): void;
  end(): unknown;
  readonly destroyed: boolean;
  on(event: string, listener: () => void): unknown;
  once(event: string, listener: () => void): unknown;
}

/**
 * The streams of a client that sends by `input` and is sent to by `sink`. Unless it `mayHalfClose` the end of its input
 * says that it has left: on a socket nothing else does, as long as it is not written to.
 */
export function clientStream(
  input: Readable,
  sink: Sink,
  { mayHalfClose = true }: { mayHalfClose?: boolean } = {},
): ClientStream {
  const closed = new AbortController();
  /** What waits for bytes to be written: of one that has left not every sink says that they never will be. */
  const writing = new Set<() => void>();
  const leave = () => {
    for (const giveUp of writing) giveUp();
  };
  sink.on('error', () => {}); // a client that went away is no failure of ours
  input.on('error', () => {});
  sink.once('close', () => {
    closed.abort();
    leave();
  });
  if (sink.destroyed) closed.abort();
  // Read ahead a little, so that it is noticed when a client leaves whose input nobody takes yet.
  const ahead = new PassThrough({ highWaterMark: 256 * 1024 });
  input.pipe(ahead);
  if (!mayHalfClose) {
    input.once('end', () => {
      closed.abort();
      sink.end();
      leave();
    });
  }
  return {
    input: ahead,
    closed: closed.signal,
    end: () => void sink.end(),
    async write(...pieces) {
      if (closed.signal.aborted) return;
      const last = pieces.length - 1;
      await new Promise<void>(resolve => {
        const done = () => {
          writing.delete(done);
          resolve();
        };
        writing.add(done);
        sink.cork();
        for (const [index, piece] of pieces.entries()) sink.write(piece, index === last ? done : undefined);
        sink.uncork();
      });
    },
  };
}
