import { readdirSync } from 'node:fs';
import { run } from '../kernel/index.ts';
import { portInUse } from './address-book.ts';
import { rootOfBridge, tableName } from './names.ts';
import type { PublishedPort } from './types.ts';

/**
 * Throws `conflict` (`PORT_IN_USE`) if another plimsoll root of this machine publishes one of the ports: it does so by
 * its nftables table alone, so that listening on the port would not tell. Costs nothing while no other root has a
 * bridge.
 */
export async function probeOtherRoots(root: { id: string }, ports: readonly PublishedPort[]): Promise<void> {
  const isOther = (link: string) => ![undefined, root.id].includes(rootOfBridge(link));
  if (ports.length === 0 || !readdirSync('/sys/class/net').some(isOther)) return;
  const { stdout } = await run('nft', ['-n', 'list', 'maps', 'ip']);
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

/** Published ports of all roots, from what `nft -n list maps ip` prints (protocols as names or numbers). */
export function parsePublished(listing: string): Published[] {
  return listing.split(/^table ip /m).flatMap(block => {
    const table = /^plimsoll_[0-9a-f]{8}\b/.exec(block)?.[0];
    if (table === undefined) return [];
    const element = /(?:([\d.]+) \. )?\b(tcp|udp|6|17) \. (\d+) : [\d.]+ \. \d+/g;
    return [...block.matchAll(element)].map(([, hostAddress = '0.0.0.0', protocol = '', hostPort = '']) => ({
      table,
      protocol: protocol === '6' ? 'tcp' : protocol === '17' ? 'udp' : protocol,
      hostAddress,
      hostPort: Number(hostPort),
    }));
  });
}

function clashes(port: PublishedPort, other: Published): boolean {
  return (
    port.protocol === other.protocol &&
    port.hostPort === other.hostPort &&
    (port.hostAddress === other.hostAddress || [port.hostAddress, other.hostAddress].includes('0.0.0.0'))
  );
}
