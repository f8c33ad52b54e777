import { PlimsollError } from '../../../errors.ts';
import { caller, callerVariable } from '../caller.ts';
import { findExecutable } from '../find-executable.ts';
import { userRunFolder } from '../user-folder.ts';
import { holdNamespaces } from './hold-namespaces.ts';

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
  const holder = await holdNamespaces(caller(), userRunFolder(uid, process.env));
  const nsenter = findExecutable('nsenter');
  if (nsenter === undefined || process.execve === undefined) throw missing();
  const flags = ['--target', String(holder), '--user', '--mount', '--preserve-credentials', '--'];
  process.execve(nsenter, ['nsenter', ...flags, ...command], {
    ...process.env,
    [callerVariable]: `${uid}:${gid}`,
    [folderVariable]: process.cwd(),
  });
}

/** Goes back to the folder that the process was called in; what it starts is not told of it any more. */
export function arriveInNamespaces(): void {
  const { [folderVariable]: folder } = process.env;
  delete process.env[folderVariable];
  if (folder !== undefined && caller().inside) process.chdir(folder);
}

function missing(): PlimsollError {
  return new PlimsollError('unavailable', 'the host command "nsenter" is not installed', {
    code: 'HOST_TOOL_MISSING',
    hint: "run 'plimsoll doctor' to see what is missing and how to install it",
    data: { command: 'nsenter' },
  });
}
