import type { Command } from 'commander';
import type { EngineEvent } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { eventFilters, eventMatcher } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseFilters } from '../parse/parse-filters.ts';
import { parseTime } from '../parse/parse-time.ts';

interface Options {
  readonly since?: string;
  readonly until?: string;
  readonly filter?: string[];
  readonly format?: string;
}

/** `events [--since TIME] [--until TIME] [-f FILTER]` */
export function configureEvents(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll events',
    'plimsoll events --since 1h --until 0s -f type=container --format json',
  )
    .option('--since <time>', 'Past events from then on: RFC 3339, or a duration like 10m')
    .option('--until <time>', 'Stop there')
    .option('-f, --filter <key=value>', 'Only these: type, event, container, image, label', collect)
    .option('--format <format>', "json: an object per line; or a Go template over docker's fields")
    .action(async (options: Options) => {
      const describe = await describer(options.format);
      const filters = parseFilters(options.filter ?? [], eventFilters);
      const matches = eventMatcher(filters);
      const write = (event: EngineEvent) => {
        if (!matches(event)) return;
        cli.stdout.write(describe(event));
      };
      await follow(cli, options, write);
    });
}

async function follow(cli: Cli, options: Options, write: (event: EngineEvent) => void): Promise<void> {
  const engine = await cli.engine();
  const now = Date.now();
  const until = options.until === undefined ? undefined : parseTime(options.until, now);
  const sinceSeq = engine.events.lastSeq();
  if (options.since !== undefined) {
    const since = parseTime(options.since, now);
    const past = engine.events.list({ since, ...(until === undefined ? {} : { until }) });
    for (const event of past) if (event.seq <= sinceSeq) write(event);
  }
  if (until !== undefined && until <= now) return;
  const signals = until === undefined ? [] : [AbortSignal.timeout(Math.min(until - now, longestTimer))];
  const signal = AbortSignal.any([cli.signal, ...signals]);
  for await (const event of engine.events.follow({ sinceSeq, signal })) write(event);
}

/** Milliseconds, some 25 days: beyond that Node's timers end at once. */
const longestTimer = 2 ** 31 - 1;

/** What a line is made by. */
async function describer(format: string | undefined): Promise<(event: EngineEvent) => string> {
  if (format === undefined) return event => `${describe(event)}\n`;
  if (format === 'json') return event => `${JSON.stringify(event)}\n`;
  if (!format.includes('{{'))
    throw badOption(`unknown format "${format}"`, 'there is json, and Go templates');
  const [{ eventJson }, { formatObject }] = await Promise.all([
    import('../../wire/index.ts'),
    import('../format/template.ts'),
  ]);
  return event => formatObject(eventJson(event), format);
}

/** As docker prints it: `TIME TYPE ACTION ID (name=value, …)`. */
function describe({ timeNano, type, action, actor }: EngineEvent): string {
  const time = new Date(Number(BigInt(timeNano) / 1_000_000n)).toISOString();
  const pairs = Object.entries(actor.attributes).map(([name, value]) => `${name}=${value}`);
  const attributes = pairs.length > 0 ? ` (${pairs.join(', ')})` : '';
  return cleanText(`${time} ${type} ${action} ${actor.id}${attributes}`);
}
