import type { ContainerDetails, ContainerSummary, Network } from '../engine/index.ts';

/** Docker's NetworkSettings.Networks of a container: every network that it is on, or will be on when it runs. */
export function containerNetworksJson(
  container: ContainerSummary | ContainerDetails,
  networks: readonly Network[],
): Record<string, object> {
  const spec = 'spec' in container ? container.spec : undefined;
  const wanted = [container.network, ...(spec?.attachments ?? []).map(({ network }) => network)];
  const joined = networks.filter(({ containers }) => container.id in containers).map(({ name }) => name);
  const names = [...new Set([...wanted, ...joined])].filter(name => !name.startsWith('container:'));
  return Object.fromEntries(
    names.map(name => {
      const network = networks.find(each => each.name === name || each.id === name);
      const attachment = spec?.attachments?.find(each => each.network === name);
      return [network?.name ?? name, endpointJson(container, network, attachment)];
    }),
  );
}

function endpointJson(
  { id, name }: ContainerSummary,
  network: Network | undefined,
  attachment: { aliases?: readonly string[]; address?: string; mac?: string } | undefined,
): object {
  const [address = '', length = '0'] = (network?.containers[id] ?? '').split('/');
  const prefix = network?.subnet?.split('/')[1] ?? length;
  const on = address !== '';
  return {
    IPAMConfig: attachment?.address === undefined ? null : { IPv4Address: attachment.address },
    Links: [],
    Aliases: attachment?.aliases ?? [],
    MacAddress: attachment?.mac ?? '',
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: network?.id ?? '',
    EndpointID: on ? id : '',
    Gateway: on ? (network?.gateway ?? '') : '',
    IPAddress: address,
    IPPrefixLen: on ? Number(prefix) : 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: [name, id.slice(0, 12), ...(attachment?.aliases ?? [])],
  };
}
