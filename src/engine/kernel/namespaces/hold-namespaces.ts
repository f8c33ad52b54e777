import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { PlimsollError } from '../../../errors.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import type { Caller } from '../caller.ts';
import { findExecutable } from '../find-executable.ts';
import { withLock } from '../lock.ts';
import { bootId, identify, isAlive } from '../process.ts';
import { type ChildProcess, commandError, run, start } from '../spawn.ts';
import { makeUserRunFolder } from '../user-folder.ts';
import { type IdRange, mapOf, subordinateIds } from './subordinate-ids.ts';

/**
 * The pid of the process that holds an ordinary user's namespaces: one of users, in which the caller is root over the
 * numbers that are his, and one of mounts, in which root filesystems are mounted. Started by the first who asks. It
 * does nothing, takes 1 MB, and goes some time after its record, which lies in the user's run folder.
 *
 * Throws `permission-denied` (`USER_NAMESPACE_REFUSED`) where the kernel gives users no namespaces.
 */
export async function holdNamespaces(caller: Caller, folder: string): Promise<number> {
  makeUserRunFolder(folder);
  const record = join(folder, 'namespaces');
  const known = readHolder(record);
  if (known !== undefined && !isOutgrown(known, caller)) return known;
  return await withLock(join(folder, 'namespaces.lock'), async () => {
    const made = readHolder(record); // another process was faster
    if (made !== undefined && !isOutgrown(made, caller)) return made;
    if (made !== undefined) process.kill(made, 'SIGKILL');
    const survivor = made === undefined ? findSurvivor(record) : undefined;
    const pid = await (survivor === undefined ? startHolder(caller, record) : startAnother(survivor, record));
    const identity = identify(pid);
    if (identity === undefined) throw refused('the process that holds it died at once');
    const names = namespacesOf(pid).join(' ');
    writeFileAtomic(record, `${identity.pid} ${identity.startTime} ${bootId()} ${names}\n`, 0o600);
    return pid;
  });
}

/** The living one of a record. */
function readHolder(record: string): number | undefined {
  try {
    const [pid, startTime, boot] = readFileSync(record, 'utf8').trim().split(' ');
    const identity = { pid: Number(pid), startTime: Number(startTime) };
    return boot === bootId() && isAlive(identity) ? identity.pid : undefined;
  } catch {
    return undefined;
  }
}

/** Made when the user had no sub-ids or the host no tools for them, and now there are; and nobody is in it who would stay behind. */
function isOutgrown(holder: number, { uid }: Caller): boolean {
  if (hasSubordinateIds(holder) || findMappers() === undefined) return false;
  const { uids, gids } = subordinateIds(uid);
  if (uids.length === 0 || gids.length === 0) return false;
  const [users] = namespacesOf(holder);
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return !pids.some(
    pid => Number(pid) !== holder && !isChildOf(pid, holder) && namespacesOf(Number(pid))[0] === users,
  );
}

/** True if there are more numbers in its namespace than the caller's own. */
export function hasSubordinateIds(holder: number): boolean {
  return readMap(String(holder)).trim().split('\n').length > 1;
}

/** The holder's own sleep. */
function isChildOf(pid: string, parent: number): boolean {
  try {
    return (
      Number(
        readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) \S+ /s, '')
          .split(' ')[0],
      ) === parent
    );
  } catch {
    return false;
  }
}

/** A process that lives on in the namespaces of a record, such as the monitor of a container, when its holder was killed. */
function findSurvivor(record: string): number | undefined {
  try {
    const [, , boot, ...names] = readFileSync(record, 'utf8').trim().split(' ');
    if (boot !== bootId() || names.length !== 2) return undefined;
    const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
    return pids.map(Number).find(pid => namespacesOf(pid).join(' ') === names.join(' '));
  } catch {
    return undefined; // there was none
  }
}

/** The kernel's names of its user and mount namespaces, `user:[4026531837]`; empty if it is gone, or another user's. */
export function namespacesOf(pid: number): string[] {
  try {
    return ['user', 'mnt'].map(kind => readlinkSync(`/proc/${pid}/ns/${kind}`));
  } catch {
    return [];
  }
}

/**
 * Goes when its record is gone. Once an hour it freshens what lies beside that: what is old is swept from /tmp
 * (tmpfiles.d(5)), where it may be. Argument: the record.
 */
const waiting = `
echo ready
exec </dev/null >/dev/null 2>&1
minutes=0
while sleep 60; do
  [ -e "$1" ] || exit 0
  minutes=$((minutes + 1))
  if [ $minutes -eq 60 ]; then minutes=0; find "\${1%/*}" -xdev -exec touch -ch {} +; fi
done`;

/**
 * Waits until its numbers are mapped, and becomes root by the second shell. crun refuses to work where it sees v2
 * controllers beside v1 ones: an empty folder hides them. Argument: the record.
 */
const script = `
read -r _ || exit 1
exec /bin/sh -c '
if [ -f /sys/fs/cgroup/unified/cgroup.controllers ]; then mount -t tmpfs none /sys/fs/cgroup/unified || exit 1; fi
${waiting}' sh "$1"`;

async function startAnother(survivor: number, record: string): Promise<number> {
  const flags = ['--target', String(survivor), '--user', '--mount', '--preserve-credentials', '--'];
  const child = start('nsenter', [...flags, '/bin/sh', '-c', waiting, 'sh', record], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout as Readable, 'data', { signal: AbortSignal.timeout(5000) });
  child.stdout?.destroy();
  child.unref();
  return child.pid as number;
}

async function startHolder(caller: Caller, record: string): Promise<number> {
  // Slave: what is mounted and unmounted on the host is so in here too.
  const args = ['--user', '--mount', '--propagation', 'slave', '/bin/sh', '-c', script, 'sh', record];
  const child = start('unshare', args, { cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin?.on('error', () => {}); // its own words tell
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words += chunk.toString();
  });
  const ended = once(child, 'close');
  ended.catch(() => {}); // told by the first of these two
  try {
    if (child.pid === undefined) await ended;
    await mapIds(child, caller);
    child.stdin?.write('\n');
    const [said] = await Promise.race([once(child.stdout as Readable, 'data'), ended]).catch(error => {
      throw commandError('unshare', error);
    });
    if (!String(said).startsWith('ready')) throw refused(words.trim().split('\n').at(-1) ?? '');
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  child.unref();
  return child.pid as number;
}

/** With sub-ids where the user has some and the host has the tools for them, else the caller's own number alone. */
async function mapIds(child: ChildProcess, { uid, gid }: Caller): Promise<void> {
  const pid = child.pid as number;
  await becomeUnshared(pid);
  const { uids, gids } = subordinateIds(uid);
  if (uids.length > 0 && gids.length > 0 && (await mapRanges(pid, { uid, gid, uids, gids }))) return;
  try {
    writeFileSync(`/proc/${pid}/setgroups`, 'deny');
    writeFileSync(`/proc/${pid}/uid_map`, `0 ${uid} 1\n`);
    writeFileSync(`/proc/${pid}/gid_map`, `0 ${gid} 1\n`);
  } catch (error) {
    throw refused(String(error));
  }
}

/** Until then it is still the caller's own namespace that would be asked for. */
async function becomeUnshared(pid: number): Promise<void> {
  const own = readMap('self');
  for (let waited = 0; waited < 2000 && readMap(String(pid)) === own; waited += 1)
    await new Promise(resolve => setTimeout(resolve, 1));
}

function readMap(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/uid_map`, 'utf8');
  } catch {
    return '';
  }
}

async function mapRanges(
  pid: number,
  ids: { uid: number; gid: number; uids: readonly IdRange[]; gids: readonly IdRange[] },
): Promise<boolean> {
  const mappers = findMappers();
  if (mappers === undefined) return false;
  const { forUsers, forGroups } = mappers;
  const map = async (command: string, id: number, ranges: readonly IdRange[]) => {
    const { code } = await run(command, [String(pid), ...mapOf(id, ranges).flat().map(String)]);
    return code === 0;
  };
  // The groups first: once the users are mapped, the rest of this can only go on in the same way.
  return (await map(forGroups, ids.gid, ids.gids)) && (await map(forUsers, ids.uid, ids.uids));
}

function findMappers(): { readonly forUsers: string; readonly forGroups: string } | undefined {
  const [forUsers, forGroups] = [findExecutable('newuidmap'), findExecutable('newgidmap')];
  return forUsers === undefined || forGroups === undefined ? undefined : { forUsers, forGroups };
}

function refused(why: string): PlimsollError {
  return new PlimsollError(
    'permission-denied',
    `this machine gives an ordinary user no user namespace: ${why}`,
    {
      code: 'USER_NAMESPACE_REFUSED',
      hint: "'plimsoll doctor' says what to change; or run it with sudo",
    },
  );
}
