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
  /** The container's end. */
  readonly name: string;
  readonly host: string;
  readonly bridge: string;
  readonly mac: string;
  /** With prefix length. */
  readonly address: string;
  /** The way to the world, if this link is it. */
  readonly gateway: string | undefined;
  readonly mtu: number;
}

/** Commands on the host's side: the namespace with the first link, the link, its place on the bridge. */
export function linkCommands(link: Link, options: { readonly newNamespace: boolean }): string {
  const { host, name, mac, mtu, namespace } = link;
  return script([
    ...(options.newNamespace ? [`netns add ${namespace}`] : []),
    `link add ${host} mtu ${mtu} type veth peer name ${name} address ${mac} mtu ${mtu} netns ${namespace}`,
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
    `addr add ${link.address} broadcast + dev ${link.name}`,
    `link set ${link.name} up`,
    ...(link.gateway === undefined ? [] : [`route add default via ${link.gateway}`]),
  ]);
}

/** Lines as one input of `ip -batch -`. */
export function script(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('');
}
