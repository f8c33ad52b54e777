import type { Command } from 'commander';
import type { Volume } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { parsePairs } from '../parse/parse-pairs.ts';
import { writeListing } from '../write-listing.ts';
import { configureInspectOf } from './inspect.ts';

/** `volume ls|create|inspect|rm` */
export function configureVolume(command: Command, cli: Cli): void {
  listingOptions(command.command('ls').description('List volumes'), { ids: false }).action(
    async (options: ListingOptions) => {
      const engine = await cli.engine();
      await writeListing(cli, engine.volumes.list(), columns, options);
    },
  );
  examples(command.command('create').description('Make a volume'), 'plimsoll volume create files')
    .argument('[name]')
    .option('-l, --label <name=value>', 'Label', collect)
    .action(async (name: string | undefined, { label }: { label?: string[] }) => {
      const engine = await cli.engine();
      const labels = parsePairs(label ?? [], '--label');
      const volume = engine.volumes.create({ labels, ...(name === undefined ? {} : { name }) });
      cli.stdout.write(`${volume.name}\n`);
    });
  configureInspectOf('volume')(
    command.command('inspect').description('Print all that is known of volumes'),
    cli,
  );
  command
    .command('rm')
    .description('Remove volumes and their files')
    .argument('<volume...>')
    .action((names: string[]) => eachName(cli, names, (engine, name) => engine.volumes.remove(name)));
}

const columns: readonly Column<Volume>[] = [
  { field: 'Driver', title: 'DRIVER', value: () => 'local' },
  { field: 'Name', title: 'VOLUME NAME', value: row => row.name, quiet: true },
  { field: 'Mountpoint', title: 'MOUNTPOINT', value: row => row.path, hidden: true },
  { field: 'Containers', title: 'CONTAINERS', value: row => String(row.containers.length), hidden: true },
];
