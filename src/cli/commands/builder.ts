import type { Command } from 'commander';
import type { CacheLimits, CacheRecord, CacheSelection } from '../../engine/index.ts';
import { type Filters, humanDuration, humanSize } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { describeCacheLimits } from '../format/cache-limits.ts';
import type { Column } from '../format/table.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseFilters } from '../parse/parse-filters.ts';
import { parseSize } from '../parse/parse-size.ts';
import { parseDuration } from '../parse/parse-time.ts';
import { writeListing } from '../write-listing.ts';
import { configureBuild } from './build.ts';

/** `builder build|prune|du` */
export function configureBuilder(command: Command, cli: Cli): void {
  configureBuild(command.command('build').description('Build an image from a Dockerfile'), cli);
  const prune = command.command('prune').description('Free the build cache, also folders of cache mounts');
  examples(
    prune,
    'plimsoll builder prune',
    'plimsoll builder prune --max-used-space 5g --filter until=24h',
    'plimsoll builder prune --min-free-space 20g --reserved-space 2g',
    'plimsoll builder prune --filter type=exec.cachemount',
  )
    .option('-a, --all', 'Accepted for scripts; it frees all')
    .option('-f, --force', 'Accepted for scripts; it never asks')
    .option('--max-used-space <size>', 'Keep the most recently used, as much as this')
    .option('--reserved-space <size>', 'Keep as much as this, whatever the others say')
    .option('--min-free-space <size>', 'Free no more than it takes for this to be free on the disk')
    .option('--keep-storage <size>', 'Older name of --reserved-space')
    .option('--filter <filter>', 'Only until=DURATION, type=regular|exec.cachemount|internal, id=ID', collect)
    .action(async (options: PruneOptions) => {
      const engine = await cli.engine();
      const { records, reclaimedBytes } = await engine.builds.pruneCache(selectionOf(options));
      cli.stdout.write(`Deleted records: ${records}\nTotal reclaimed space: ${humanSize(reclaimedBytes)}\n`);
    });
  const du = command.command('du').description('List what the build cache holds');
  examples(du, 'plimsoll builder du', 'plimsoll builder du --filter type=exec.cachemount')
    .option('--filter <filter>', 'Only until=DURATION, type=regular|exec.cachemount|internal, id=ID', collect)
    .option('--format <format>', 'table, table FIELD,…, or json')
    .action((options: { filter?: string[]; format?: string }) => listUsage(cli, options));
}

interface PruneOptions {
  readonly filter?: string[];
  readonly maxUsedSpace?: string;
  readonly reservedSpace?: string;
  readonly minFreeSpace?: string;
  readonly keepStorage?: string;
}

async function listUsage(cli: Cli, options: { filter?: string[]; format?: string }): Promise<void> {
  const engine = await cli.engine();
  const records = await engine.builds.cacheUsage(selectionOf(options));
  await writeListing(cli, records, columns, options);
  if (options.format !== undefined) return;
  const sum = (all: readonly CacheRecord[]) =>
    humanSize(
      [...new Map(all.map(one => [one.layer ?? one.id, one.sizeBytes])).values()].reduce((a, b) => a + b, 0),
    );
  const shared = records.filter(record => record.shared);
  if (shared.length > 0)
    cli.stdout.write(`Shared: ${sum(shared)}\nPrivate: ${sum(records.filter(record => !record.shared))}\n`);
  cli.stdout.write(`Reclaimable: ${sum(records.filter(isReclaimable))}\nTotal: ${sum(records)}\n`);
  cli.stdout.write(describeCacheLimits(await engine.builds.cacheLimits()));
}

const columns: readonly Column<CacheRecord>[] = [
  { field: 'ID', title: 'ID', value: ({ id }) => id.slice(0, 25) },
  { field: 'Type', title: 'TYPE', value: ({ kind }) => types[kind] },
  { field: 'Reclaimable', title: 'RECLAIMABLE', value: record => String(isReclaimable(record)) },
  { field: 'Size', title: 'SIZE', value: ({ sizeBytes }) => humanSize(sizeBytes) },
  {
    field: 'LastUsed',
    title: 'LAST ACCESSED',
    value: ({ lastUsed }) => `${humanDuration(Date.now() - lastUsed)} ago`,
  },
  { field: 'Description', title: 'DESCRIPTION', value: ({ description }) => description },
];

/** BuildKit's words for them. */
const types: Readonly<Record<CacheRecord['kind'], string>> = {
  layer: 'regular',
  mount: 'exec.cachemount',
  digest: 'internal',
};

function isReclaimable({ inUse, shared }: CacheRecord): boolean {
  return !inUse && !shared;
}

function selectionOf(options: PruneOptions): CacheSelection {
  const filters = parseFilters(options.filter ?? [], ['until', 'unused-for', 'type', 'id']);
  const [until] = filters.get('until') ?? filters.get('unused-for') ?? [];
  const ids = filters.get('id');
  const kinds = kindsOf(filters);
  return {
    ...limitsOf(options),
    ...(until === undefined ? {} : { unusedForMs: parseDuration(until) }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(ids === undefined ? {} : { ids }),
  };
}

function limitsOf(options: PruneOptions): CacheLimits {
  const { maxUsedSpace, keepStorage, reservedSpace = keepStorage, minFreeSpace } = options;
  return {
    ...(maxUsedSpace === undefined ? {} : { maxUsedBytes: parseSize(maxUsedSpace) }),
    ...(reservedSpace === undefined ? {} : { reservedBytes: parseSize(reservedSpace) }),
    ...(minFreeSpace === undefined ? {} : { minFreeBytes: parseSize(minFreeSpace) }),
  };
}

function kindsOf(filters: Filters): CacheRecord['kind'][] | undefined {
  return filters.get('type')?.map(wanted => {
    const kind = (Object.keys(types) as CacheRecord['kind'][]).find(one => types[one] === wanted);
    if (kind !== undefined) return kind;
    throw badOption(
      `there is no type "${wanted}" in the cache`,
      `there are ${Object.values(types).join(', ')}`,
    );
  });
}
