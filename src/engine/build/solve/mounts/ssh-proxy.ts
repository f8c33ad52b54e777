import { chmodSync, chownSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import type { MountOperation } from '../../plan/index.ts';
import type { OpeningPlace, OpenMount } from './types.ts';

type SshOperation = Extract<MountOperation, { type: 'ssh' }>;

/** A socket through which a step asks the caller's agent to sign; nothing if nobody gave it. */
export async function openSsh(
  { id, target, uid, gid, mode }: SshOperation,
  socket: string,
  { agents, files, stack }: OpeningPlace,
): Promise<OpenMount> {
  const agent = await agents.socket(id, files.signal);
  if (agent === undefined) return {};
  stack.use(await serveAgent(agent, socket));
  chownSync(socket, uid, gid);
  chmodSync(socket, mode);
  return {
    env: { SSH_AUTH_SOCK: target },
    mount: { type: 'bind', source: socket, target, readOnly: true, isFolder: false },
  };
}

/** Listens at `socket` for clients of the agent behind `agent`; see `filterRequests`. */
async function serveAgent(agent: string, socket: string): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer(client => {
    const upstream = connect(agent);
    for (const end of [client, upstream]) {
      open.add(end);
      end.on('close', () => open.delete(end));
      end.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(client);
    client.on('data', filterRequests(upstream, client));
    client.on('end', () => upstream.end());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  return {
    [Symbol.asyncDispose]: async () => {
      for (const end of open) end.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** Requests of the agent protocol (draft-ietf-sshm-ssh-agent): list keys, sign. */
const allowed = new Set([11, 13]);
const failure = Buffer.from([0, 0, 0, 1, 5]);
const MOST_BYTES = 256 * 1024;

/**
 * Passes on what a step may ask of an agent: to list its keys and to sign. Whatever would change the agent (add, remove,
 * lock) is answered with failure, and never reaches it.
 */
export function filterRequests(
  upstream: { write(data: Buffer): unknown },
  client: { write(data: Buffer): unknown; destroy(): unknown },
): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return chunk => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5) {
      const length = 4 + rest.readUInt32BE(0);
      if (length > MOST_BYTES || length < 5) {
        client.destroy();
        return;
      }
      if (rest.length < length) return;
      const request = rest.subarray(0, length);
      rest = rest.subarray(length);
      if (allowed.has(request[4] ?? 0)) upstream.write(request);
      else client.write(failure);
    }
  };
}
