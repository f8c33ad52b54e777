import { Writable } from 'node:stream';
import { cleanText } from '../lib/clean-text.ts';
import type { Output } from './cli.ts';

/**
 * Writes output of a container as it comes. A terminal gets it without escape sequences but for plain colours, unless
 * the container has a terminal of its own (`raw`); a pipe or file gets every byte.
 */
export function writeForeign(stream: Output, data: Uint8Array, { raw }: { raw: boolean }): void {
  if (raw || stream.isTTY !== true) {
    stream.write(data);
    return;
  }
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
  stream.write(cleanText(text, { colours: true, multiline: true, maxLength: 1 << 20 }));
}

/** The same as a stream, for calls of the engine that want one. */
export function foreignWriter(stream: Output): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      writeForeign(stream, chunk, { raw: false });
      done();
    },
  });
}
