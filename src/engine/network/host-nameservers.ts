import { readFileSync } from 'node:fs';
import { isAddress6 } from './ipv6.ts';

/** What public resolvers a container gets on a host that names none it could reach; Docker's default too. */
const fallback = ['8.8.8.8', '8.8.4.4'];
const fallback6 = ['2001:4860:4860::8888', '2001:4860:4860::8844'];

/**
 * Name servers of the host that a container can reach: by IPv6 where its network has that alone. A resolver on the host's loopback (systemd-resolved's
 * 127.0.0.53) is not among them: then those that it asks itself are taken.
 */
export function hostNameservers(
  { subnet, subnet6 }: { readonly subnet?: string; readonly subnet6?: string } = {},
  read: (path: string) => string = readText,
  paths: readonly string[] = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'],
): string[] {
  const is6 = subnet === undefined && subnet6 !== undefined;
  for (const path of paths) {
    const servers = parseNameservers(read(path)).filter(server => isAddress6(server) === is6);
    if (servers.length > 0) return servers;
  }
  return is6 ? fallback6 : fallback;
}

/** Name servers of a resolv.conf that are neither on the loopback nor on a link of the host's own, see resolv.conf(5). */
function parseNameservers(text: string): string[] {
  const servers = [...text.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f:.]+)\s*$/gim)];
  return servers
    .map(match => match[1] ?? '')
    .filter(server => !/^(127\.|0\.0\.0\.0$|::1?$|fe80:)/i.test(server));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
