import { lstatSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { errnoOf } from '../../../errors.ts';
import { createPortForwarder, type Forward } from './forward-ports.ts';
import { userNetwork } from './place.ts';

/** What a client asks for, as JSON up to the end of its words. */
export interface ForwardRequest {
  readonly container: string;
  readonly forwards: readonly Forward[];
}

/** What it hears when all is open (or closed); else the errno, or other words. */
export const ready = 'ready';

/** The socket by which it is asked. */
export const controlName = 'ports.socket';

/**
 * The process that opens published ports: it is asked at a socket in `folder`, calls `isUp`
 * when it can be, and resolves some time after the last port was closed. It outlives those who ask.
 */
export async function serveForwards(
  folder: string,
  namespace: string,
  { isUp, lingerMs = 5000 }: { readonly isUp: () => void; readonly lingerMs?: number },
): Promise<void> {
  const forwarder = await createPortForwarder(namespace, { showsClients: userNetwork !== undefined });
  process.chdir(folder); // the whole path may be longer than an address can be
  // Renamed when it is ready: closing takes its first name away, never the socket of one that has come after it.
  const ownName = `${controlName}.${process.pid}`;
  rmSync(ownName, { force: true });
  let own: number | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    const leave = () => {
      if (!forwarder.isIdle()) return;
      if (inodeOf(controlName) === own) rmSync(controlName);
      server.close(() => resolve());
    };
    let timer = setTimeout(leave, lingerMs);
    const server = createServer({ allowHalfOpen: true }, client => {
      client.on('error', () => {}); // it is gone
      turn = turn.then(async () => {
        client.end(await answer(client));
        clearTimeout(timer);
        timer = setTimeout(leave, lingerMs);
      });
    });
    server.on('error', reject);
    server.listen(ownName, () => {
      own = inodeOf(ownName);
      renameSync(ownName, controlName);
      isUp();
    });
  });

  async function answer(client: Socket): Promise<string> {
    try {
      const { container, forwards } = JSON.parse(await text(client)) as ForwardRequest;
      await forwarder.set(container, forwards);
      return ready;
    } catch (error) {
      return errnoOf(error) ?? String(error);
    }
  }
}

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}
