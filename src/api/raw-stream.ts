import type { ClientStream } from './client-stream.ts';

/** Docker's content types of output: as it is (a terminal), or in frames that name the stream. */
export function streamType(tty: boolean, minor: number): string {
  if (tty || minor < 42) return 'application/vnd.docker.raw-stream';
  return 'application/vnd.docker.multiplexed-stream';
}

/** A piece of output as docker frames it; whole with a terminal. */
export function frame(stream: 'stdout' | 'stderr', data: Buffer, tty: boolean): Buffer {
  return tty ? data : Buffer.concat([frameHead(stream, data.length), data]);
}

/** What comes before a piece of output: a byte for the stream, three of nothing, the length. */
export function frameHead(stream: 'stdout' | 'stderr', length: number): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream === 'stdout' ? 1 : 2;
  head.writeUInt32BE(length, 4);
  return head;
}

/** The same to a client, without a copy. Resolves when `data` may be used again. */
export async function writeFrame(
  client: ClientStream,
  stream: 'stdout' | 'stderr',
  data: Buffer,
  raw: boolean,
): Promise<void> {
  if (raw) await client.write(data);
  else await client.write(frameHead(stream, data.length), data);
}
