import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildOnce } from '../support/built.ts';
import { noOrdinaryUser, openOrdinaryUser } from '../support/ordinary-user.ts';
import type { SmallDisk } from '../support/small-disk.ts';
import { noteLeftover } from '../support/sweep.ts';
import { openTerminal, type TerminalOptions, type TerminalProgram } from '../support/terminal.ts';

const repository = resolve(import.meta.dirname, '../..');
const launcher = join(repository, 'bin/plimsoll');

/** Why these tests cannot run here, or undefined. */
export function cannotRun(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: containers, mounts and a bridge are made for real';
  return missingTool();
}

function missingTool(): string | undefined {
  for (const tool of ['conmon', 'ip', 'nft', 'busybox']) {
    if (spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${tool}`]).status !== 0)
      return `needs the host tool ${tool}`;
  }
  return undefined;
}

type Who = 'root' | 'an ordinary user';

/** The main tests are made for each of these, with their reasons why not. */
export const callers: readonly { readonly who: Who; readonly skip: string | false }[] = [
  { who: 'root', skip: cannotRun() ?? false },
  { who: 'an ordinary user', skip: noOrdinaryUser() || (missingTool() ?? false) },
];

/** A root of its own with the built plimsoll on it, as a user has it. */
export interface Home extends Disposable {
  /** The caller's own. */
  readonly folder: string;
  readonly root: string;
  /** The root's id, and where it keeps what does not outlive a boot. */
  readonly id: string;
  readonly runDir: string;
  /** The words that call plimsoll on the root as its owner, with this environment. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Runs one command and returns its standard output; throws with its words unless the exit code is 0. */
  plimsoll(...args: string[]): string;
  /** Runs one command; for those that shall fail. */
  attempt(...args: string[]): { code: number | null; stdout: string; stderr: string };
  /** Starts one command, without streams: its pid is the program's own. */
  start(...args: string[]): ChildProcess;
  dashboard(options?: TerminalOptions): TerminalProgram;
  /** Runs a command of the host in the network that the bridges are in, and returns its output. */
  inNetwork(command: string, ...args: string[]): string;
  /** The words before a command of the host that shall see the containers' mounts. */
  amongMounts(): readonly string[];
  /** The lines of /proc/self/mountinfo that are of this root. */
  mounts(): string[];
  /** The host's ends of its containers' links, and the names of their network namespaces. */
  links(): string[];
  namespaces(): string[];
  /** What the kernel holds for this root: mounts, namespaces, links, processes, cgroups. Empty when nothing is left. */
  leftovers(): string[];
}

/** Builds the bundle, and makes a root with the busybox image in it; on `disk` where one is given. */
export function openHome(who: Who = 'root', { disk }: { disk?: SmallDisk } = {}): Home {
  const place = who === 'root' ? placeOfRoot() : placeOfUser();
  if (disk === undefined) return homeOf(place, join(place.folder, 'root'));
  chownSync(disk.folder, place.uid, -1);
  return homeOf(place, join(disk.folder, 'root'));
}

/** Who calls, and where the kernel shows what belongs to that caller's roots. */
interface Place extends Disposable {
  readonly folder: string;
  readonly uid: number;
  readonly env: NodeJS.ProcessEnv;
  readonly launcher: readonly string[];
  mounts(): string;
  /** A folder as it is seen where mounts are made. */
  seen(path: string): string;
  readonly namespaces: string;
  readonly links: string;
  inNetwork(words: readonly string[]): readonly string[];
  amongMounts(): readonly string[];
  /** True if all links that are there are of its roots. */
  readonly alone: boolean;
  /** The parts of a path or a command line that tell its processes, beside the root. */
  readonly marks: readonly string[];
}

function placeOfRoot(): Place {
  buildOnce();
  const folder = mkdtempSync(join(tmpdir(), 'ple-'));
  return {
    folder,
    uid: 0,
    alone: false,
    env: {
      ...process.env,
      XDG_STATE_HOME: join(folder, 'state'),
      XDG_CONFIG_HOME: join(folder, 'config'),
    },
    launcher: [launcher],
    mounts: () => readFileSync('/proc/self/mountinfo', 'utf8'),
    seen: path => path,
    namespaces: '/run/netns',
    links: '/sys/class/net',
    inNetwork: words => words,
    amongMounts: () => [],
    marks: [],
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function placeOfUser(): Place {
  const user = openOrdinaryUser();
  const network = join(user.env.XDG_RUNTIME_DIR ?? '', 'plimsoll/network');
  const enter = () => ['nsenter', '--target', String(user.holder()), '--user', '--mount'];
  return {
    folder: user.home,
    uid: user.uid,
    alone: true,
    env: user.env,
    launcher: [...user.prefix, user.launcher],
    mounts: () => readFileSync(`/proc/${user.holder()}/mountinfo`, 'utf8'),
    seen: path => join(`/proc/${user.holder()}/root`, path),
    namespaces: join(network, 'containers'),
    links: join(network, 'sys/class/net'),
    inNetwork: words => [...enter(), 'nsenter', `--net=${join(network, 'namespace')}`, ...words],
    amongMounts: enter,
    marks: [network],
    [Symbol.dispose]: () => user[Symbol.dispose](),
  };
}

function homeOf(place: Place, root: string): Home {
  const { folder, env } = place;
  const command = [...place.launcher, '--root', root];
  const children: ChildProcess[] = [];
  noteLeftover({ folder, command, ...(place.uid === 0 ? {} : { env }) });
  const [program = '', ...words] = command;
  const attempt = (...args: string[]) => {
    const options = { encoding: 'utf8', env, cwd: folder, timeout: 240_000 } as const;
    const done = spawnSync(program, [...words, ...args], options);
    return { code: done.status, stdout: done.stdout, stderr: done.stderr };
  };
  const plimsoll = (...args: string[]) => {
    const { code, stdout, stderr } = attempt(...args);
    if (code !== 0) throw new Error(`plimsoll ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  };
  plimsoll('image', 'bootstrap');
  const info = JSON.parse(plimsoll('system', 'info', '--json')) as { root: { id: string; runDir: string } };
  return {
    folder,
    root,
    ...info.root,
    command,
    env,
    plimsoll,
    attempt,
    start: (...args) => {
      const child = spawn(program, [...words, ...args], { stdio: 'ignore', env, cwd: folder });
      children.push(child);
      return child;
    },
    dashboard: options =>
      openTerminal([program, ...words], {
        ...{ cwd: folder, ...options },
        env: { ...(env as Record<string, string>), ...options?.env },
      }),
    inNetwork(...line) {
      const [command = '', ...args] = place.inNetwork(line);
      return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    },
    amongMounts: () => place.amongMounts(),
    mounts: () => mountsOf(place, { root, ...info.root }),
    links: () => linksOf(place, info.root.id),
    namespaces: () => namesIn(place.seen(place.namespaces)).filter(name => name.includes(info.root.id)),
    leftovers: () => leftoversOf(place, { root, ...info.root }),
    [Symbol.dispose]: () => {
      for (const child of children) child.kill('SIGKILL'); // of a test that failed: it would wait for them for ever
      const names = plimsoll('ps', '-aq').split('\n').filter(Boolean);
      if (names.length > 0) attempt('rm', '-f', ...names);
      place[Symbol.dispose]();
    },
  };
}

/** A context with a small service that uses some processor and memory and says so. */
export function writeContext(folder: string): string {
  const context = join(folder, 'app');
  mkdirSync(context);
  writeFileSync(join(context, 'greeting.txt'), 'hello from the hold\n');
  writeFileSync(
    join(context, 'serve'),
    '#!/bin/sh\ntrap "exit 0" TERM\ncat /greeting.txt\ni=0\nwhile true; do i=$((i+1)); j=0; while [ $j -lt 20000 ]; do j=$((j+1)); done; echo "turn $i"; sleep 0.2; done\n',
    { mode: 0o755 },
  );
  writeFileSync(
    join(context, 'Dockerfile'),
    'FROM busybox\nARG CARGO=timber\nCOPY greeting.txt serve /\nRUN echo "loaded with $CARGO" > /manifest && sleep 1\nCMD ["/serve"]\n',
  );
  return context;
}

function leftoversOf(place: Place, names: { root: string; id: string; runDir: string }): string[] {
  const { id } = names;
  const mounts = mountsOf(place, names).map(line => `mount ${line.split(' ')[4]}`);
  const namespaces = namesIn(place.seen(place.namespaces))
    .filter(name => name.includes(id))
    .map(name => `namespace ${name}`);
  const links = namesIn(place.seen(place.links))
    .filter(name => name.includes(id))
    .map(name => `link ${name}`);
  const cgroups = ['', ...namesIn('/sys/fs/cgroup')]
    .map(tree => join('/sys/fs/cgroup', tree, `plimsoll-${id}`))
    .filter(existsSync)
    .map(path => `cgroup ${path}`);
  const processes = namesIn('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(pid => isOf(place, names, commandLine(pid)))
    .map(pid => `process ${pid} ${commandLine(pid)}`);
  return [...mounts, ...namespaces, ...links, ...cgroups, ...processes];
}

function mountsOf(place: Place, names: { root: string; runDir: string }): string[] {
  return place
    .mounts()
    .split('\n')
    .filter(line => isOf(place, names, line));
}

/** True if a path or a command line names what belongs to the root. */
function isOf({ marks }: Place, { root, runDir }: { root: string; runDir: string }, text: string): boolean {
  return [root, runDir, ...marks].some(mark => text.includes(mark));
}

/** The host's end of a container's link says no root in its name: one that hangs on no bridge, or on ours. */
function linksOf(place: Place, id: string): string[] {
  const folder = place.seen(place.links);
  return namesIn(folder).filter(name => {
    if (!name.startsWith('plv')) return false;
    const uevent = join(folder, name, 'master/uevent');
    return place.alone || !existsSync(uevent) || readFileSync(uevent, 'utf8').includes(`plb${id}`);
  });
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
