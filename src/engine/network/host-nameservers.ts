import { readFileSync } from 'node:fs';

/** What public resolvers a container gets on a host that names none it could reach; Docker's default too. */
const fallback = ['8.8.8.8', '8.8.4.4'];

/**
 * Name servers of the host that a container can reach. A resolver on the host's loopback (systemd-resolved's
 * 127.0.0.53) is not among them: then those that it asks itself are taken.
 */
export function hostNameservers(
  read: (path: string) => string = readText,
  paths: readonly string[] = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'],
): string[] {
  for (const path of paths) {
    const servers = parseNameservers(read(path));
    if (servers.length > 0) return servers;
  }
  return fallback;
}

/** IPv4 name servers of a resolv.conf that are not loopback, see resolv.conf(5). */
function parseNameservers(text: string): string[] {
  const servers = [...text.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map(
    match => match[1] ?? '',
  );
  return servers.filter(server => !server.startsWith('127.') && server !== '0.0.0.0');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
