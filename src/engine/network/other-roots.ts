import { portInUse } from './address-book.ts';
import { sharesAddress } from './host-address.ts';
import { listLinks, rootOfBridge, tableName } from './names.ts';
import { run } from './rootless/in-network.ts';
import type { PublishedPort } from './types.ts';

/**
 * Throws `conflict` (`PORT_IN_USE`) if another plimsoll root of this machine publishes one of the ports: it does so by
 * its nftables table alone, so that listening on the port would not tell. Costs nothing while no other root has a
 * bridge.
 */
export async function probeOtherRoots(root: { id: string }, ports: readonly PublishedPort[]): Promise<void> {
  const isOther = (link: string) => ![undefined, root.id].includes(rootOfBridge(link));
  if (ports.length === 0 || !listLinks().some(isOther)) return;
  const { stdout } = await run('nft', ['-n', 'list', 'maps']);
  const published = parsePublished(stdout).filter(({ table }) => table !== tableName(root));
  for (const port of ports) {
    const rival = published.find(other => clashes(port, other));
    if (rival !== undefined) throw portInUse(port, `another plimsoll root (${rival.table.slice(-8)})`);
  }
}

/** A published port in the listing of a root's maps. */
interface Published {
  readonly table: string;
  readonly protocol: string;
  readonly hostAddress: string;
  readonly hostPort: number;
}

/** Published ports of all roots, from what `nft -n list maps` prints for both kinds of IP (protocols as names or numbers). */
export function parsePublished(listing: string): Published[] {
  return listing.split(/^table (?=ip6? )/m).flatMap(block => {
    const [, family, table] = /^(ip6?) (plimsoll_[0-9a-f]{8})\b/.exec(block) ?? [];
    if (table === undefined) return [];
    const element = /(?:([\d.]+|[\da-f:]+) \. )?\b(tcp|udp|sctp|6|17|132) \. (\d+) : [\da-f.:]+ \. \d+/g;
    const every = family === 'ip6' ? '::' : '0.0.0.0';
    return [...block.matchAll(element)].map(([, hostAddress = every, protocol = '', hostPort = '']) => ({
      table,
      protocol: { '6': 'tcp', '17': 'udp', '132': 'sctp' }[protocol] ?? protocol,
      hostAddress,
      hostPort: Number(hostPort),
    }));
  });
}

function clashes(port: PublishedPort, other: Published): boolean {
  return (
    port.protocol === other.protocol &&
    port.hostPort === other.hostPort &&
    sharesAddress(port.hostAddress, other.hostAddress)
  );
}
