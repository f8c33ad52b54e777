import type { Command } from 'commander';
import type { LogOptions } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { parseCount } from '../parse/parse-limits.ts';
import { parseTime } from '../parse/parse-time.ts';
import { writeLogEntry } from '../write-log-entry.ts';

interface Options {
  readonly follow?: true;
  readonly tail?: string;
  readonly since?: string;
  readonly until?: string;
  readonly timestamps?: true;
  readonly details?: true;
}

/** `logs [-f] [-n LINES] [--since TIME] CONTAINER` */
export function configureLogs(command: Command, cli: Cli): void {
  examples(command, 'plimsoll logs -f --tail 100 web', 'plimsoll logs --since 10m -t web')
    .argument('<container>')
    .option('-f, --follow', 'Go on as it comes')
    .option('-n, --tail <lines>', "Only the last lines, or 'all'")
    .option('--since <time>', 'From then on: RFC 3339, or a duration like 10m')
    .option('--until <time>', 'Up to then')
    .option('-t, --timestamps', 'Put the time before each line')
    .option('--details', 'Put what its log says of its origin (--log-opt labels, env, tag) before each line')
    .action(async (name: string, options: Options) => {
      const engine = await cli.engine();
      engine.containers.inspect(name); // an unknown name is an error even where there is nothing to print
      let lineBegins = true;
      for await (const entry of engine.containers.logs(name, toLogOptions(cli, options))) {
        const prefix = `${options.timestamps ? `${entry.time} ` : ''}${options.details ? `${entry.attributes ?? ''} ` : ''}`;
        writeLogEntry(cli, entry, { prefix: lineBegins ? prefix : '' });
        lineBegins = !entry.partial;
      }
    });
}

function toLogOptions(cli: Cli, { follow, tail, since, until, details }: Options): LogOptions {
  const now = Date.now();
  return {
    signal: cli.signal,
    ...(follow ? { follow } : {}),
    ...(details ? { details } : {}),
    ...(tail === undefined || tail === 'all' || /^-\d+$/.test(tail)
      ? {}
      : { tail: parseCount(tail, 'a number of lines', 0) }),
    ...(since === undefined ? {} : { since: parseTime(since, now) }),
    ...(until === undefined ? {} : { until: parseTime(until, now) }),
  };
}
