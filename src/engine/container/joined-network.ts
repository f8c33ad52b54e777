import { PlimsollError } from '../../errors.ts';
import { containerIn, namespaceOf } from './namespaces.ts';
import type { ContainerRecord } from './records.ts';
import type { ContainerSpec } from './types.ts';
import type { World } from './world.ts';

/** The container whose network another one has (`--network container:NAME`). Throws `not-found` if it is gone. */
export function networkOwner(
  world: World,
  { network }: Pick<ContainerSpec, 'network'>,
): ContainerRecord | undefined {
  const name = containerIn(network ?? '');
  return name === undefined ? undefined : world.records.find(name);
}

/** The namespace that is joined, as the runtime takes it. Throws `conflict` if the owner does not run. */
export function joinedNamespace(world: World, owner: ContainerRecord): string {
  const further = networkOwner(world, owner.spec);
  if (further !== undefined) return joinedNamespace(world, further);
  const path = namespaceOf(world, 'net', owner.id);
  return owner.spec.network === 'host' ? 'host' : path;
}

/**
 * What goes with a network that is another container's: nothing that would say how it is. Its owner is kept by id, as
 * docker does: names change. Throws `invalid-argument`, `not-found`.
 */
export function joinNetwork(world: World, spec: ContainerSpec): ContainerSpec {
  const owner = networkOwner(world, spec);
  if (owner === undefined) return spec;
  const own = Object.entries({
    '--publish': spec.ports?.length,
    '--hostname': spec.hostname,
    '--domainname': spec.domainname,
    '--dns': spec.dns?.length,
    '--dns-search': spec.dnsSearch?.length,
    '--dns-option': spec.dnsOptions?.length,
    '--add-host': spec.extraHosts?.length,
    '--ip, --mac-address, --network-alias or another --network': spec.attachments?.length,
  }).find(([, value]) => value);
  if (own === undefined) return { ...spec, network: `container:${owner.id}` };
  throw new PlimsollError('invalid-argument', `${own[0]} does not go with the network of another container`, {
    code: 'NETWORK_JOINED',
    hint: `leave it out, and give it to "${owner.name}", whose network it is`,
    data: { container: owner.name },
  });
}
