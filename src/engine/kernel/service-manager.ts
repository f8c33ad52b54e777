import { nativeIfThere } from './native.ts';

/** The process at the other end of a unix socket when it connected. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Asks the kernel who is at the other end of unix sockets; undefined for what it cannot tell. */
export async function peerOf(): Promise<(fd: number) => PeerCredentials | undefined> {
  const native = await nativeIfThere();
  return fd => {
    try {
      return native?.peerCredentials(fd);
    } catch {
      return undefined; // it has gone already
    }
  };
}

/**
 * Tells the service manager that started this process how it fares (`READY=1`, `WATCHDOG=1`, `STOPPING=1`), by the
 * protocol of sd_notify(3). Does nothing where nobody asked for it.
 */
export async function notifyServiceManager(
  env: Readonly<Record<string, string | undefined>>,
  state: string,
): Promise<void> {
  const { NOTIFY_SOCKET } = env;
  if (!NOTIFY_SOCKET) return;
  const native = await nativeIfThere();
  native?.sendDatagram(NOTIFY_SOCKET, Buffer.from(state));
}
