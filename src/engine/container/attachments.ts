import { PlimsollError } from '../../errors.ts';
import type { ConnectRequest, Endpoint } from '../network/index.ts';
import { containerIn } from './namespaces.ts';
import type { ContainerRecord } from './records.ts';
import type { ContainerSpec, NetworkAttachment } from './types.ts';
import { announce, isLive, type World } from './world.ts';

/** The first endpoint of a container, with the addresses of all. */
export interface ConnectedEndpoint extends Endpoint {
  readonly addresses: readonly string[];
}

/** All networks of a container, that of `--network` first; empty for `host`, `none` and that of another container. */
export function attachmentsOf(spec: ContainerSpec): NetworkAttachment[] {
  const network = spec.network ?? 'bridge';
  if (network === 'host' || network === 'none' || containerIn(network) !== undefined) return [];
  const all = spec.attachments ?? [];
  const first = all.find(attachment => attachment.network === network) ?? { network };
  return [first, ...all.filter(attachment => attachment !== first)];
}

/** Connects a container that is about to start with all its networks; undefined if it has none of its own. */
export async function connectAll(
  world: World,
  record: ContainerRecord,
): Promise<ConnectedEndpoint | undefined> {
  const [first, ...others] = attachmentsOf(record.spec);
  if (first === undefined) return undefined;
  const { ports = [] } = record.spec;
  const endpoint = await world.networks.connect({ ...requestFor(record, first), ports });
  const addresses = addressesOf(endpoint);
  for (const other of others)
    addresses.push(...addressesOf(await world.networks.connect(requestFor(record, other))));
  return { ...endpoint, addresses };
}

/** See `ContainerService.connect`; call it under the container's lock. */
export async function connectContainer(
  world: World,
  record: ContainerRecord,
  attachment: NetworkAttachment,
): Promise<void> {
  const { id, name, spec, state } = record;
  const { name: network } = world.networks.inspect(attachment.network);
  const current = attachmentsOf(spec);
  const alone =
    current.length === 0 && !isOnNone(spec) ? spec.network : ['host', 'none'].find(mode => mode === network);
  if (alone !== undefined) {
    throw conflict(
      `the container "${name}" cannot join "${network}": "${alone}" goes with no other network`,
      {
        container: name,
        network,
      },
    );
  }
  if (current.some(other => other.network === network)) {
    throw conflict(`the container "${name}" is on the network "${network}" already`, {
      container: name,
      network,
    });
  }
  if (isLive(state) && (attachment.links ?? []).length > 0) {
    throw conflict(
      `the container "${name}" runs: its links are read when it starts`,
      { container: name, network },
      'stop it first, or put a name on the other container by --network-alias',
    );
  }
  const added = { ...attachment, network };
  const attachments = [...current, added];
  if (!isLive(state)) {
    const first = isOnNone(spec) ? { network } : {};
    return world.records.saveSpec(id, { ...spec, ...first, attachments });
  }
  const endpoint = await world.networks.connect(requestFor(record, added));
  world.db.transaction(() => {
    world.records.saveSpec(id, { ...spec, attachments });
    world.records.saveState(id, {
      ...state,
      addresses: [...(state.addresses ?? []), ...addressesOf(endpoint)],
    });
    announce(world, record, 'update');
  });
}

/** See `ContainerService.disconnect`; call it under the container's lock. */
export async function disconnectContainer(
  world: World,
  record: ContainerRecord,
  wanted: string,
): Promise<void> {
  const { id, name, spec, state } = record;
  const { name: network, containers } = world.networks.inspect(wanted);
  const current = attachmentsOf(spec);
  const [first, ...others] = current.filter(other => other.network !== network);
  if (others.length + 1 === current.length && first !== undefined) {
    throw conflict(`the container "${name}" is not on the network "${network}"`, {
      container: name,
      network,
    });
  }
  if (first === undefined && !isLive(state)) {
    return world.records.saveSpec(id, { ...spec, network: 'none', attachments: [] });
  }
  if (first === undefined) {
    throw conflict(
      `the network "${network}" is the only one of the container "${name}"`,
      { container: name, network },
      `connect it with another one first: 'plimsoll network connect NETWORK ${name}'`,
    );
  }
  if (isLive(state)) await world.networks.disconnect(id, network);
  const { address, address6 } = containers[id] ?? {};
  const addresses = (state.addresses ?? []).filter(
    each => ![address, address6].includes(each.split('/')[0] ?? ''),
  );
  world.db.transaction(() => {
    world.records.saveSpec(id, { ...spec, network: first.network, attachments: [first, ...others] });
    if (isLive(state)) world.records.saveState(id, { ...state, addresses });
    announce(world, record, 'update');
  });
}

function addressesOf({ address, address6 }: Endpoint): string[] {
  return [address, address6].filter(each => each !== undefined);
}

/** Taken off its last network before it runs: it may join another, unlike one that was made to be on none. */
function isOnNone({ network, attachments }: ContainerSpec): boolean {
  return network === 'none' && attachments?.length === 0;
}

function requestFor(
  { id, name, spec }: ContainerRecord,
  { network, aliases = [], address, address6, mac }: NetworkAttachment,
): ConnectRequest {
  return {
    container: id,
    names: [name, id.slice(0, 12), ...(spec.hostname === undefined ? [] : [spec.hostname]), ...aliases],
    network,
    ports: [],
    ...(address === undefined ? {} : { address }),
    ...(address6 === undefined ? {} : { address6 }),
    ...(mac === undefined ? {} : { mac }),
  };
}

function conflict(message: string, data: { container: string; network: string }, hint?: string) {
  return new PlimsollError('conflict', message, {
    code: 'NETWORK_ATTACHMENT',
    data,
    ...(hint === undefined ? {} : { hint }),
  });
}
