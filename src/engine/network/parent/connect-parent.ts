import { readFileSync } from 'node:fs';
import { isPlimsollError, PlimsollError, withContext } from '../../../errors.ts';
import { defined } from '../../../lib/defined.ts';
import { type Booking, book } from '../address-book.ts';
import { disconnectOne } from '../disconnect.ts';
import { hostNameservers } from '../host-nameservers.ts';
import { namespaceName, namespacePath } from '../names.ts';
import { plugChild } from '../plug-link.ts';
import { announce, type ServiceState } from '../service-state.ts';
import type { ConnectRequest, Endpoint } from '../types.ts';
import { raiseParent } from './parent-link.ts';
import type { ParentNetwork } from './parent-networks.ts';

/** Puts a container directly on a link of the host. See `NetworkService.connect`. */
export async function connectToParent(
  state: ServiceState,
  request: ConnectRequest,
  network: ParentNetwork,
): Promise<Endpoint> {
  const { db } = state;
  const { name, subnet, gateway, subnet6, gateway6, range } = network;
  const booking = book(db, {
    ...request,
    network: name,
    ...defined({ subnet, gateway, subnet6, gateway6, range }),
    ports: [],
  });
  try {
    return await realise(state, request, booking, network);
  } catch (error) {
    await disconnectOne(state, request.container, name);
    throw withContext(`cannot connect the container to network "${name}"`, refusal(error, network));
  }
}

async function realise(
  state: ServiceState,
  request: ConnectRequest,
  booking: Booking,
  network: ParentNetwork,
): Promise<Endpoint> {
  const { root, driver, events } = state;
  const { driver: kind, parent, mode, subnet, gateway, subnet6, gateway6, internal } = network;
  await raiseParent(root, parent);
  const namespace = namespaceName(root, booking.container);
  const isFirst = booking.interface === 'eth0';
  if (isFirst) await driver.unplug(namespace); // what a killed process left
  const address = booking.address && `${booking.address}/${subnet?.split('/')[1]}`;
  const address6 = booking.address6 && `${booking.address6}/${subnet6?.split('/')[1]}`;
  const isWayOut = isFirst && !internal;
  await plugChild(
    {
      namespace,
      name: booking.interface,
      ...{ parent, kind, mode, address, address6 },
      mac: kind === 'macvlan' ? booking.mac : undefined,
      mtu: Number(readFileSync(`/sys/class/net/${parent}/mtu`, 'latin1')),
      gateway: isWayOut ? gateway : undefined,
      gateway6: isWayOut ? gateway6 : undefined,
    },
    { newNamespace: isFirst },
  );
  announce(events, network, 'connect', booking.container);
  return {
    network: network.name,
    ...defined({ address, gateway, address6, gateway6 }),
    mac: booking.mac,
    namespace: namespacePath(root, booking.container),
    ports: [],
    nameservers: hostNameservers(network),
    warnings:
      request.ports.length === 0
        ? []
        : [
            `nothing is published: on "${network.name}" (${kind}) the container has an address of its own, ${booking.address ?? booking.address6}`,
          ],
  };
}

/** What the kernel means by its errors for links on a parent, in words. */
function refusal(error: unknown, { driver, parent }: ParentNetwork): unknown {
  if (!isPlimsollError(error) || error.code !== 'NETLINK_REFUSED') return error;
  const words = {
    ENOTSUP: [
      `this kernel has no ${driver}`,
      `load the module: 'sudo modprobe ${driver}'; or use the bridge driver`,
    ],
    EBUSY: [
      `the link "${parent}" is taken by another kind of network`,
      'a parent carries macvlan or ipvlan, not both, and one container alone with passthru',
    ],
    EINVAL: [
      `the link "${parent}" cannot carry ${driver}`,
      'choose another parent: one with hardware addresses, that is on no bridge and alone with passthru',
    ],
  }[String(error.data?.errno)];
  if (words === undefined) return error;
  const [message = '', hint = ''] = words;
  return new PlimsollError('not-implemented', message, { code: 'PARENT_REFUSED', hint, cause: error });
}
