import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createNetworkNamespace, openRouteSocket } from '../kernel/index.ts';
import { namespaceFolder } from './names.ts';
import {
  addAddress,
  addDefaultRoute,
  addPair,
  allowHairpin,
  getLink,
  linkIndex,
  raiseLink,
} from './netlink/link-requests.ts';
import { createRouteSocket, type RouteSocket } from './netlink/route-socket.ts';

/** A container's end of a link, and the host's. */
export interface Link {
  /** Its name in the folder of namespaces. */
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
  /** With prefix length; undefined where the network has no IPv6. */
  readonly address6: string | undefined;
  readonly gateway6: string | undefined;
  readonly mtu: number;
}

/**
 * Makes a container's link; with its namespace, if it is the first. Throws `internal` (`NETLINK_REFUSED`). By system
 * calls, as it is in the way of every container that starts: two commands of ip(8) took 70 ms of processor time.
 */
export async function plugLink(link: Link, options: { readonly newNamespace: boolean }): Promise<void> {
  const path = join(namespaceFolder, link.namespace);
  const open = options.newNamespace ? createNetworkNamespace : openRouteSocket;
  using inside = createRouteSocket(await open(path));
  using outside = createRouteSocket(await openRouteSocket());
  await pair(outside, link, path);
  await setUp(inside, link);
}

async function pair(outside: RouteSocket, link: Link, path: string): Promise<void> {
  const bridge = await indexOf(outside, link.bridge);
  const namespace = openSync(path, 'r');
  try {
    await outside.request(addPair({ ...link, namespace, bridge }));
  } finally {
    closeSync(namespace);
  }
  await outside.request(allowHairpin(link.host));
}

async function setUp(inside: RouteSocket, link: Link): Promise<void> {
  const index = await indexOf(inside, link.name);
  const given = (value: string | undefined) => (value === undefined ? [] : [value]);
  await inside.request(raiseLink('lo'));
  for (const address of [link.address, ...given(link.address6)])
    await inside.request(addAddress(index, address));
  await inside.request(raiseLink(link.name));
  for (const gateway of [...given(link.gateway), ...given(link.gateway6)])
    await inside.request(addDefaultRoute(gateway));
}

async function indexOf(socket: RouteSocket, name: string): Promise<number> {
  const body = await socket.request(getLink(name));
  if (body === undefined) throw new TypeError(`the kernel did not describe the link "${name}"`);
  return linkIndex(body);
}
