import { type Command, Option } from 'commander';
import type { Volume } from '../../engine/index.ts';
import { removeEach } from '../../lib/remove-each.ts';
import { humanSize, joinLabels, matchesVolume, volumeFilters } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { type RefusedOption, refuseOptions } from '../foreign-options.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { openInput } from '../open-input.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseFilters } from '../parse/parse-filters.ts';
import { parsePairs } from '../parse/parse-pairs.ts';
import { type PruneFilters, pruneFilters, pruneMatcher, writeDeleted } from '../prune-filters.ts';
import { unlessMissing } from '../unless-missing.ts';
import { writeListing } from '../write-listing.ts';
import { writeStream } from '../write-stream.ts';
import { writeWholeFile } from '../write-whole-file.ts';
import { configureInspectOf } from './inspect.ts';

interface CreateOptions {
  readonly label?: string[];
  readonly opt?: string[];
  readonly driver?: string;
}

/** `volume ls|create|inspect|rm|prune|export|import` */
export function configureVolume(command: Command, cli: Cli): void {
  const ls = examples(
    command.command('ls').alias('list').description('List volumes'),
    'plimsoll volume ls --size -f dangling=true',
  );
  listingOptions(refuseOptions(ls, [cluster]), { ids: false })
    .option('-s, --size', 'Also how much room each takes')
    .option('-f, --filter <key=value>', `Only these: ${volumeFilters.join(', ')}`, collect)
    .action(
      async ({ size, filter = [], ...options }: ListingOptions & { size?: true; filter?: string[] }) => {
        const filters = parseFilters(filter, volumeFilters);
        const { volumes } = await cli.engine();
        const list = volumes.list().filter(volume => matchesVolume(volume, filters));
        const sizes = size ? await volumes.sizes(list.map(({ name }) => name)) : undefined;
        const rows = list.map(row => ({ ...row, ...(sizes ? { sizeBytes: sizes.get(row.name) ?? 0 } : {}) }));
        await writeListing(cli, rows, columnsFor(size === true), options);
      },
    );
  examples(
    refuseOptions(command.command('create').description('Make a volume'), ofClusters),
    'plimsoll volume create files',
    'plimsoll volume create -o type=tmpfs -o o=size=100m scratch',
    'plimsoll volume create -o type=none -o o=bind -o device=/srv/data data',
    'plimsoll volume create -o type=nfs -o o=addr=10.0.0.1,rw -o device=:/exports shared',
  )
    .argument('[name]')
    .option('-d, --driver <name>', 'There is only local')
    .option('-l, --label <name=value>', 'Label', collect)
    .option('-o, --opt <name=value>', 'What to mount while it is used: type, device, o', collect)
    .addOption(new Option('--name <name>').hideHelp()) // docker's once
    .action((name: string | undefined, { name: once, ...options }: CreateOptions & { name?: string }) =>
      create(cli, name ?? once, options),
    );
  examples(
    command.command('export').description('Write the files of a volume as a tar'),
    'plimsoll volume export -o files.tar files',
  )
    .argument('<volume>')
    .option('-o, --output <file>', 'Write into a file instead of the output')
    .action(async (name: string, { output }: { output?: string }) => {
      const { volumes } = await cli.engine();
      const tar = await volumes.export(name, { signal: cli.signal });
      try {
        if (output === undefined) await writeStream(cli, tar);
        else await writeWholeFile(cli, output, tar);
      } finally {
        tar.destroy();
      }
    });
  examples(
    command.command('import').description('Put the files of a tar into a volume'),
    'plimsoll volume import files files.tar',
    'plimsoll volume export old | plimsoll volume import new',
  )
    .argument('<volume>', 'Made if it is not there')
    .argument('[file]', 'A file, a URL, or - for the input')
    .action(async (name: string, file: string | undefined) => {
      const { volumes } = await cli.engine();
      const { bytes } = await openInput(cli, file);
      await volumes.import(name, bytes, { signal: cli.signal });
    });
  configureInspectOf('volume')(
    command.command('inspect').description('Print all that is known of volumes'),
    cli,
  );
  examples(
    command.command('rm').alias('remove').description('Remove volumes and their files'),
    'plimsoll volume rm files',
  )
    .argument('<volume...>')
    .option('-f, --force', 'One that is not there is no error')
    .action((names: string[], { force }: { force?: true }) =>
      eachName(cli, names, (engine, name) => unlessMissing(engine.volumes.remove(name), force)),
    );
  configurePrune(
    command.command('prune').description('Remove volumes that no container has and nobody named'),
    cli,
  );
}

function configurePrune(command: Command, cli: Cli): void {
  pruneFilters<PruneFilters & { all?: true }>(
    examples(command, 'plimsoll volume prune', 'plimsoll volume prune -a --filter label=scratch'),
    cli,
    ({ all }) =>
      all
        ? 'all volumes that no container has, and their files'
        : 'all volumes without a name that no container has, and their files',
  )
    .option('-a, --all', 'Also those with a name')
    .action(async ({ all, ...filters }: PruneFilters & { all?: true }) => {
      const isMeant = pruneMatcher(filters);
      const engine = await cli.engine();
      const meant = engine.volumes
        .list()
        .filter(volume => volume.containers.length === 0 && (all || volume.anonymous) && isMeant(volume))
        .map(({ name }) => name);
      const sizes = await engine.volumes.sizes(meant);
      const removed = await removeEach(meant, name => engine.volumes.remove(name));
      writeDeleted(cli, 'Volumes', removed);
      const freed = removed.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
      cli.stdout.write(`Total reclaimed space: ${humanSize(freed)}\n`);
    });
}

async function create(
  cli: Cli,
  name: string | undefined,
  { label, opt, driver = 'local' }: CreateOptions,
): Promise<void> {
  if (driver !== 'local') throw badOption(`there is no volume driver "${driver}"`, 'there is only local');
  const engine = await cli.engine();
  const volume = await engine.volumes.create({
    labels: parsePairs(label ?? [], '--label'),
    options: parsePairs(opt ?? [], '--opt'),
    ...(name === undefined ? {} : { name }),
  });
  cli.stdout.write(`${volume.name}\n`);
}

type Listed = Volume & { readonly sizeBytes?: number };

function columnsFor(withSize: boolean): Column<Listed>[] {
  const size = { field: 'Size', title: 'SIZE', value: (row: Listed) => humanSize(row.sizeBytes ?? 0) };
  return [...columns, withSize ? size : { ...size, value: () => 'N/A', hidden: true }];
}

const columns: readonly Column<Listed>[] = [
  { field: 'Driver', title: 'DRIVER', value: () => 'local' },
  { field: 'Name', title: 'VOLUME NAME', value: row => row.name, quiet: true },
  { field: 'Mountpoint', title: 'MOUNTPOINT', value: row => row.path, hidden: true },
  { field: 'Scope', title: 'SCOPE', value: () => 'local', hidden: true },
  { field: 'Labels', title: 'LABELS', value: row => joinLabels(row.labels), hidden: true },
  { field: 'Links', title: 'LINKS', value: row => String(row.containers.length), hidden: true },
  { field: 'Containers', title: 'CONTAINERS', value: row => String(row.containers.length), hidden: true },
];

const ofSwarm = ['that is for volumes of a swarm', 'leave it out'] as const;
const cluster: RefusedOption = ['--cluster', ...ofSwarm];
const ofClusters: readonly RefusedOption[] = [
  '--availability',
  '--group',
  '--limit-bytes',
  '--required-bytes',
  '--scope',
  '--secret',
  '--sharing',
  '--topology-preferred',
  '--topology-required',
  '--type',
].map(name => [name, ...ofSwarm]);
