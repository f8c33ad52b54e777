import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { PlimsollError } from '../../errors.ts';
import type { Endpoint } from '../network/index.ts';
import type { ProcessMount } from '../runtime/index.ts';
import type { ContainerSpec } from './types.ts';

/** What the files of /etc that belong to a network say. */
export interface EtcRequest {
  readonly folder: string;
  readonly hostname: string;
  readonly name: string;
  readonly spec: ContainerSpec;
}

const files = ['hosts', 'hostname', 'resolv.conf'] as const;

/** Makes the files of a container, still empty, and returns their mounts: a bind needs something to bind. */
export function makeEtcFiles({ folder }: Pick<EtcRequest, 'folder'>): ProcessMount[] {
  mkdirSync(folder, { recursive: true });
  return files.map(name => {
    const source = join(folder, name);
    writeFileSync(source, '', { flag: 'a', mode: 0o644 });
    return { type: 'bind', source, target: `/etc/${name}`, readOnly: false };
  });
}

/** Writes them in place (a running container has them bound), for the address it got; none without a network. */
export function writeEtcFiles(
  { folder, hostname, name, spec }: EtcRequest,
  endpoint: Endpoint | undefined,
  linked: readonly string[],
): void {
  const plain = (address: string | undefined) => (address === undefined ? [] : [address.replace(/\/.*/, '')]);
  const addresses = [...plain(endpoint?.address), ...plain(endpoint?.address6)];
  const nameservers = spec.dns?.length ? spec.dns : endpoint?.nameservers;
  writeFileSync(join(folder, 'hostname'), `${hostname}\n`);
  const names = [...(spec.domainname ? [`${hostname}.${spec.domainname}`] : []), hostname, name];
  writeFileSync(
    join(folder, 'hosts'),
    `${hostsText(spec, names, { addresses, gateway: endpoint?.gateway ?? endpoint?.gateway6 })}${linked.join('')}`,
  );
  writeFileSync(join(folder, 'resolv.conf'), resolvText(spec, nameservers));
}

function hostsText(
  spec: ContainerSpec,
  names: readonly string[],
  { addresses, gateway = '127.0.0.1' }: { addresses: readonly string[]; gateway: string | undefined },
): string {
  const base =
    spec.network === 'host' ? readText('/etc/hosts') : '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n';
  const own = addresses.map(address => `${address}\t${[...new Set(names)].join(' ')}\n`);
  return base + own.join('') + (spec.extraHosts ?? []).map(extra => hostLine(extra, gateway)).join('');
}

/**
 * The line for `host:ip`, or `host=ip`; `host-gateway` is the host's own address as the container reaches it. Throws
 * `invalid-argument` (`EXTRA_HOST_INVALID`).
 */
export function hostLine(extra: string, gateway: string): string {
  const [, host = '', address = ''] = /^([^:=\s]+)[:=](.+)$/.exec(extra) ?? [];
  const plain = address === 'host-gateway' ? gateway : address.replace(/^\[(.*)\]$/, '$1');
  if (host !== '' && isIP(plain) !== 0) return `${plain}\t${host}\n`;
  throw new PlimsollError('invalid-argument', `"${extra}" is no extra host`, {
    code: 'EXTRA_HOST_INVALID',
    hint: 'write host:address, such as db:10.0.0.5',
    data: { extraHost: extra },
  });
}

/** What the spec says, else what the network does, else the host's own file. */
function resolvText(
  { dns = [], dnsSearch = [], dnsOptions = [] }: ContainerSpec,
  nameservers: readonly string[] | undefined,
): string {
  const host = readText('/etc/resolv.conf').split('\n');
  const own = (keyword: string) => host.filter(line => new RegExp(`^\\s*${keyword}\\s`).test(line));
  const servers = nameservers ?? dns;
  const search = dnsSearch.filter(domain => domain !== '.');
  const lines = [
    ...(servers.length > 0 ? servers.map(server => `nameserver ${server}`) : own('nameserver')),
    ...(dnsSearch.length === 0 ? own('search') : search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(dnsOptions.length > 0 ? [`options ${dnsOptions.join(' ')}`] : own('options')),
  ];
  return `${lines.join('\n')}\n`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
