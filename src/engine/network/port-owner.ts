import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { PublishedPort } from './types.ts';

/**
 * The process that holds a port of the host (`process 812 (nginx)`), by the socket's inode in /proc/net and the
 * descriptors of all processes, see proc(5). Undefined if it cannot be seen.
 */
export function portOwner(port: Pick<PublishedPort, 'protocol' | 'hostPort'>): string | undefined {
  const { protocol, hostPort } = port;
  const inodes =
    protocol === 'sctp'
      ? sctpInodes(readText('/proc/net/sctp/eps'), hostPort)
      : ['', '6'].flatMap(family =>
          socketInodes(readText(`/proc/net/${protocol}${family}`), hostPort, protocol),
        );
  if (inodes.length === 0) return undefined;
  const wanted = new Set(inodes.map(inode => `socket:[${inode}]`));
  for (const pid of list('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    if (!list(`/proc/${pid}/fd`).some(fd => wanted.has(readLink(`/proc/${pid}/fd/${fd}`)))) continue;
    const name = readText(`/proc/${pid}/comm`).trim();
    return name === '' ? `process ${pid}` : `process ${pid} (${name})`;
  }
  return undefined;
}

/** Inodes of sockets bound to a local port: for TCP those that listen (state 0A), for UDP all. */
export function socketInodes(table: string, port: number, protocol: 'tcp' | 'udp'): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap(line => {
    const [, local = '', , state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
    const bound = local.endsWith(`:${hex}`) && (protocol === 'udp' || state === '0A');
    return bound && inode !== '0' ? [inode] : [];
  });
}

/** Inodes of SCTP endpoints that listen (state 10) on a local port; columns: ENDPT SOCK STY SST HBKT LPORT UID INODE. */
export function sctpInodes(table: string, port: number): string[] {
  return table.split('\n').flatMap(line => {
    const [, , , state = '', , local = '', , inode = ''] = line.trim().split(/\s+/);
    return state === '10' && Number(local) === port ? [inode] : [];
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // the process ended, or is not ours to look at
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
