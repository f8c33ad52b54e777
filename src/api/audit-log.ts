import { appendFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { peerOf } from '../engine/index.ts';
import { cleanText } from '../lib/clean-text.ts';

/** Writes down who asked for what, and what came of it; looking alone is not written. */
export type Audit = (request: IncomingMessage, status: number) => void;

/** Methods that change nothing. */
const looking = ['GET', 'HEAD', 'OPTIONS'];

/**
 * A log of JSON lines: `{ time, who, method, path, status }`. `who` is the user of the process at the other end of the
 * socket, as the kernel knows it, or the subject of a client's certificate.
 */
export async function openAuditLog(file: string): Promise<Audit> {
  const peer = await peerOf();
  appendFileSync(file, '', { mode: 0o640 });
  return (request, status) => {
    const method = request.method ?? '';
    if (looking.includes(method)) return;
    const path = cleanText((request.url ?? '').split('?')[0] ?? '', { maxLength: 500 });
    const entry = { time: new Date().toISOString(), who: whoIs(request.socket, peer), method, path, status };
    appendFileSync(file, `${JSON.stringify(entry)}\n`);
  };
}

function whoIs(socket: Socket, peer: Awaited<ReturnType<typeof peerOf>>): object {
  const certificate = 'getPeerCertificate' in socket ? (socket as TLSSocket).getPeerCertificate() : undefined;
  if (certificate?.subject !== undefined)
    return { certificate: String(certificate.subject.CN ?? ''), fingerprint: certificate.fingerprint256 };
  if (socket.remoteAddress !== undefined) return { address: socket.remoteAddress };
  // Node has no other way to a connection's descriptor.
  const { fd } = (socket as unknown as { _handle?: { fd?: number } })._handle ?? {};
  return (fd === undefined || fd < 0 ? undefined : peer(fd)) ?? { pid: 0 };
}
