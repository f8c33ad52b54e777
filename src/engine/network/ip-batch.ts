/** Commands that make a bridge with its address, for `ip -batch`. */
export function bridgeCommands(bridge: {
  readonly name: string;
  readonly mac: string;
  /** With prefix length. */
  readonly gateway: string;
  readonly mtu: number;
  readonly exists: boolean;
}): string {
  const { name, mac, gateway, mtu, exists } = bridge;
  return script([
    ...(exists ? [] : [`link add name ${name} address ${mac} type bridge`]), // a fixed MAC: else it follows its ports
    `addr flush dev ${name}`,
    `addr add ${gateway} broadcast + dev ${name}`,
    `link set ${name} mtu ${mtu} up`,
  ]);
}

/** A container's end of a link, and the host's. */
export interface Link {
  readonly namespace: string;
  readonly host: string;
  readonly bridge: string;
  readonly mac: string;
  /** With prefix length. */
  readonly address: string;
  readonly gateway: string;
  readonly mtu: number;
}

/** Commands on the host's side: the namespace, the link, its place on the bridge. */
export function linkCommands(link: Link): string {
  return script([
    `netns add ${link.namespace}`,
    `link add ${link.host} mtu ${link.mtu} type veth peer name eth0 address ${link.mac} mtu ${link.mtu} netns ${link.namespace}`,
    ...attachCommands(link),
  ]);
}

/** Commands that put the host's end on its bridge; hairpin lets a container reach itself by its published port. */
export function attachCommands({ host, bridge }: Pick<Link, 'host' | 'bridge'>): string[] {
  return [`link set ${host} master ${bridge} up`, `link set ${host} type bridge_slave hairpin on`];
}

/** Commands inside the container's namespace, for `ip -n NAMESPACE -batch`. */
export function namespaceCommands(link: Link): string {
  return script([
    'link set lo up',
    `addr add ${link.address} broadcast + dev eth0`,
    'link set eth0 up',
    `route add default via ${link.gateway}`,
  ]);
}

/** Lines as one input of `ip -batch -`. */
export function script(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('');
}
