import type { Command } from 'commander';
import type { ContainerSummary } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { describeCommand, describePorts, describeState } from '../format/describe-container.ts';
import { humanDuration, shortId } from '../format/human.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { type Filters, parseFilters, passes, passesLabels } from '../parse/parse-filters.ts';
import { parseCount } from '../parse/parse-limits.ts';
import { writeListing } from '../write-listing.ts';

interface Options extends ListingOptions {
  readonly all?: true;
  readonly last?: string;
  readonly latest?: true;
  readonly filter?: string[];
}

/** `ps [-a] [-f FILTER] [--format …]` */
export function configurePs(command: Command, cli: Cli): void {
  listingOptions(
    examples(command, 'plimsoll ps -a', "plimsoll ps -f label=team=a --format 'table Names,Status'"),
  )
    .option('-a, --all', 'Also those that do not run')
    .option('-f, --filter <key=value>', `Only these: ${filterKeys.join(', ')}`, collect)
    .option('-n, --last <number>', 'The last few that were created, in any state')
    .option('-l, --latest', 'The last one that was created, in any state')
    .action(async (options: Options) => {
      const filters = parseFilters(options.filter ?? [], filterKeys);
      const last = options.latest ? 1 : options.last && parseCount(options.last, 'a number of containers', 1);
      const engine = await cli.engine();
      const all =
        options.all === true || last !== undefined || filters.has('status') || filters.has('exited');
      const found = engine.containers.list({ all }).filter(container => matches(container, filters));
      const rows = found.sort((a, b) => b.created - a.created).slice(0, last || undefined);
      await writeListing(cli, rows, containerColumns(Date.now(), options.trunc === false), options);
    });
}

const filterKeys = ['id', 'name', 'status', 'exited', 'label', 'ancestor', 'network', 'publish', 'health'];

function matches(container: ContainerSummary, filters: Filters): boolean {
  const { id, name, state, labels, imageName, imageId, network, ports } = container;
  return (
    passes(filters, 'id', value => id.startsWith(value)) &&
    passes(filters, 'name', value => name.includes(value)) &&
    passes(filters, 'status', value => state.status === value) &&
    passes(filters, 'exited', value => state.status === 'exited' && String(state.exitCode) === value) &&
    passes(filters, 'ancestor', value => [imageName, imageId, shortId(imageId)].includes(value)) &&
    passes(filters, 'network', value => network === value) &&
    passes(filters, 'publish', value => ports.some(port => String(port.hostPort) === value.split('/')[0])) &&
    passes(filters, 'health', value => (state.health?.status ?? 'none') === value) &&
    passesLabels(filters, labels)
  );
}

/** Docker's columns of `ps`. */
function containerColumns(now: number, whole: boolean): readonly Column<ContainerSummary>[] {
  return [
    { field: 'ID', title: 'CONTAINER ID', value: row => (whole ? row.id : shortId(row.id)) },
    { field: 'Image', title: 'IMAGE', value: row => row.imageName },
    { field: 'Command', title: 'COMMAND', value: row => describeCommand(row.command, whole) },
    { field: 'RunningFor', title: 'CREATED', value: row => `${humanDuration(now - row.created)} ago` },
    { field: 'Status', title: 'STATUS', value: row => describeState(row.state, now) },
    { field: 'Ports', title: 'PORTS', value: row => describePorts(row.ports) },
    { field: 'Names', title: 'NAMES', value: row => row.name },
    { field: 'State', title: 'STATE', value: row => row.state.status, hidden: true },
    {
      field: 'CreatedAt',
      title: 'CREATED AT',
      value: row => new Date(row.created).toISOString(),
      hidden: true,
    },
    { field: 'Networks', title: 'NETWORKS', value: row => row.network, hidden: true },
    { field: 'Labels', title: 'LABELS', value: row => joinLabels(row.labels), hidden: true },
  ];
}

function joinLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
