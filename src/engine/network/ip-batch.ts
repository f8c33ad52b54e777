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

/** Commands that put the host's end on its bridge; hairpin lets a container reach itself by its published port. */
export function attachCommands({
  host,
  bridge,
}: {
  readonly host: string;
  readonly bridge: string;
}): string[] {
  return [`link set ${host} master ${bridge} up`, `link set ${host} type bridge_slave hairpin on`];
}

/** Lines as one input of `ip -batch -`. */
export function script(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('');
}
