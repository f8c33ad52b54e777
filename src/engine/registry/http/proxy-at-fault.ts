/** Proxies by scheme, as an environment names them. */
type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy (`host:port`) that a connection was meant for when it failed, if it was one: its error then tells of another
 * host or port than the address that was asked for.
 */
export function proxyAtFault(error: unknown, url: URL, env: Env): string | undefined {
  const proxy = proxyOf(url, env);
  if (proxy === undefined) return undefined;
  const { errors: [first = error] = [] } = error as { errors?: readonly unknown[] }; // one for each address of a name
  const { hostname, port } = first as { hostname?: string; port?: number };
  const [meant, asked] = [portOf(proxy), portOf(url)];
  const isProxy =
    hostname === undefined
      ? port === meant && meant !== asked
      : hostname === proxy.hostname && hostname !== url.hostname;
  return isProxy ? `${proxy.hostname}:${meant}` : undefined;
}

function proxyOf({ protocol }: URL, env: Env): URL | undefined {
  const name = protocol === 'http:' ? 'http_proxy' : 'https_proxy';
  const text = env[name] ?? env[name.toUpperCase()] ?? '';
  return URL.parse(text) ?? undefined;
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
