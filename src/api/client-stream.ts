import { PassThrough, type Readable } from 'node:stream';

/** Both directions of a connection that a client has taken for the streams of a process. */
export interface ClientStream {
  /** What the client sends, until it closes its side. */
  readonly input: Readable;
  /** Sends bytes; resolves when the client can take more, and at once when it has left. */
  write(data: Uint8Array): Promise<void>;
  /** Says that no more comes. */
  end(): void;
  /** Fires when the client has left, or all was said. */
  readonly closed: AbortSignal;
}

/** What a writable side has that a client is written to by: a socket, or an answer. */
interface Sink {
  write(data: Uint8Array): boolean;
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
  let wake = () => {};
  sink.on('error', () => {}); // a client that went away is no failure of ours
  input.on('error', () => {});
  sink.on('drain', () => wake());
  sink.once('close', () => {
    closed.abort();
    wake();
  });
  if (sink.destroyed) closed.abort();
  // Read ahead a little, so that it is noticed when a client leaves whose input nobody takes yet.
  const ahead = new PassThrough({ highWaterMark: 256 * 1024 });
  input.pipe(ahead);
  if (!mayHalfClose) {
    input.once('end', () => {
      closed.abort();
      sink.end();
      wake();
    });
  }
  return {
    input: ahead,
    closed: closed.signal,
    end: () => void sink.end(),
    async write(data) {
      if (closed.signal.aborted || sink.write(data)) return;
      await new Promise<void>(resolve => {
        const before = wake;
        wake = () => {
          before();
          resolve();
        };
      });
    },
  };
}
