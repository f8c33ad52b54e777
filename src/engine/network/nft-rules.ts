import type { PublishedPort } from './types.ts';

/** A published port and where it leads; `hostPort` is chosen. */
export interface PortRule extends PublishedPort {
  /** The container's address, without prefix length. */
  readonly address: string;
}

/** What the table of a root is made from. */
export interface TableState {
  readonly table: string;
  readonly networks: readonly {
    readonly bridge: string;
    readonly subnet: string;
    readonly internal: boolean;
  }[];
  readonly ports: readonly PortRule[];
}

/**
 * The whole table of a root as a script for `nft -f`, replacing what is there in one transaction.
 *
 * - `ports` leads ports published on every address of the host, `addressed` those of one address (looked up first).
 * - `unspoof`: route_localnet lets the host's own 127.0.0.1 reach containers; the other direction stays shut.
 * - `forward`: into a bridge goes only what a container asked for, what is published, and its own traffic. An accept
 *   here does not beat another table's drop; a drop does end it.
 * - An internal network keeps to itself: nothing is forwarded from it or to it. Networks do not reach one another.
 * - `source`: towards the world containers take the host's address; so do the host's loopback clients of published
 *   ports, and containers that reach a neighbour (or themselves) by a published port.
 */
export function formatTable({ table, networks, ports }: TableState): string {
  const bridges = networks.map(({ bridge }) => `"${bridge}"`).join(', ');
  const within = networks.map(({ bridge }) => `    iifname "${bridge}" oifname "${bridge}" accept`);
  const shut = networks
    .filter(({ internal }) => internal)
    .flatMap(({ bridge }) => [
      `    iifname "${bridge}" oifname != "${bridge}" drop`,
      `    oifname "${bridge}" iifname != "${bridge}" drop`,
    ]);
  return [
    `table ip ${table} {}`,
    `delete table ip ${table}`,
    `table ip ${table} {`,
    '  map ports { type inet_proto . inet_service : ipv4_addr . inet_service; }',
    '  map addressed { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }',
    `  set subnets { type ipv4_addr; flags interval; elements = { ${networks.map(n => n.subnet).join(', ')} } }`,
    `  set bridges { type ifname; elements = { ${bridges} } }`,
    '  chain unspoof {',
    '    type filter hook prerouting priority -300',
    '    iifname @bridges ip daddr 127.0.0.0/8 drop',
    '  }',
    '  chain publish {',
    '    fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @addressed',
    '    fib daddr type local dnat ip to meta l4proto . th dport map @ports',
    '  }',
    '  chain incoming {',
    '    type nat hook prerouting priority -100',
    '    meta l4proto { tcp, udp } jump publish',
    '  }',
    '  chain outgoing {',
    '    type nat hook output priority -100',
    '    meta l4proto { tcp, udp } jump publish',
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
    '    ip saddr 127.0.0.0/8 oifname @bridges masquerade',
    '    ip saddr @subnets ip daddr != @subnets masquerade',
    '    ct status dnat ip saddr @subnets ip daddr @subnets masquerade',
    '  }',
    '}',
    ...ports.map(port => formatPort('add', table, port)),
    '',
  ].join('\n');
}

/** One published port as a command of an nft script. */
export function formatPort(verb: 'add' | 'delete', table: string, port: PortRule): string {
  const target = `: ${port.address} . ${port.containerPort}`;
  const service = `${port.protocol} . ${port.hostPort}`;
  return port.hostAddress === '0.0.0.0'
    ? `${verb} element ip ${table} ports { ${service} ${target} }`
    : `${verb} element ip ${table} addressed { ${port.hostAddress} . ${service} ${target} }`;
}
