import type { Command } from 'commander';
import type { ContainerMount, ContainerSummary, Engine } from '../../engine/index.ts';
import {
  containerFilters,
  containerMatcher,
  describeCommand,
  describePorts,
  describeState,
  humanDuration,
  humanSize,
  joinLabels,
  shortId,
} from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { noteWithoutRoot } from '../note-without-root.ts';
import { parseFilters } from '../parse/parse-filters.ts';
import { parseCount } from '../parse/parse-limits.ts';
import { writeListing } from '../write-listing.ts';

interface Options extends ListingOptions {
  readonly all?: true;
  readonly last?: string;
  readonly latest?: true;
  readonly size?: true;
  readonly filter?: string[];
}

/** `ps [-a] [-s] [-f FILTER] [--format …]` */
export function configurePs(command: Command, cli: Cli): void {
  listingOptions(
    examples(command, 'plimsoll ps -a', "plimsoll ps -f label=team=a --format 'table Names,Status'"),
  )
    .option('-a, --all', 'Also those that do not run')
    .option('-f, --filter <key=value>', `Only these: ${containerFilters.join(', ')}`, collect)
    .option('-n, --last <number>', 'The last few that were created, in any state')
    .option('-l, --latest', 'The last one that was created, in any state')
    .option('-s, --size', 'Also how much each has written, and with its image')
    .action(async (options: Options) => {
      const filters = parseFilters(options.filter ?? [], containerFilters);
      const last = options.latest ? 1 : options.last && parseCount(options.last, 'a number of containers', 1);
      const engine = await cli.engine();
      const all =
        options.all === true || last !== undefined || filters.has('status') || filters.has('exited');
      const matches = containerMatcher(engine, filters);
      const found = engine.containers.list({ all }).filter(matches);
      const rows = found.sort((a, b) => b.created - a.created).slice(0, last || undefined);
      const sizes =
        options.size || /\.Size\b/.test(options.format ?? '') ? await sizesOf(engine, rows) : undefined;
      await writeListing(cli, rows, columns(Date.now(), options, sizes), options);
      if (rows.length === 0) await noteWithoutRoot(cli, 'ps');
    });
}

/** Docker's words: what it has written, and all that it sees. */
async function sizesOf(
  { files }: Pick<Engine, 'files'>,
  rows: readonly ContainerSummary[],
): Promise<ReadonlyMap<string, string>> {
  const texts = rows.map(async ({ id }) => {
    const { writtenBytes, totalBytes } = await files.sizes(id);
    return [id, `${humanSize(writtenBytes)} (virtual ${humanSize(totalBytes)})`] as const;
  });
  return new Map(await Promise.all(texts));
}

/** Docker's columns of `ps`. */
function columns(
  now: number,
  { trunc }: Options,
  sizes: ReadonlyMap<string, string> | undefined,
): readonly Column<ContainerSummary>[] {
  const whole = trunc === false;
  return [
    { field: 'ID', title: 'CONTAINER ID', value: row => (whole ? row.id : shortId(row.id)) },
    { field: 'Image', title: 'IMAGE', value: row => row.imageName },
    { field: 'Command', title: 'COMMAND', value: row => describeCommand(row.command, whole) },
    { field: 'RunningFor', title: 'CREATED', value: row => `${humanDuration(now - row.created)} ago` },
    { field: 'Status', title: 'STATUS', value: row => describeState(row.state, now) },
    { field: 'Ports', title: 'PORTS', value: row => (hasPorts(row) ? describePorts(row.ports) : '') },
    { field: 'Names', title: 'NAMES', value: row => row.name },
    {
      field: 'Size',
      title: 'SIZE',
      value: row => sizes?.get(row.id) ?? '',
      hidden: sizes === undefined,
    },
    { field: 'State', title: 'STATE', value: row => row.state.status, hidden: true },
    {
      field: 'CreatedAt',
      title: 'CREATED AT',
      value: row => new Date(row.created).toISOString(),
      hidden: true,
    },
    { field: 'Networks', title: 'NETWORKS', value: row => row.network, hidden: true },
    { field: 'Mounts', title: 'MOUNTS', value: row => row.mounts.map(mountName).join(','), hidden: true },
    {
      field: 'LocalVolumes',
      title: 'LOCAL VOLUMES',
      value: row => String(row.mounts.filter(({ type }) => type === 'volume').length),
      hidden: true,
    },
    { field: 'Labels', title: 'LABELS', value: row => joinLabels(row.labels), hidden: true },
  ];
}

/** What has ended publishes nothing, whatever it was asked to. */
function hasPorts({ state }: ContainerSummary): boolean {
  return state.status === 'running' || state.status === 'paused';
}

function mountName(mount: ContainerMount): string {
  if (mount.type === 'volume') return mount.name;
  return mount.type === 'bind' ? mount.source : mount.target;
}
