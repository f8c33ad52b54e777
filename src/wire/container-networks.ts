import type { ContainerDetails, ContainerSummary, Network, NetworkAttachment } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';

/**
 * Docker's NetworkSettings.Networks of a container: every network that it is on, or will be on when it runs. `idAliases`:
 * as clients before 1.45 know it, where the id is an alias on networks that have names.
 */
export function containerNetworksJson(
  container: ContainerSummary | ContainerDetails,
  networks: readonly Network[],
  { idAliases = false } = {},
): Record<string, object> {
  const spec = 'spec' in container ? container.spec : undefined;
  const wanted = [container.network, ...(spec?.attachments ?? []).map(({ network }) => network)];
  const joined = networks.filter(({ containers }) => container.id in containers).map(({ name }) => name);
  const names = [...new Set([...wanted, ...joined])].filter(name => !name.startsWith('container:'));
  return Object.fromEntries(
    names.map(name => {
      const network = networks.find(each => each.name === name || each.id === name);
      const attachment = spec?.attachments?.find(each => each.network === name);
      const ids =
        idAliases && network !== undefined && !unnamed.has(network.name) ? [container.id.slice(0, 12)] : [];
      return [network?.name ?? name, endpointJson(container, network, attachment, ids)];
    }),
  );
}

/** Networks on which containers do not find one another by name. */
const unnamed = new Set(['bridge', 'host', 'none']);

function endpointJson(
  { id, name }: ContainerSummary,
  network: Network | undefined,
  attachment: NetworkAttachment | undefined,
  idAliases: readonly string[],
): object {
  const member = network?.containers[id];
  const on = member !== undefined;
  const { address = '', address6 = '', mac = '' } = member ?? {};
  const lengthOf = (subnet: string | undefined) => Number(subnet?.split('/')[1] ?? 0);
  return {
    IPAMConfig: ipamConfig(attachment),
    Links: (attachment?.links ?? []).map(({ container, alias }) => `${container}:${alias}`),
    Aliases: [...(attachment?.aliases ?? []), ...idAliases],
    MacAddress: mac || (attachment?.mac ?? ''),
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: network?.id ?? '',
    EndpointID: on ? id : '',
    Gateway: on ? (network?.gateway ?? '') : '',
    IPAddress: address,
    IPPrefixLen: address === '' ? 0 : lengthOf(network?.subnet),
    IPv6Gateway: address6 === '' ? '' : (network?.gateway6 ?? ''),
    GlobalIPv6Address: address6,
    GlobalIPv6PrefixLen: address6 === '' ? 0 : lengthOf(network?.subnet6),
    DNSNames: [name, id.slice(0, 12), ...(attachment?.aliases ?? [])],
  };
}

function ipamConfig({ address, address6 }: Partial<NetworkAttachment> = {}): object | null {
  if (address === undefined && address6 === undefined) return null;
  return defined({ IPv4Address: address, IPv6Address: address6 });
}
