import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { replaceFile } from '../atomic-file.ts';
import { caller, callerVariable } from '../caller.ts';
import { scopeCommand } from '../cgroup-tree.ts';
import { findExecutable } from '../find-executable.ts';
import { preloadNative } from '../native.ts';
import { userRunFolder } from '../user-folder.ts';
import { hasSubordinateIds, holdNamespaces, namespacesOf } from './hold-namespaces.ts';

/** Set once systemd has been asked to move the process. */
const scopeVariable = 'PLIMSOLL_SCOPE';

/** Where the caller was; entering a mount namespace leads to its root. */
const folderVariable = 'PLIMSOLL_CWD';

/**
 * For an ordinary user: begins this process anew, as `command`, in the user's own namespaces, and so does not return. A
 * process of many threads, as Node is, cannot enter a user namespace itself. Same pid, streams and terminal. Does
 * nothing for root, and for who is inside already.
 */
export async function enterNamespaces(command: readonly string[]): Promise<void> {
  const { uid, gid, rootless, inside } = caller();
  if (!rootless || inside) return;
  enterScope(command, uid);
  const folder = userRunFolder(uid, process.env);
  const holder = await holdNamespaces(caller(), folder);
  const nsenter = findExecutable('nsenter');
  if (nsenter === undefined || process.execve === undefined) throw missing();
  leaveWord(folder, holder, nsenter);
  await keepHandedSockets();
  const flags = ['--target', String(holder), '--user', '--mount', '--preserve-credentials', '--'];
  process.execve(nsenter, ['nsenter', ...flags, ...command], {
    ...process.env,
    [callerVariable]: `${uid}:${gid}`,
    [folderVariable]: process.cwd(),
  });
}

/** What systemd has handed over to this process (sd_listen_fds(3)), which stays the same one. */
async function keepHandedSockets(): Promise<void> {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  if (LISTEN_PID !== String(process.pid)) return;
  const { keepAcrossExec } = await preloadNative();
  for (let fd = 3; fd < 3 + Number(LISTEN_FDS); fd++) keepAcrossExec(fd);
}

/**
 * Tells the launcher, which is a shell, how to begin the next call in the namespaces at once: `NSENTER PID UID:GID USERS
 * MOUNTS`, the last two as the kernel names them. Not while there may be more numbers later, see `holdNamespaces`.
 */
function leaveWord(folder: string, holder: number, nsenter: string): void {
  const { uid, gid } = caller();
  const words = [nsenter, holder, `${uid}:${gid}`, ...namespacesOf(holder)].join(' ');
  const file = join(folder, 'entry');
  if (readText(file) === `${words}\n` || !hasSubordinateIds(holder)) return;
  replaceFile(file, `${words}\n`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Before all else, so that what holds the namespaces is not in the cgroup of a login either. */
function enterScope(command: readonly string[], uid: number): void {
  const { [scopeVariable]: asked, XDG_RUNTIME_DIR: folder } = process.env;
  const scoped = asked === undefined ? scopeCommand(command) : undefined;
  if (scoped === undefined || process.execve === undefined) return;
  process.execve('/bin/sh', scoped, {
    ...process.env,
    [scopeVariable]: '1',
    XDG_RUNTIME_DIR: folder ?? `/run/user/${uid}`, // cron and su do not name it
  });
}

/** Goes back to the folder that the process was called in; what it starts is not told of it any more. */
export function arriveInNamespaces(): void {
  const { [folderVariable]: folder } = process.env;
  delete process.env[folderVariable];
  delete process.env[scopeVariable];
  if (folder !== undefined && caller().inside) process.chdir(folder);
}

function missing(): PlimsollError {
  return new PlimsollError('unavailable', 'the host command "nsenter" is not installed', {
    code: 'HOST_TOOL_MISSING',
    hint: "run 'plimsoll doctor' to see what is missing and how to install it",
    data: { command: 'nsenter' },
  });
}
