import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, PlimsollError } from '../../errors.ts';
import { cgroupOfRoot, cgroupVersion, foldersIn, hasCgroups, start } from '../kernel/index.ts';

/** Folder of a cgroup in the hierarchy of a v1 controller, or in the one tree of v2. `path` as in ProcessRequest. */
export function cgroupFolder(path: string, controller: string): string {
  return cgroupVersion() === 'v2' ? join('/sys/fs/cgroup', path) : join('/sys/fs/cgroup', controller, path);
}

/** The cgroup of a container of a root; `container` undefined: the parent of them all. */
export function pathOfCgroup(rootId: string, container?: string): string {
  return container === undefined ? cgroupOfRoot(rootId) : `${cgroupOfRoot(rootId)}/${container}`;
}

/** Processes in a cgroup and below it, as the host numbers them; empty if it is gone. */
export function cgroupProcesses(path: string): number[] {
  return processesBelow(cgroupFolder(path, 'pids'));
}

/** Removes a cgroup with its empty children from every hierarchy; keeps what still has processes in it. */
export function removeCgroup(path: string): void {
  for (const folder of hierarchies()) removeTree(`${folder}/${path}`);
}

/**
 * Removes a cgroup and kills what is in it: for a container that is gone. A runtime whose caller was killed may be on
 * its way into the cgroup just then, so this tries for a second; what is left then is for the next who finds it.
 */
export async function clearCgroup(path: string): Promise<void> {
  for (let waited = 0; waited < 1000; waited += 5) {
    for (const pid of cgroupProcesses(path)) killQuietly(pid);
    removeCgroup(path);
    if (!hierarchies().some(folder => existsSync(join(folder, path)))) return;
    await sleep(5);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

/**
 * Stops or resumes all processes of a cgroup and waits until the kernel has done it (v1 `freezer.state`, v2
 * `cgroup.freeze`: kernel, admin-guide/cgroup-v1/freezer-subsystem and cgroup-v2). Throws `not-found` if it is gone.
 */
export async function setFrozen(path: string, frozen: boolean): Promise<void> {
  if (!hasCgroups()) throw cannotFreeze();
  const folder = cgroupFolder(path, 'freezer');
  const v2 = cgroupVersion() === 'v2';
  try {
    if (v2) writeFileSync(join(folder, 'cgroup.freeze'), frozen ? '1' : '0');
    else writeFileSync(join(folder, 'freezer.state'), frozen ? 'FROZEN' : 'THAWED');
    const done = () =>
      v2
        ? readFileSync(join(folder, 'cgroup.events'), 'utf8').includes(`frozen ${frozen ? 1 : 0}`)
        : readFileSync(join(folder, 'freezer.state'), 'utf8').trim() === (frozen ? 'FROZEN' : 'THAWED');
    for (let waited = 0; !done() && waited < 2000; waited += 5) await sleep(5);
  } catch (error) {
    if (!['ENOENT', 'ENODEV'].includes(errnoOf(error) ?? '')) throw error;
    throw new PlimsollError('not-found', 'the cgroup of the container is gone', {
      code: 'CGROUP_GONE',
      cause: error,
    });
  }
}

function cannotFreeze(): PlimsollError {
  return new PlimsollError('unavailable', 'an ordinary user can pause nothing on this machine', {
    code: 'CGROUPS_MISSING',
    hint: 'pausing takes cgroup v2 that systemd delegates to users; stop the container, or run it as root',
  });
}

/**
 * Keeps all processes of a cgroup stopped until it is disposed of, or until this process ends, however it ends: a shell
 * that waits for that lets them go on. Throws `not-found` if the cgroup is gone.
 */
export async function holdFrozen(path: string): Promise<AsyncDisposable> {
  const script = 'read -r _; echo "$2" > "$1"';
  const args = ['-c', script, 'sh', ...thawing(path)];
  // Its own session: Ctrl-C must not end it before it has done its work.
  const child = start('/bin/sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const ended = once(child, 'close');
  const thaw = async () => {
    child.stdin?.destroy();
    await ended;
  };
  try {
    await setFrozen(path, true);
  } catch (error) {
    await thaw();
    throw error;
  }
  return { [Symbol.asyncDispose]: thaw };
}

/** The file that thaws a cgroup, and what to write into it. */
function thawing(path: string): [file: string, word: string] {
  const folder = cgroupFolder(path, 'freezer');
  if (cgroupVersion() === 'v2') return [join(folder, 'cgroup.freeze'), '0'];
  return [join(folder, 'freezer.state'), 'THAWED'];
}

/** Takes a limit of processes away: crun cannot. Does nothing where the cgroup is gone. */
export function unlimitProcesses(path: string): void {
  write(join(cgroupFolder(path, 'pids'), 'pids.max'), 'max');
}

/** Takes a limit of CPU time away, likewise. */
export function unlimitCpu(path: string): void {
  const folder = cgroupFolder(path, 'cpu');
  if (cgroupVersion() === 'v2') write(join(folder, 'cpu.max'), 'max');
  else write(join(folder, 'cpu.cfs_quota_us'), '-1');
}

function write(file: string, word: string): void {
  try {
    writeFileSync(file, word);
  } catch (error) {
    if (!['ENOENT', 'ENODEV'].includes(errnoOf(error) ?? '')) throw error;
  }
}

/** How often the kernel has killed a process of this cgroup for lack of memory; 0 if it is gone. */
export function oomKills(path: string): number {
  const name = cgroupVersion() === 'v2' ? 'memory.events' : 'memory.oom_control';
  try {
    const text = readFileSync(join(cgroupFolder(path, 'memory'), name), 'utf8');
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function hierarchies(): string[] {
  if (cgroupVersion() === 'v2') return ['/sys/fs/cgroup'];
  return readdirSync('/sys/fs/cgroup').map(name => `/sys/fs/cgroup/${name}`);
}

function processesBelow(folder: string): number[] {
  let own: number[];
  try {
    own = readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
  return [...own, ...childrenOf(folder).flatMap(processesBelow)];
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  for (const child of childrenOf(folder)) removeTree(child);
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['EBUSY', 'ENOENT', 'ENOTEMPTY'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function childrenOf(folder: string): string[] {
  return foldersIn(folder).map(name => join(folder, name));
}
