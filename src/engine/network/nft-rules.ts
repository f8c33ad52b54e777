import { isAddress6 } from './ipv6.ts';
import type { PublishedPort } from './types.ts';

/** A published port and where it leads; `hostPort` is chosen, and `hostAddress` is not empty. */
export interface PortRule extends PublishedPort {
  /** The container's address of the same kind, without prefix length. */
  readonly address: string;
}

/** What the tables of a root are made from. */
export interface TableState {
  readonly table: string;
  readonly networks: readonly {
    readonly bridge: string;
    /** Of IPv4, IPv6 or both. */
    readonly subnet?: string;
    readonly subnet6?: string;
    readonly internal: boolean;
  }[];
  readonly ports: readonly PortRule[];
  /** There may be a table for IPv6 already. */
  readonly mayHaveTwin: boolean;
}

/**
 * The whole table of a root, and a twin for IPv6 where a network has that, as a script for `nft -f`, replacing what is
 * there in one transaction.
 *
 * - `ports` leads ports published on every address of the host, `addressed` those of one address (looked up first).
 * - `unspoof`: route_localnet lets the host's own 127.0.0.1 reach containers; the other direction stays shut. The
 *   kernel has no such thing for ::1: it is left alone, so that a client is refused there at once, and tries 127.0.0.1.
 * - `forward`: into a bridge goes only what a container asked for, what is published, and its own traffic. An accept
 *   here does not beat another table's drop; a drop does end it.
 * - An internal network keeps to itself: nothing is forwarded from it or to it. Networks do not reach one another.
 *   IPv4 keeps to itself on one without: a container might give itself an address.
 * - `source`: towards the world containers take the host's address; so do the host's loopback clients of published
 *   ports, and containers that reach a neighbour (or themselves) by a published port. Everybody else keeps their own.
 */
export function formatTable({ table, networks, ports, mayHaveTwin }: TableState): string {
  const of4 = networks.map(({ bridge, subnet, internal }) => ({
    bridge,
    subnet,
    internal: internal || subnet === undefined,
  }));
  const of6 = networks.flatMap(({ bridge, subnet6, internal }) =>
    subnet6 === undefined ? [] : [{ bridge, subnet: subnet6, internal }],
  );
  return [
    ...tableLines('ip', table, of4),
    ...(of6.length > 0 ? tableLines('ip6', table, of6) : mayHaveTwin ? removalLines('ip6', table) : []),
    ...ports.map(port => formatPort('add', table, port)),
    '',
  ].join('\n');
}

/** Takes the tables away, whether they are there or not. */
export function formatRemoval({ table, mayHaveTwin }: Pick<TableState, 'table' | 'mayHaveTwin'>): string {
  return [...removalLines('ip', table), ...(mayHaveTwin ? removalLines('ip6', table) : []), ''].join('\n');
}

/** One published port as a command of an nft script. */
export function formatPort(verb: 'add' | 'delete', table: string, port: PortRule): string {
  const family = isAddress6(port.hostAddress) ? 'ip6' : 'ip';
  const target = `: ${port.address} . ${port.containerPort}`;
  const service = `${port.protocol} . ${port.hostPort}`;
  return port.hostAddress === everyAddress[family]
    ? `${verb} element ${family} ${table} ports { ${service} ${target} }`
    : `${verb} element ${family} ${table} addressed { ${port.hostAddress} . ${service} ${target} }`;
}

type Family = 'ip' | 'ip6';

const everyAddress = { ip: '0.0.0.0', ip6: '::' } as const;

function removalLines(family: Family, table: string): string[] {
  return [`table ${family} ${table} {}`, `delete table ${family} ${table}`];
}

function tableLines(
  family: Family,
  table: string,
  networks: readonly {
    readonly bridge: string;
    readonly subnet: string | undefined;
    readonly internal: boolean;
  }[],
): string[] {
  const address = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr';
  const subnets = networks.flatMap(({ subnet }) => subnet ?? []);
  const elements = subnets.length === 0 ? '' : ` elements = { ${subnets.join(', ')} }`;
  const bridges = networks.map(({ bridge }) => `"${bridge}"`).join(', ');
  const within = networks.map(({ bridge }) => `    iifname "${bridge}" oifname "${bridge}" accept`);
  const shut = networks
    .filter(({ internal }) => internal)
    .flatMap(({ bridge }) => [
      `    iifname "${bridge}" oifname != "${bridge}" drop`,
      `    oifname "${bridge}" iifname != "${bridge}" drop`,
    ]);
  const unspoof = [
    '  chain unspoof {',
    '    type filter hook prerouting priority -300',
    '    iifname @bridges ip daddr 127.0.0.0/8 drop',
    '  }',
  ];
  return [
    ...removalLines(family, table),
    `table ${family} ${table} {`,
    `  map ports { type inet_proto . inet_service : ${address} . inet_service; }`,
    `  map addressed { type ${address} . inet_proto . inet_service : ${address} . inet_service; }`,
    `  set subnets { type ${address}; flags interval;${elements} }`,
    `  set bridges { type ifname; elements = { ${bridges} } }`,
    ...(family === 'ip' ? unspoof : []),
    '  chain publish {',
    ...(family === 'ip' ? [] : ['    ip6 daddr ::1 return']),
    `    fib daddr type local dnat ${family} to ${family} daddr . meta l4proto . th dport map @addressed`,
    `    fib daddr type local dnat ${family} to meta l4proto . th dport map @ports`,
    '  }',
    '  chain incoming {',
    '    type nat hook prerouting priority -100',
    '    meta l4proto { tcp, udp, sctp } jump publish',
    '  }',
    '  chain outgoing {',
    '    type nat hook output priority -100',
    '    meta l4proto { tcp, udp, sctp } jump publish',
    '  }',
    '  chain forward {',
    '    type filter hook forward priority 0',
    ...shut,
    '    oifname @bridges ct state established,related accept',
    '    oifname @bridges ct status dnat accept',
    ...within,
    '    oifname @bridges drop',
    '  }',
    '  chain source {',
    '    type nat hook postrouting priority 100',
    ...(family === 'ip' ? ['    ip saddr 127.0.0.0/8 oifname @bridges masquerade'] : []),
    `    ${family} saddr @subnets ${family} daddr != @subnets masquerade`,
    `    ct status dnat ${family} saddr @subnets ${family} daddr @subnets masquerade`,
    '  }',
    '}',
  ];
}
