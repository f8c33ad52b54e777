/** Docker's content types of output: as it is (a terminal), or in frames that name the stream. */
export function streamType(tty: boolean, minor: number): string {
  if (tty || minor < 42) return 'application/vnd.docker.raw-stream';
  return 'application/vnd.docker.multiplexed-stream';
}

/** A piece of output as docker frames it: a byte for the stream, three of nothing, the length; whole with a terminal. */
export function frame(stream: 'stdout' | 'stderr', data: Buffer, tty: boolean): Buffer {
  if (tty) return data;
  const head = Buffer.alloc(8);
  head[0] = stream === 'stdout' ? 1 : 2;
  head.writeUInt32BE(data.length, 4);
  return Buffer.concat([head, data]);
}
