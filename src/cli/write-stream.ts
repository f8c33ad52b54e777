import { once } from 'node:events';
import { PlimsollError, throwIfAborted } from '../errors.ts';
import type { Cli } from './cli.ts';

/** Writes bytes (a tar) to standard output as fast as its reader takes them. Throws for a terminal. */
export async function writeStream(cli: Cli, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  if (cli.stdout.isTTY === true) {
    throw new PlimsollError('invalid-argument', 'an archive is nothing for a terminal', {
      code: 'IS_A_TERMINAL',
      hint: 'redirect the output into a file, or use -o where there is that option',
    });
  }
  const output = cli.stdout as Partial<NodeJS.WriteStream> & Cli['stdout'];
  for await (const piece of bytes) {
    throwIfAborted(cli.signal, 'writing the archive');
    if (output.write(piece) !== false || output.once === undefined) continue;
    await once(output as NodeJS.WriteStream, 'drain', { signal: cli.signal });
  }
}
