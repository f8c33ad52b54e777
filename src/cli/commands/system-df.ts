import type { Command } from 'commander';
import type { ContainerSummary, DiskCategory, DiskUsage, Engine } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { familiarReference, parseReference } from '../../oci/index.ts';
import { describeCommand, describeState, humanDuration, humanSize, shortId } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { describeCacheLimits } from '../format/cache-limits.ts';
import type { Column } from '../format/table.ts';
import { badOption } from '../parse/bad-option.ts';
import { writeListing } from '../write-listing.ts';

interface Options {
  readonly verbose?: true;
  readonly format?: string;
  readonly json?: true;
}

/** `system df [-v] [--format FORMAT] [--json]` */
export function configureDiskUsage(command: Command, cli: Cli): void {
  examples(command, 'plimsoll system df', 'plimsoll system df -v')
    .option('-v, --verbose', 'Every image, container, volume, and all of the cache')
    .option('--format <format>', 'table, table FIELD,…, or json')
    .option('--json', 'All of it as JSON, in bytes')
    .action(async (options: Options) => {
      if (options.verbose && options.format !== undefined)
        throw badOption('-v and --format exclude one another', 'use --json for all of it');
      const engine = await cli.engine();
      const usage = await engine.system.diskUsage({ signal: cli.signal });
      if (options.json) cli.stdout.write(`${JSON.stringify(usage, undefined, 2)}\n`);
      else if (options.verbose) await writeAll(cli, engine, usage);
      else await writeSummary(cli, engine, usage, options);
    });
}

async function writeSummary(cli: Cli, engine: Engine, usage: DiskUsage, options: Options): Promise<void> {
  const shown = usage.categories.filter(({ kind, sizeBytes }) => always.includes(kind) || sizeBytes > 0);
  await writeListing(cli, shown, columns, options);
  if (options.format !== undefined) return;
  cli.stdout.write(`\nTotal: ${humanSize(usage.totalBytes)} in ${cleanText(usage.root)}\n`);
  cli.stdout.write(describeCacheLimits(await engine.builds.cacheLimits()));
}

const always: readonly DiskCategory['kind'][] = ['images', 'containers', 'volumes', 'cache'];

/** Docker's names, and ours for what docker does not say. */
const names: Readonly<Record<DiskCategory['kind'], string>> = {
  images: 'Images',
  containers: 'Containers',
  volumes: 'Local Volumes',
  cache: 'Build Cache',
  downloads: 'Interrupted downloads',
  work: 'Work in progress',
  orphans: 'Orphans',
  engine: 'Database and history',
};

const columns: readonly Column<DiskCategory>[] = [
  { field: 'Type', title: 'TYPE', value: row => names[row.kind] },
  { field: 'TotalCount', title: 'TOTAL', value: row => String(row.count) },
  { field: 'Active', title: 'ACTIVE', value: row => String(row.active) },
  { field: 'Size', title: 'SIZE', value: row => humanSize(row.sizeBytes) },
  { field: 'Reclaimable', title: 'RECLAIMABLE', value: reclaimableOf },
];

function reclaimableOf({ sizeBytes, reclaimableBytes }: DiskCategory): string {
  const percent = sizeBytes === 0 ? 0 : Math.floor((reclaimableBytes / sizeBytes) * 100);
  return percent === 0 ? humanSize(reclaimableBytes) : `${humanSize(reclaimableBytes)} (${percent}%)`;
}

async function writeAll(cli: Cli, engine: Engine, usage: DiskUsage): Promise<void> {
  const now = Date.now();
  const section = async <Row>(title: string, rows: readonly Row[], columns: readonly Column<Row>[]) => {
    cli.stdout.write(`${title}:\n\n`);
    await writeListing(cli, rows, columns, {});
    cli.stdout.write('\n');
  };
  await section('Images space usage', imageRows(engine, usage), imageColumns(now));
  await section('Containers space usage', containerRows(engine, usage), containerColumns(now));
  await section('Local Volumes space usage', volumeRows(engine, usage), volumeColumns);
  const cache = usage.categories.find(({ kind }) => kind === 'cache');
  cli.stdout.write(`Build cache usage: ${humanSize(cache?.sizeBytes ?? 0)}\n`);
  cli.stdout.write(`${describeCacheLimits(await engine.builds.cacheLimits())}\n`);
  await writeListing(cli, await engine.builds.cacheUsage(), cacheColumns(now), {});
  if (usage.orphans.length > 0) {
    cli.stdout.write('\n');
    await section("Orphans, which 'plimsoll system prune' sweeps", usage.orphans, orphanColumns);
  }
  cli.stdout.write(`\nTotal: ${humanSize(usage.totalBytes)} in ${cleanText(usage.root)}\n`);
}

interface ImageRow {
  readonly id: string;
  readonly name: string;
  readonly tag: string;
  readonly created: number;
  readonly usage: DiskUsage['images'][number] | undefined;
}

function imageRows(engine: Engine, usage: DiskUsage): ImageRow[] {
  const sizes = new Map(usage.images.map(image => [image.id, image]));
  return engine.images.list().flatMap(({ id, references, created }) => {
    const common = { id, created, usage: sizes.get(id) };
    if (references.length === 0) return [{ ...common, name: '<none>', tag: '<none>' }];
    return references.map(text => {
      const { tag, ...reference } = parseReference(text);
      return { ...common, name: familiarReference(reference), tag: tag ?? '<none>' };
    });
  });
}

function imageColumns(now: number): readonly Column<ImageRow>[] {
  return [
    { field: 'Repository', title: 'REPOSITORY', value: row => row.name },
    { field: 'Tag', title: 'TAG', value: row => row.tag },
    { field: 'ID', title: 'IMAGE ID', value: row => shortId(row.id) },
    { field: 'Created', title: 'CREATED', value: row => `${humanDuration(now - row.created)} ago` },
    { field: 'Size', title: 'SIZE', value: row => humanSize(row.usage?.sizeBytes ?? 0) },
    { field: 'SharedSize', title: 'SHARED SIZE', value: row => humanSize(row.usage?.sharedBytes ?? 0) },
    { field: 'UniqueSize', title: 'UNIQUE SIZE', value: row => humanSize(row.usage?.uniqueBytes ?? 0) },
    { field: 'Containers', title: 'CONTAINERS', value: row => String(row.usage?.containers ?? 0) },
  ];
}

type ContainerRow = ContainerSummary & { readonly sizeBytes: number };

function containerRows(engine: Engine, usage: DiskUsage): ContainerRow[] {
  const sizes = new Map(usage.containers.map(({ id, sizeBytes }) => [id, sizeBytes]));
  return engine.containers.list({ all: true }).map(row => ({ ...row, sizeBytes: sizes.get(row.id) ?? 0 }));
}

function containerColumns(now: number): readonly Column<ContainerRow>[] {
  const volumes = ({ mounts }: ContainerRow) => mounts.filter(({ type }) => type === 'volume').length;
  return [
    { field: 'ID', title: 'CONTAINER ID', value: row => shortId(row.id) },
    { field: 'Image', title: 'IMAGE', value: row => row.imageName },
    { field: 'Command', title: 'COMMAND', value: row => describeCommand(row.command, false) },
    { field: 'LocalVolumes', title: 'LOCAL VOLUMES', value: row => String(volumes(row)) },
    { field: 'Size', title: 'SIZE', value: row => humanSize(row.sizeBytes) },
    { field: 'Created', title: 'CREATED', value: row => `${humanDuration(now - row.created)} ago` },
    { field: 'Status', title: 'STATUS', value: row => describeState(row.state, now) },
    { field: 'Names', title: 'NAMES', value: row => row.name },
  ];
}

interface VolumeRow {
  readonly name: string;
  readonly links: number;
  readonly sizeBytes: number;
}

function volumeRows(engine: Engine, usage: DiskUsage): VolumeRow[] {
  const sizes = new Map(usage.volumes.map(({ name, sizeBytes }) => [name, sizeBytes]));
  return engine.volumes
    .list()
    .map(({ name, containers }) => ({ name, links: containers.length, sizeBytes: sizes.get(name) ?? 0 }));
}

const volumeColumns: readonly Column<VolumeRow>[] = [
  { field: 'Name', title: 'VOLUME NAME', value: row => row.name },
  { field: 'Links', title: 'LINKS', value: row => String(row.links) },
  { field: 'Size', title: 'SIZE', value: row => humanSize(row.sizeBytes) },
];

type CacheRow = Awaited<ReturnType<Engine['builds']['cacheUsage']>>[number];

function cacheColumns(now: number): readonly Column<CacheRow>[] {
  return [
    { field: 'ID', title: 'CACHE ID', value: row => row.id.slice(0, 12) },
    { field: 'Description', title: 'DESCRIPTION', value: row => row.description.slice(0, 40) },
    { field: 'Size', title: 'SIZE', value: row => humanSize(row.sizeBytes) },
    { field: 'Created', title: 'CREATED', value: row => `${humanDuration(now - row.created)} ago` },
    { field: 'LastUsed', title: 'LAST USED', value: row => `${humanDuration(now - row.lastUsed)} ago` },
    { field: 'InUse', title: 'IN USE', value: row => String(row.inUse) },
    { field: 'Shared', title: 'SHARED', value: row => String(row.shared) },
  ];
}

const orphanColumns: readonly Column<DiskUsage['orphans'][number]>[] = [
  { field: 'Path', title: 'PATH', value: row => row.path },
  { field: 'Size', title: 'SIZE', value: row => humanSize(row.sizeBytes) },
];
