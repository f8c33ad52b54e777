import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  chownSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { buildOnce } from './built.ts';
import { noteLeftover } from './sweep.ts';
import { openTerminal, type TerminalProgram } from './terminal.ts';

const repository = resolve(import.meta.dirname, '../..');
const isRoot = process.getuid?.() === 0;

/** Why nothing can be run as an ordinary user here; false if it can. */
export function noOrdinaryUser(): string | false {
  const tools = [
    'conmon',
    'unshare',
    'nsenter',
    'newuidmap',
    'newgidmap',
    ...(isRoot ? ['useradd', 'setpriv'] : []),
  ];
  for (const tool of tools) {
    if (spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${tool}`]).status !== 0)
      return `needs the host tool ${tool}`;
  }
  if (Number(readText('/proc/sys/user/max_user_namespaces')) === 0) return 'needs user namespaces';
  if (readText('/proc/sys/kernel/apparmor_restrict_unprivileged_userns').trim() === '1')
    return 'needs user namespaces, and AppArmor forbids them';
  if (isRoot && (statSync(repository).mode & 0o005) !== 0o005)
    return 'needs a repository that an ordinary user can read';
  if (!isRoot && !readText('/etc/subuid').includes(`${userInfo().username}:`))
    return 'needs a range in /etc/subuid for this user';
  return false;
}

/** An ordinary user with a home, and plimsoll run by that user. */
export interface OrdinaryUser extends Disposable {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
  /** Runs a program as the user, with these words before it. */
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The program, at a path that the user can go. */
  readonly launcher: string;
  /** Runs one command and returns its standard output; throws with its words unless the exit code is 0. */
  plimsoll(...args: string[]): string;
  /** Runs one command; for those that shall fail. */
  attempt(...args: string[]): { code: number | null; stdout: string; stderr: string };
  dashboard(): TerminalProgram;
  /** The process that holds the user's namespaces; plimsoll must have run. */
  holder(): number;
  /** Ends that, and all that is mounted in them. */
  end(): void;
}

/**
 * Makes a user for root, who is gone afterwards; an ordinary user stands for himself, with another home. `subordinateIds: false`:
 * one that has no further numbers to give away.
 */
export function openOrdinaryUser(options: { subordinateIds?: boolean } = {}): OrdinaryUser {
  buildOnce();
  const folder = mkdtempSync('/var/tmp/plu-');
  const { name, uid, gid } = isRoot ? addUser(options.subordinateIds ?? true) : themselves();
  const [home, run] = [join(folder, 'home'), join(folder, 'run')];
  for (const made of [home, run]) mkdirSync(made, { mode: 0o700 });
  for (const given of [folder, home, run]) chownSync(given, uid, gid);
  const shown = isRoot && !isOpen(repository) ? showRepository(folder) : undefined;
  const launcher = join(shown ?? repository, 'bin/plimsoll');
  const env = {
    ...{ HOME: home, USER: name, LOGNAME: name, XDG_RUNTIME_DIR: run, TERM: 'xterm-256color' },
    PATH: '/usr/local/bin:/usr/bin:/bin',
  };
  noteLeftover({ folder, ...(isRoot ? { user: { name, uid } } : {}) });
  const prefix = isRoot ? ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups'] : [];
  const attempt = (...args: string[]) => {
    const [program = '', ...words] = [...prefix, launcher, ...args];
    const done = spawnSync(program, words, { encoding: 'utf8', env, cwd: home, timeout: 240_000 });
    return { code: done.status, stdout: done.stdout, stderr: done.stderr };
  };
  const plimsoll = (...args: string[]) => {
    const { code, stdout, stderr } = attempt(...args);
    if (code !== 0) throw new Error(`plimsoll ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  };
  const record = join(run, 'plimsoll/namespaces');
  const end = () => endProcesses(record);
  return {
    holder: () => Number.parseInt(readText(record), 10),
    end,
    ...{ name, uid, home, prefix, env, launcher, plimsoll, attempt },
    dashboard: () => openTerminal([...prefix, launcher], { columns: 140, rows: 44, cwd: home, env }),
    [Symbol.dispose]() {
      const names = attempt('ps', '-aq').stdout.split('\n').filter(Boolean);
      if (names.length > 0) attempt('rm', '-f', ...names);
      end();
      if (shown !== undefined) execFileSync('umount', ['--lazy', shown]);
      if (isRoot) execFileSync('userdel', ['--force', name], { stdio: 'ignore' });
      execFileSync('unshare', [
        ...(isRoot ? [] : ['--user', '--map-auto', '--map-root-user']),
        'rm',
        '-rf',
        folder,
      ]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The repository at a path that everybody may go: a clone is often below a folder that only root may enter. */
function showRepository(folder: string): string {
  const shown = join(folder, 'product');
  mkdirSync(shown);
  execFileSync('mount', ['--bind', repository, shown]);
  return shown;
}

let made = 0;

function addUser(subordinateIds: boolean): { name: string; uid: number; gid: number } {
  const name = `plt${process.pid}-${made++}`;
  const none = ['-K', 'SUB_UID_COUNT=0', '-K', 'SUB_GID_COUNT=0'];
  execFileSync('useradd', ['--no-create-home', ...(subordinateIds ? [] : none), name]);
  const [, , uid, gid] = readText('/etc/passwd')
    .split('\n')
    .map(line => line.split(':'))
    .find(([who]) => who === name) as string[];
  return { name, uid: Number(uid), gid: Number(gid) };
}

function themselves(): { name: string; uid: number; gid: number } {
  const { username: name, uid, gid } = userInfo();
  return { name, uid, gid };
}

/** Ends whatever lives in the user namespace that the process of a record holds, itself too. */
function endProcesses(record: string): void {
  const holder = Number.parseInt(readText(record), 10);
  const namespace = namespaceOf(String(holder));
  if (namespace === undefined) return;
  const living = () =>
    readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && namespaceOf(pid) === namespace);
  for (let pids = living(); pids.length > 0; pids = living()) {
    for (const pid of pids) spawnSync('kill', ['-KILL', pid]);
    spawnSync('sleep', ['0.01']);
  }
}

/** Of a dead one none: a child of this process stays a zombie as long as this waits, which is for ever then. */
function namespaceOf(pid: string): string | undefined {
  try {
    const isZombie = /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return isZombie ? undefined : readlinkSync(`/proc/${pid}/ns/user`);
  } catch {
    return undefined;
  }
}

/** True if everybody may go into a folder and all above it. */
function isOpen(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    execFileSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'ls', folder], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
