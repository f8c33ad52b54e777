import type { Command } from 'commander';
import type { EngineEvent, EventType } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { badOption } from '../parse/bad-option.ts';
import { type Filters, parseFilters, passes, passesLabels } from '../parse/parse-filters.ts';
import { parseTime } from '../parse/parse-time.ts';

interface Options {
  readonly since?: string;
  readonly until?: string;
  readonly filter?: string[];
  readonly format?: string;
}

const types: readonly EventType[] = ['container', 'image', 'network', 'volume', 'build'];

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
    .option('--format <format>', 'json: an object per line')
    .action(async (options: Options) => {
      const { format } = options;
      if (format !== undefined && format !== 'json')
        throw badOption(`unknown format "${format}"`, 'there is json');
      const filters = parseFilters(options.filter ?? [], ['type', 'event', 'container', 'image', 'label']);
      const write = (event: EngineEvent) => {
        if (!matches(event, filters)) return;
        cli.stdout.write(`${format === 'json' ? JSON.stringify(event) : describe(event)}\n`);
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
  const signals = until === undefined ? [] : [AbortSignal.timeout(until - now)];
  const signal = AbortSignal.any([cli.signal, ...signals]);
  for await (const event of engine.events.follow({ sinceSeq, signal })) write(event);
}

function matches({ type, action, actor }: EngineEvent, filters: Filters): boolean {
  const { name = '', image = '' } = actor.attributes;
  const is = (kind: EventType) => (value: string) =>
    type === kind && (actor.id.startsWith(value) || name === value);
  const unknown = filters.get('type')?.find(value => !types.some(known => known === value));
  if (unknown !== undefined)
    throw badOption(`there are no events of type "${unknown}"`, `there are ${types.join(', ')}`);
  return (
    passes(filters, 'type', value => type === value) &&
    passes(filters, 'event', value => action === value || action.startsWith(`${value}: `)) &&
    passes(filters, 'container', is('container')) &&
    passes(filters, 'image', value => image === value || is('image')(value)) &&
    passesLabels(filters, actor.attributes)
  );
}

/** As docker prints it: `TIME TYPE ACTION ID (name=value, …)`. */
function describe({ timeNano, type, action, actor }: EngineEvent): string {
  const time = new Date(Number(BigInt(timeNano) / 1_000_000n)).toISOString();
  const pairs = Object.entries(actor.attributes).map(([name, value]) => `${name}=${value}`);
  const attributes = pairs.length > 0 ? ` (${pairs.join(', ')})` : '';
  return cleanText(`${time} ${type} ${action} ${actor.id}${attributes}`);
}
