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
): void {
  const address = endpoint?.address.split('/')[0];
  const nameservers = spec.dns?.length ? spec.dns : endpoint?.nameservers;
  writeFileSync(join(folder, 'hostname'), `${hostname}\n`);
  writeFileSync(join(folder, 'hosts'), hostsText(spec, [hostname, name], address));
  writeFileSync(join(folder, 'resolv.conf'), resolvText(spec, nameservers));
}

function hostsText(spec: ContainerSpec, names: readonly string[], address: string | undefined): string {
  const base =
    spec.network === 'host' ? readText('/etc/hosts') : '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n';
  const own = address === undefined ? '' : `${address}\t${[...new Set(names)].join(' ')}\n`;
  return base + own + (spec.extraHosts ?? []).map(hostLine).join('');
}

/** `host:ip`, or `host=ip`. */
function hostLine(extra: string): string {
  const [, host = '', address = ''] = /^([^:=\s]+)[:=](.+)$/.exec(extra) ?? [];
  const plain = address.replace(/^\[(.*)\]$/, '$1');
  if (host !== '' && isIP(plain) !== 0) return `${plain}\t${host}\n`;
  throw new PlimsollError('invalid-argument', `"${extra}" is no extra host`, {
    code: 'EXTRA_HOST_INVALID',
    hint: 'write host:address, such as db:10.0.0.5',
    data: { extraHost: extra },
  });
}

/** The given servers with the host's search list; without any, the host's own file. */
function resolvText({ dns = [] }: ContainerSpec, nameservers: readonly string[] | undefined): string {
  const host = readText('/etc/resolv.conf');
  if (nameservers === undefined && dns.length === 0) return host;
  const kept = host.split('\n').filter(line => /^\s*(search|options)\s/.test(line));
  return `${[...(nameservers ?? dns).map(server => `nameserver ${server}`), ...kept].join('\n')}\n`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
