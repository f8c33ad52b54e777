import type { Command } from 'commander';
import type { ContainerSummary, ContainerUsage, StatsFrame } from '../../engine/index.ts';
import { binarySize, humanSize, shortId } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { writeListing } from '../write-listing.ts';

interface Options extends ListingOptions {
  readonly stream: boolean;
  readonly all?: true;
}

interface Row {
  readonly container: ContainerSummary;
  readonly usage?: ContainerUsage;
  readonly hostMemoryBytes: number;
}

/** `stats [--no-stream] [CONTAINER...]` */
export function configureStats(command: Command, cli: Cli): void {
  listingOptions(examples(command, 'plimsoll stats', 'plimsoll stats --no-stream --format json web'))
    .argument('[container...]', 'Default: all that run')
    .option('-a, --all', 'Also those that do not run')
    .option('--no-stream', 'Print once')
    .action(async (names: string[], options: Options) => {
      const engine = await cli.engine();
      const ids = names.map(name => engine.containers.inspect(name).id);
      const listed = () =>
        engine.containers
          .list({ all: options.all === true || ids.length > 0 })
          .filter(({ id }) => ids.length === 0 || ids.includes(id));
      const write = async (frame: StatsFrame) =>
        await writeListing(cli, rowsOf(frame, listed()), columns(options), options);
      if (!options.stream) {
        await write(await engine.stats.once({ signal: cli.signal }));
        return;
      }
      let first = true;
      for await (const frame of engine.stats.stream({ signal: cli.signal })) {
        if (!first && cli.stdout.isTTY) cli.stdout.write('\u001b[H\u001b[J');
        if (!first || ids.length + frame.containers.size === 0) await write(frame);
        else if (cli.stdout.isTTY) cli.stdout.write('\u001b[2J\u001b[H');
        first = false; // its rates are still nought
      }
    });
}

function rowsOf({ host, containers }: StatsFrame, listed: readonly ContainerSummary[]): Row[] {
  return listed.map(container => {
    const usage = containers.get(container.id);
    return { container, hostMemoryBytes: host.memoryTotalBytes, ...(usage === undefined ? {} : { usage }) };
  });
}

function columns({ trunc }: Options): readonly Column<Row>[] {
  const shown = (text: (usage: ContainerUsage, row: Row) => string) => (row: Row) =>
    row.usage === undefined ? '--' : text(row.usage, row);
  return [
    {
      field: 'ID',
      title: 'CONTAINER ID',
      value: ({ container: { id } }) => (trunc === false ? id : shortId(id)),
    },
    {
      field: 'Container',
      title: 'CONTAINER',
      value: ({ container: { id } }) => (trunc === false ? id : shortId(id)),
      hidden: true,
    },
    { field: 'Name', title: 'NAME', value: row => row.container.name },
    { field: 'CPUPerc', title: 'CPU %', value: shown(usage => `${usage.cpuPercent.toFixed(2)}%`) },
    { field: 'MemUsage', title: 'MEM USAGE / LIMIT', value: shown(memory) },
    { field: 'MemPerc', title: 'MEM %', value: shown(memoryPercent) },
    { field: 'NetIO', title: 'NET I/O', value: shown(network) },
    {
      field: 'BlockIO',
      title: 'BLOCK I/O',
      value: shown(({ sample: { blockIo } }) => pair(blockIo.readBytes, blockIo.writeBytes)),
    },
    { field: 'PIDs', title: 'PIDS', value: shown(usage => String(usage.sample.pids.current)) },
    { field: 'Cores', title: 'CORES', value: shown(usage => usage.cpuCores.toFixed(2)), hidden: true },
    {
      field: 'Throttled',
      title: 'THROTTLED',
      value: shown(usage => `${(usage.throttledShare * 100).toFixed(1)}%`),
      hidden: true,
    },
  ];
}

function memory(usage: ContainerUsage, { hostMemoryBytes }: Row): string {
  const limit = usage.memory.limitBytes ?? hostMemoryBytes;
  return `${binarySize(usage.memory.workingSetBytes)} / ${binarySize(limit)}`;
}

/** Of the container's own limit, else of the VM: docker's figure. */
function memoryPercent(usage: ContainerUsage, { hostMemoryBytes }: Row): string {
  const limit = usage.memory.limitBytes ?? hostMemoryBytes;
  return `${((usage.memory.workingSetBytes / limit) * 100).toFixed(2)}%`;
}

function network({ sample }: ContainerUsage): string {
  return sample.network === undefined ? '--' : pair(sample.network.rxBytes, sample.network.txBytes);
}

function pair(a: number, b: number): string {
  return `${humanSize(a)} / ${humanSize(b)}`;
}
