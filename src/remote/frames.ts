/** One piece of a container's output. */
export interface OutputPiece {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/**
 * Parts a multiplexed stream of Docker's API into its pieces: eight bytes before each say which stream it is of, and how
 * long it is (Docker Engine API, "Stream format"). With a terminal (`raw`) there are no such heads.
 */
export async function* readFrames(stream: AsyncIterable<Buffer>, raw: boolean): AsyncGenerator<OutputPiece> {
  if (raw) {
    for await (const data of stream) yield { stream: 'stdout', data };
    return;
  }
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      if (held.length < 8) break;
      const end = 8 + held.readUInt32BE(4);
      if (held.length < end) break;
      const data = held.subarray(8, end);
      if (data.length > 0) yield { stream: held[0] === 2 ? 'stderr' : 'stdout', data };
      held = held.subarray(end);
    }
  }
}

/** Lines of a stream of JSON objects. */
export async function* readLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let held = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (held + decoder.decode(chunk, { stream: true })).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield line;
  }
  if (held.trim() !== '') yield held;
}
