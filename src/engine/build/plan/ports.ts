/**
 * Reads a port as EXPOSE takes it: `80`, `80/udp`, `8000-8010`; of `[address:]host:port`, which is on its way out, the
 * port. Returns `<port>/<protocol>` for each, undefined if it is none.
 */
export function parseExposedPorts(text: string): string[] | undefined {
  const own = /^(?:(?:\[[0-9a-f:.]+\]|[0-9a-f.]+):)?(?:\d{1,5}(?:-\d{1,5})?)?:(?=\d)/i.exec(text)?.[0] ?? '';
  const [, from = '', to = from, protocol = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp)?)?$/i.exec(text.slice(own.length)) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === '' || first < 1 || last > 65_535 || first > last) return undefined;
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol.toLowerCase()}`);
}
