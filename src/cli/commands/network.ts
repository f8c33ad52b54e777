import type { Command } from 'commander';
import type { Network } from '../../engine/index.ts';
import { removeEach } from '../../lib/remove-each.ts';
import { hasIpv4, joinLabels, matchesNetwork, networkFilters, shortId } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { acceptOptions, type RefusedOption, refuseOptions } from '../foreign-options.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseBoolean } from '../parse/parse-boolean.ts';
import { parseFilters } from '../parse/parse-filters.ts';
import { parseAddress, parseAddress6 } from '../parse/parse-networks.ts';
import { parsePairs } from '../parse/parse-pairs.ts';
import { type PruneFilters, pruneFilters, pruneMatcher, writeDeleted } from '../prune-filters.ts';
import { unlessMissing } from '../unless-missing.ts';
import { writeListing } from '../write-listing.ts';
import { configureInspectOf } from './inspect.ts';

/** `network ls|create|inspect|connect|disconnect|rm|prune` */
export function configureNetwork(command: Command, cli: Cli): void {
  listingOptions(
    examples(
      command.command('ls').alias('list').description('List networks'),
      'plimsoll network ls -f type=custom',
    ),
  )
    .option('-f, --filter <key=value>', `Only these: ${networkFilters.join(', ')}`, collect)
    .action(async (options: ListingOptions & { filter?: string[] }) => {
      const filters = parseFilters(options.filter ?? [], networkFilters);
      const engine = await cli.engine();
      const rows = engine.networks.list().filter(network => matchesNetwork(network, filters));
      await writeListing(cli, rows, columns(options.trunc === false), options);
    });
  configureCreate(command, cli);
  configureInspectOf('network')(
    command.command('inspect').description('Print all that is known of networks'),
    cli,
  );
  configureConnections(command, cli);
  examples(
    command.command('rm').alias('remove').description('Remove networks that nobody is on'),
    'plimsoll network rm backend',
  )
    .argument('<network...>')
    .option('-f, --force', 'One that is not there is no error')
    .action((names: string[], { force }: { force?: true }) =>
      eachName(cli, names, (engine, name) => unlessMissing(engine.networks.remove(name), force)),
    );
  pruneFilters(
    examples(
      command.command('prune').description('Remove every network that no container uses'),
      'plimsoll network prune --filter until=24h',
    ),
    cli,
    () => 'all networks of yours that no container uses',
  ).action(async (options: PruneFilters) => {
    const isMeant = pruneMatcher(options);
    const engine = await cli.engine();
    const unused = engine.system.unusedNetworks().filter(name => isMeant(engine.networks.inspect(name)));
    const removed = await removeEach(unused, name => engine.networks.remove(name));
    writeDeleted(cli, 'Networks', removed);
  });
}

function configureCreate(command: Command, cli: Cli): void {
  examples(
    refuseOptions(
      acceptOptions(
        command.command('create').description('Make a network: containers on it know one another by name'),
        '--attachable [true|false]',
      ),
      refusedByCreate,
    ),
    'plimsoll network create --subnet 10.20.0.0/24 backend',
    'plimsoll network create --ipv6 modern',
    'plimsoll network create --ipv4=false --ipv6 six',
    'plimsoll network create -d macvlan -o parent=eth0 --subnet 192.168.1.0/24 --gateway 192.168.1.1 lan',
    'plimsoll network create --internal vault',
  )
    .argument('<name>')
    .option('-d, --driver <driver>', 'bridge, or macvlan or ipvlan: directly on a link of the host', 'bridge')
    .option(
      '-o, --opt <name=value>',
      'Of macvlan and ipvlan: parent=LINK (LINK.ID for a VLAN), macvlan_mode=...',
      collect,
    )
    .option('--subnet <cidr>', 'Its addresses; default some that nobody uses; once more for IPv6', collect)
    .option('--gateway <address>', "The host's own address on it; once more for IPv6", collect)
    .option('--ip-range <cidr>', 'The part of the subnet that addresses are given from')
    .option('--ipv6', 'Addresses of IPv6 too')
    .option('--ipv4 [true|false]', 'Addresses of IPv4; with --ipv6, =false makes a network of IPv6 alone')
    .option('--internal', 'Nothing enters or leaves it')
    .option('--label <name=value>', 'Label', collect)
    .action(async (name: string, options: CreateOptions) => {
      const driver = networkDrivers.find(each => each === options.driver);
      if (driver === undefined) {
        throw badOption(
          `there is no network driver "${options.driver}"`,
          `there are ${networkDrivers.join(', ')}`,
        );
      }
      const opt = parsePairs(options.opt ?? [], '--opt');
      if (driver === 'bridge' && Object.keys(opt).length > 0)
        throw badOption('a bridge has no options', 'leave out --opt, or choose macvlan or ipvlan');
      const { subnet = [], gateway = [], ipv6 = false, internal = false, label = [] } = options;
      const engine = await cli.engine();
      const network = await engine.networks.create({
        name,
        driver,
        options: opt,
        ...(options.ipRange === undefined ? {} : { range: options.ipRange }),
        internal,
        ...(options.ipv4 === undefined ? {} : { ipv4: parseBoolean(options.ipv4, '--ipv4') }),
        ipv6,
        labels: parsePairs(label, '--label'),
        ...ofEachKind('--subnet', subnet, 'subnet', 'subnet6'),
        ...ofEachKind('--gateway', gateway, 'gateway', 'gateway6'),
      });
      cli.stdout.write(`${network.id}\n`);
    });
}

const ofSwarm = [
  'that is for networks of a swarm',
  'use a bridge, or macvlan and ipvlan for a link that machines share',
] as const;

const refusedByCreate: readonly RefusedOption[] = [
  ['--aux-address', 'no addresses are kept back by name', 'use --ip-range for the part that is given out'],
  ['--config-from', ...ofSwarm],
  ['--config-only', ...ofSwarm],
  ['--ingress', ...ofSwarm],
  ['--scope', ...ofSwarm],
  ['--ipam-driver', 'there is only the default one', 'leave it out'],
  ['--ipam-opt', 'the default driver has no options', 'leave it out'],
];

const refusedByConnect: readonly RefusedOption[] = [
  ['--driver-opt', 'connections have no options', 'leave it out'],
  ['--gw-priority', 'the first network is the way out', 'name that network first, by run --network'],
  ['--link', 'links are a legacy of docker', 'use --alias'],
  ['--link-local-ip', 'there are no link-local addresses', 'leave it out'],
];

const networkDrivers = ['bridge', 'macvlan', 'ipvlan'] as const;

interface CreateOptions {
  readonly driver: string;
  readonly opt?: readonly string[];
  readonly ipRange?: string;
  readonly subnet?: readonly string[];
  readonly gateway?: readonly string[];
  readonly ipv6?: true;
  readonly ipv4?: string | boolean;
  readonly internal?: true;
  readonly label?: readonly string[];
}

/** An option that may be given once for IPv4 and once for IPv6. */
function ofEachKind<Field extends string>(
  option: string,
  values: readonly string[],
  field4: Field,
  field6: Field,
): { [field in Field]?: string } {
  const [of4, of6] = [
    values.filter(value => !value.includes(':')),
    values.filter(value => value.includes(':')),
  ];
  if (of4.length > 1 || of6.length > 1)
    throw badOption(`${option} is given twice for one kind of IP`, 'make one network for each');
  const result: { [field in Field]?: string } = {};
  if (of4[0] !== undefined) result[field4] = of4[0];
  if (of6[0] !== undefined) result[field6] = of6[0];
  return result;
}

function configureConnections(command: Command, cli: Cli): void {
  examples(
    refuseOptions(
      command.command('connect').description('Put a container on a further network, also while it runs'),
      refusedByConnect,
    ),
    'plimsoll network connect --alias db backend postgres',
  )
    .argument('<network>')
    .argument('<container>')
    .option('--alias <name>', 'A further name for it there', collect)
    .option('--ip <address>', 'Its address there')
    .option('--ip6 <address>', 'Its IPv6 address there')
    .action(async (network: string, container: string, { alias, ip, ip6 }: ConnectOptions) => {
      const engine = await cli.engine();
      await engine.containers.connect(container, {
        network,
        ...(alias === undefined ? {} : { aliases: alias }),
        ...(ip === undefined ? {} : { address: parseAddress(ip) }),
        ...(ip6 === undefined ? {} : { address6: parseAddress6(ip6) }),
      });
    });
  examples(
    command.command('disconnect').description('Take a container off a network, also while it runs'),
    'plimsoll network disconnect backend web',
  )
    .argument('<network>')
    .argument('<container>')
    .option('-f, --force', 'Accepted for scripts: it is taken off in any case')
    .action(async (network: string, container: string) => {
      const engine = await cli.engine();
      await engine.containers.disconnect(container, network);
    });
}

interface ConnectOptions {
  readonly alias?: string[];
  readonly ip?: string;
  readonly ip6?: string;
}

function columns(whole: boolean): readonly Column<Network>[] {
  return [
    { field: 'ID', title: 'NETWORK ID', value: row => (whole ? row.id : shortId(row.id)) },
    { field: 'Name', title: 'NAME', value: row => row.name },
    { field: 'Driver', title: 'DRIVER', value: row => (row.driver === 'none' ? 'null' : row.driver) },
    { field: 'Scope', title: 'SCOPE', value: () => 'local' },
    { field: 'Subnet', title: 'SUBNET', value: row => [row.subnet, row.subnet6].filter(Boolean).join(', ') },
    { field: 'IPv4', title: 'IPV4', value: row => String(hasIpv4(row)), hidden: true },
    { field: 'IPv6', title: 'IPV6', value: row => String(row.subnet6 !== undefined), hidden: true },
    { field: 'Internal', title: 'INTERNAL', value: row => String(row.internal), hidden: true },
    { field: 'Labels', title: 'LABELS', value: row => joinLabels(row.labels), hidden: true },
    {
      field: 'CreatedAt',
      title: 'CREATED AT',
      value: row => new Date(row.created).toISOString(),
      hidden: true,
    },
    { field: 'Bridge', title: 'BRIDGE', value: row => row.bridge ?? '', hidden: true },
  ];
}
