/** One container in a network's file of names. */
export interface DnsEntry {
  readonly container: string;
  readonly address?: string;
  readonly address6?: string;
  readonly names: readonly string[];
}

/**
 * A network's file for aardvark-dns: line 1 is the address to listen on, then a line for each container: id, IPv4,
 * IPv6 (or nothing in place of either), names joined by commas.
 */
export function formatDnsConfig(listen: string, entries: readonly DnsEntry[]): string {
  const lines = entries.map(
    ({ container, address = '', address6 = '', names }) =>
      `${container} ${address} ${address6} ${names.join(',')}`,
  );
  return [listen, ...lines, ''].join('\n');
}

/** The entries of such a file. */
export function parseDnsConfig(text: string): DnsEntry[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [container = '', address = '', address6 = '', names = ''] = line.split(' ');
      if (address === '' && address6 === '') return [];
      const own = { ...(address === '' ? {} : { address }), ...(address6 === '' ? {} : { address6 }) };
      return [{ container, ...own, names: names.split(',').filter(name => name !== '') }];
    });
}
