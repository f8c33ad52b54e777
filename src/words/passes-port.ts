/** Whether a port is what a filter says: `80`, `80/udp`, `8000-8080`, `8000-8080/tcp`, as docker's `publish` and `expose`. */
export function passesPort(filter: string, port: number, protocol: string): boolean {
  const [range = '', wanted = 'tcp'] = filter.split('/');
  const [first = Number.NaN, last = first] = range.split('-').map(Number);
  return protocol === wanted && port >= first && port <= last;
}
