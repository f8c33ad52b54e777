import { join } from 'node:path';
import { shortSha256 } from '../../lib/short-sha256.ts';
import { namesIn } from '../kernel/index.ts';
import type { Root } from '../store/index.ts';
import { parseIpv4 } from './ipv4.ts';
import { userNetwork } from './rootless/place.ts';

/** Where namespaces have their names: where `ip netns` keeps them, or in an ordinary user's own folder. */
export const namespaceFolder = userNetwork?.containers ?? '/run/netns';

/** Where the links are seen of the network that bridges are in. */
export const linkFolder = join(userNetwork?.sys ?? '/sys', 'class/net');

/** Names of all those links. */
export function listLinks(): string[] {
  return namesIn(linkFolder);
}

/** The bridge of a root's default network, or of its nth other one; interface names have at most 15 characters. */
export function bridgeName(root: Pick<Root, 'id'>, nth = 0): string {
  return nth === 0 ? `plb${root.id}` : `plb${root.id}-${nth}`;
}

/** The root id in the name of a bridge, or undefined if it is not one of ours. */
export function rootOfBridge(link: string): string | undefined {
  return /^plb([0-9a-f]{8})(-\d+)?$/.exec(link)?.[1];
}

/** The nftables table of a root. */
export function tableName(root: Pick<Root, 'id'>): string {
  return `plimsoll_${root.id}`;
}

/** What the names of all namespaces of a root begin with. */
export function namespacePrefix(root: Pick<Root, 'id'>): string {
  return `plim-${root.id}-`;
}

/** The namespace of a container (or build step): the first 12 digits of its id, as docker shows it. */
export function namespaceName(root: Pick<Root, 'id'>, container: string): string {
  const short = /^[0-9a-f]{12,}$/.test(container) ? container : shortSha256(container);
  return namespacePrefix(root) + short.slice(0, 12);
}

/** The path that an OCI spec joins. */
export function namespacePath(root: Pick<Root, 'id'>, container: string): string {
  return join(namespaceFolder, namespaceName(root, container));
}

/** The host's end of a link of a container. */
export function linkName(
  root: Pick<Root, 'id'>,
  end: { readonly container: string; readonly interface: string },
): string {
  return `plv${shortSha256(`${root.id} ${end.container} ${end.interface}`).slice(0, 12)}`;
}

/** A locally administered MAC that follows from the address, so that a re-used address keeps its neighbours right. */
export function macOf(address: string): string {
  const digits = parseIpv4(address)?.toString(16).padStart(8, '0') ?? shortSha256(address).slice(0, 8);
  return ['02', '70', ...(digits.match(/../g) ?? [])].join(':');
}
