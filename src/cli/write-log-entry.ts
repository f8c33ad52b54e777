import type { LogEntry } from '../engine/index.ts';
import { cleanText } from '../lib/clean-text.ts';
import type { Cli } from './cli.ts';

/**
 * Writes one piece of a container's output to the stream it came from. A terminal gets it without escape sequences but
 * for plain colours, unless the container has a terminal of its own (`raw`); a pipe or file gets every byte.
 */
export function writeLogEntry(
  cli: Cli,
  entry: LogEntry,
  { raw = false, prefix = '' }: { raw?: boolean; prefix?: string } = {},
): void {
  const stream = entry.stream === 'stderr' ? cli.stderr : cli.stdout;
  const end = entry.partial ? '' : '\n';
  if (raw || stream.isTTY !== true) {
    if (prefix !== '') stream.write(prefix);
    stream.write(end === '' ? entry.line : Buffer.concat([entry.line, Buffer.from(end)]));
    return;
  }
  stream.write(prefix + cleanText(entry.line.toString('utf8'), { colours: true, maxLength: 1 << 20 }) + end);
}
