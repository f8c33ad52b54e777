import type { Command } from 'commander';
import type { Network } from '../../engine/index.ts';
import { shortId } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseAddress } from '../parse/parse-networks.ts';
import { parsePairs } from '../parse/parse-pairs.ts';
import { writeListing } from '../write-listing.ts';

/** `network ls|create|inspect|connect|disconnect|rm|prune` */
export function configureNetwork(command: Command, cli: Cli): void {
  listingOptions(examples(command.command('ls').description('List networks'), 'plimsoll network ls')).action(
    async (options: ListingOptions) => {
      const engine = await cli.engine();
      await writeListing(cli, engine.networks.list(), columns(options.trunc === false), options);
    },
  );
  configureCreate(command, cli);
  command
    .command('inspect')
    .description('Print all that is known of networks')
    .argument('<network...>')
    .action(async (names: string[]) => {
      const engine = await cli.engine();
      const found = names.map(name => engine.networks.inspect(name));
      cli.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
    });
  configureConnections(command, cli);
  command
    .command('rm')
    .description('Remove networks that nobody is on')
    .argument('<network...>')
    .action((names: string[]) => eachName(cli, names, (engine, name) => engine.networks.remove(name)));
  command
    .command('prune')
    .description('Remove every network that no container uses')
    .option('-f, --force', 'Accepted for scripts; it never asks')
    .action(async () => {
      const engine = await cli.engine();
      for (const name of engine.system.unusedNetworks()) {
        await engine.networks.remove(name);
        cli.stdout.write(`${name}\n`);
      }
    });
}

function configureCreate(command: Command, cli: Cli): void {
  examples(
    command.command('create').description('Make a network: containers on it know one another by name'),
    'plimsoll network create --subnet 10.20.0.0/24 backend',
    'plimsoll network create --internal vault',
  )
    .argument('<name>')
    .option('-d, --driver <driver>', 'bridge', 'bridge')
    .option('--subnet <cidr>', 'Its addresses; default some that nobody uses')
    .option('--gateway <address>', "The host's own address on it")
    .option('--internal', 'Nothing enters or leaves it')
    .option('--label <name=value>', 'Label', collect)
    .action(async (name: string, options: CreateOptions) => {
      if (options.driver !== 'bridge') {
        throw badOption(`there is no network driver "${options.driver}"`, "the one there is is 'bridge'");
      }
      const { subnet, gateway, internal = false, label = [] } = options;
      const engine = await cli.engine();
      const network = engine.networks.create({
        name,
        internal,
        labels: parsePairs(label, '--label'),
        ...(subnet === undefined ? {} : { subnet }),
        ...(gateway === undefined ? {} : { gateway }),
      });
      cli.stdout.write(`${network.id}\n`);
    });
}

interface CreateOptions {
  readonly driver: string;
  readonly subnet?: string;
  readonly gateway?: string;
  readonly internal?: true;
  readonly label?: readonly string[];
}

function configureConnections(command: Command, cli: Cli): void {
  examples(
    command.command('connect').description('Put a container on a further network, also while it runs'),
    'plimsoll network connect --alias db backend postgres',
  )
    .argument('<network>')
    .argument('<container>')
    .option('--alias <name>', 'A further name for it there', collect)
    .option('--ip <address>', 'Its address there')
    .action(async (network: string, container: string, { alias, ip }: { alias?: string[]; ip?: string }) => {
      const engine = await cli.engine();
      await engine.containers.connect(container, {
        network,
        ...(alias === undefined ? {} : { aliases: alias }),
        ...(ip === undefined ? {} : { address: parseAddress(ip) }),
      });
    });
  command
    .command('disconnect')
    .description('Take a container off a network, also while it runs')
    .argument('<network>')
    .argument('<container>')
    .action(async (network: string, container: string) => {
      const engine = await cli.engine();
      await engine.containers.disconnect(container, network);
    });
}

function columns(whole: boolean): readonly Column<Network>[] {
  return [
    { field: 'ID', title: 'NETWORK ID', value: row => (whole ? row.id : shortId(row.id)) },
    { field: 'Name', title: 'NAME', value: row => row.name },
    { field: 'Driver', title: 'DRIVER', value: row => row.driver },
    { field: 'Subnet', title: 'SUBNET', value: row => row.subnet ?? '' },
    { field: 'Internal', title: 'INTERNAL', value: row => String(row.internal), hidden: true },
    { field: 'Bridge', title: 'BRIDGE', value: row => row.bridge ?? '', hidden: true },
  ];
}
