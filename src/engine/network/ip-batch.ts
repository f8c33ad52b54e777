/** What a bridge is made from. */
interface BridgePlace {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
}

/** Commands that make a bridge, still down, for `ip -batch`. A fixed MAC: else it follows its ports. */
export function makeBridge({ name, mac }: BridgePlace): string {
  return script([`link add name ${name} address ${mac} type bridge`]);
}

/** Commands that give a bridge the host's own addresses (with prefix length; nobody else is asked for them). */
export function addressBridge({
  name,
  mtu,
  gateways,
}: BridgePlace & { readonly gateways: readonly string[] }): string {
  const options = (gateway: string) => (gateway.includes(':') ? 'nodad' : 'broadcast +');
  return script([
    `addr flush dev ${name} scope global`,
    ...gateways.map(gateway => `addr add ${gateway} ${options(gateway)} dev ${name}`),
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
