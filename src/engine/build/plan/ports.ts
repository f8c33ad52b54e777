/**
 * Reads a port as EXPOSE takes it: `80`, `80/udp`, `8000-8010`. Returns `<port>/<protocol>` for each, undefined if
 * it is none.
 */
export function parseExposedPorts(text: string): string[] | undefined {
  const [, from = '', to = from, protocol = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === '' || first < 1 || last > 65_535 || first > last) return undefined;
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol.toLowerCase()}`);
}
