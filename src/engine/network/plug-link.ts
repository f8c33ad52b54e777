import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { isPlimsollError } from '../../errors.ts';
import { createNetworkNamespace, openRouteSocket } from '../kernel/index.ts';
import { namespaceFolder } from './names.ts';
import {
  addAddress,
  addChild,
  addDefaultRoute,
  addDefaultRouteBy,
  addPair,
  allowHairpin,
  deleteLink,
  getLink,
  linkIndex,
  raiseLink,
} from './netlink/link-requests.ts';
import { createRouteSocket, type RouteSocket } from './netlink/route-socket.ts';
import type { ParentDriver, ParentMode } from './parent/parent-mode.ts';

/** What a container's end of a link is given. */
interface LinkEnd {
  /** Its name in the folder of namespaces. */
  readonly namespace: string;
  /** The container's end. */
  readonly name: string;
  /** With prefix length; undefined where the network does not have this kind. */
  readonly address: string | undefined;
  /** The way to the world, if this link is it. */
  readonly gateway: string | undefined;
  readonly address6: string | undefined;
  readonly gateway6: string | undefined;
  readonly mtu: number;
  /** What the way to the world carries, where that is less. */
  readonly wayOutMtu?: number;
}

/** A container's end of a link, and the host's. */
export interface Link extends LinkEnd {
  readonly host: string;
  readonly bridge: string;
  readonly mac: string;
}

/** A container's link on a link of the host. */
interface ChildLink extends LinkEnd {
  readonly parent: string;
  readonly kind: ParentDriver;
  readonly mode: ParentMode;
  /** Undefined: the parent's own. */
  readonly mac: string | undefined;
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

/** The same on a link of the host, in place of a bridge. */
export async function plugChild(link: ChildLink, options: { readonly newNamespace: boolean }): Promise<void> {
  const path = join(namespaceFolder, link.namespace);
  const open = options.newNamespace ? createNetworkNamespace : openRouteSocket;
  using inside = createRouteSocket(await open(path));
  using outside = createRouteSocket(await openRouteSocket());
  const parent = await indexOf(outside, link.parent);
  const namespace = openSync(path, 'r');
  try {
    await outside.request(addChild({ ...link, namespace, parent, label: link.parent }));
  } finally {
    closeSync(namespace);
  }
  if (link.kind === 'macvlan' || link.mode.mode === 'l2') return await setUp(inside, link);
  await setUp(inside, { ...link, gateway: undefined, gateway6: undefined });
  const index = await indexOf(inside, link.name);
  if (link.gateway !== undefined) await inside.request(addDefaultRouteBy(index, 'inet'));
  if (link.gateway6 !== undefined) await inside.request(addDefaultRouteBy(index, 'inet6'));
}

/** Removes a link that is in a container's namespace alone; nothing, if either is gone. */
export async function pullChild(namespace: string, name: string): Promise<void> {
  const path = join(namespaceFolder, namespace);
  if (!existsSync(path)) return;
  using inside = createRouteSocket(await openRouteSocket(path));
  await inside.request(deleteLink(name)).catch(error => {
    if (!isPlimsollError(error) || error.data?.errno !== 'ENODEV') throw error;
  });
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

async function setUp(inside: RouteSocket, link: LinkEnd): Promise<void> {
  const index = await indexOf(inside, link.name);
  const given = (value: string | undefined) => (value === undefined ? [] : [value]);
  await inside.request(raiseLink('lo'));
  for (const address of [...given(link.address), ...given(link.address6)])
    await inside.request(addAddress(index, address));
  await inside.request(raiseLink(link.name));
  for (const gateway of [...given(link.gateway), ...given(link.gateway6)])
    await inside.request(addDefaultRoute(gateway, link.wayOutMtu));
}

async function indexOf(socket: RouteSocket, name: string): Promise<number> {
  const body = await socket.request(getLink(name));
  if (body === undefined) throw new TypeError(`the kernel did not describe the link "${name}"`);
  return linkIndex(body);
}
