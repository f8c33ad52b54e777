import type { Readable } from 'node:stream';

/** Ends a stream that may not have been read to its end, and waits until it has let go of what it held. */
export async function closeStream(stream: Readable): Promise<void> {
  stream.destroy();
  if (!stream.closed) await new Promise<void>(resolve => stream.once('close', resolve));
}
