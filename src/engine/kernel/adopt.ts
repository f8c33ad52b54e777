import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../../errors.ts';
import { caller } from './caller.ts';
import { type CgroupTree, cgroupOfRoot, cgroupTree, scopeOf } from './cgroup-tree.ts';
import { start } from './spawn.ts';

/**
 * Takes a process that has to outlive its caller (a monitor, a name server) out of the caller's cgroup into the root's
 * own, `.../monitors`. Else systemd would kill it with the session or the service that plimsoll was called in. Where
 * systemd does not run the machine, nobody kills by cgroup, and nothing is done. Never throws: a process that cannot
 * be moved stays where it is, and works there.
 *
 * All of a root is one scope, made through D-Bus when the first process comes; systemd forgets it when the last has
 * ended. A scope per container would cost 10 ms and more for each.
 */
export async function adopt(rootId: string, pid: number, tree: CgroupTree = cgroupTree()): Promise<void> {
  if (!tree.systemd || (caller().rootless && tree.userService === undefined)) return;
  const folders = trackedMounts(tree).map(mount => join(mount, cgroupOfRoot(rootId, tree), 'monitors'));
  if (move(pid, folders)) return;
  turn = turn.then(() => moveToNew(rootId, pid, folders, tree));
  await turn;
}

/** One after the other: of two that ask systemd for the same scope, the second is refused. */
let turn: Promise<void> = Promise.resolve();

async function moveToNew(
  rootId: string,
  pid: number,
  folders: readonly string[],
  tree: CgroupTree,
): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (move(pid, folders)) return; // another process was faster
    using held = await openScope(rootId, folders, tree);
    if (held.made && move(pid, folders)) return;
    await sleep(20); // another process is at it, or the scope of the last container is about to go
  }
  makeUnknownToSystemd(folders);
  move(pid, folders);
}

/** Where there is no systemd-run, or it refuses: cgroups that systemd leaves alone, and does not stop in order. */
function makeUnknownToSystemd(folders: readonly string[]): void {
  try {
    for (const folder of folders) mkdirSync(folder, { recursive: true });
  } catch {
    // not ours to write to: the process stays where it is
  }
}

/** Where systemd keeps track of processes; on v1 that is a tree without controllers. */
function trackedMounts({ mount, version }: CgroupTree): string[] {
  if (version === 'v2') return [mount];
  return (version === 'v1' ? ['systemd'] : ['systemd', 'unified']).map(name => join(mount, name));
}

/** False if the cgroups are not there (any more). */
function move(pid: number, folders: readonly string[]): boolean {
  try {
    for (const folder of folders) writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    return true;
  } catch (error) {
    return !['ENOENT', 'ENODEV'].includes(errnoOf(error) ?? '');
  }
}

/**
 * Asks systemd for the scope, with a shell in it that holds it until something else does. Its containers get ten
 * seconds when the machine goes down; as many processes as they like, as the limits are theirs.
 */
async function openScope(
  rootId: string,
  folders: readonly string[],
  { userService }: CgroupTree,
): Promise<Disposable & { readonly made: boolean }> {
  const settings = [
    'Delegate=yes',
    'TasksMax=infinity',
    'TimeoutStopSec=10s',
    'CollectMode=inactive-or-failed',
  ];
  const holder = `for f; do mkdir -p "$f" && echo $$ > "$f/cgroup.procs" || exit; done; echo made; read -r _`;
  const child = start(
    'systemd-run',
    [
      ...(userService === undefined ? ['--slice=machine.slice'] : ['--user', '--slice=plimsoll.slice']),
      ...['--quiet', '--scope', `--unit=${scopeOf(rootId)}`],
      `--description=Containers of plimsoll (${rootId})`,
      ...settings.map(setting => `--property=${setting}`),
      ...['--', '/bin/sh', '-c', holder, 'sh', ...folders],
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const made = await new Promise<boolean>(resolve => {
    child.stdout?.once('data', () => resolve(true));
    child.once('error', () => resolve(false)); // no systemd-run
    child.once('close', () => resolve(false));
  });
  child.stdin?.on('error', () => {});
  return { made, [Symbol.dispose]: () => child.stdin?.destroy() };
}
