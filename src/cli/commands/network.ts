import type { Command } from 'commander';
import type { Network } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { shortId } from '../format/human.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { writeListing } from '../write-listing.ts';

/** `network ls|inspect` */
export function configureNetwork(command: Command, cli: Cli): void {
  listingOptions(examples(command.command('ls').description('List networks'), 'plimsoll network ls')).action(
    async (options: ListingOptions) => {
      const engine = await cli.engine();
      await writeListing(cli, engine.networks.list(), columns(options.trunc === false), options);
    },
  );
  command
    .command('inspect')
    .description('Print all that is known of networks')
    .argument('<network...>')
    .action(async (names: string[]) => {
      const engine = await cli.engine();
      const found = names.map(name => engine.networks.inspect(name));
      cli.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
    });
}

function columns(whole: boolean): readonly Column<Network>[] {
  return [
    { field: 'ID', title: 'NETWORK ID', value: row => (whole ? row.id : shortId(row.id)) },
    { field: 'Name', title: 'NAME', value: row => row.name },
    { field: 'Driver', title: 'DRIVER', value: row => row.driver },
    { field: 'Subnet', title: 'SUBNET', value: row => row.subnet ?? '' },
    { field: 'Bridge', title: 'BRIDGE', value: row => row.bridge ?? '', hidden: true },
  ];
}
