import { execFileSync, spawnSync } from 'node:child_process';
import {
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
import { openTerminal, type TerminalOptions, type TerminalProgram } from '../support/terminal.ts';

const repository = resolve(import.meta.dirname, '../..');
const launcher = join(repository, 'bin/plimsoll');

/** Why these tests cannot run here, or undefined. */
export function cannotRun(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: containers, mounts and a bridge are made for real';
  for (const tool of ['conmon', 'ip', 'nft', 'busybox']) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) return `needs the host tool ${tool}`;
  }
  return undefined;
}

/** A root of its own with the built plimsoll on it, as a user has it. */
export interface Home extends Disposable {
  readonly folder: string;
  /** Runs one command and returns its standard output; throws with its words unless the exit code is 0. */
  plimsoll(...args: string[]): string;
  /** Runs one command; for those that shall fail. */
  attempt(...args: string[]): { code: number | null; stdout: string; stderr: string };
  dashboard(options?: TerminalOptions): TerminalProgram;
  /** What the kernel holds for this root: mounts, namespaces, links, processes, cgroups. Empty when nothing is left. */
  leftovers(): string[];
}

/** Builds the bundle if the sources are newer, and makes a root with the busybox image in it. */
export function openHome(): Home {
  execFileSync(join(repository, 'bin/node'), [join(repository, 'bin/build.mjs')]);
  const folder = mkdtempSync(join(tmpdir(), 'ple-'));
  const root = join(folder, 'root');
  const env = {
    ...process.env,
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_CONFIG_HOME: join(folder, 'config'),
  };
  const attempt = (...args: string[]) => {
    const done = spawnSync(launcher, ['--root', root, ...args], { encoding: 'utf8', env, timeout: 60_000 });
    return { code: done.status, stdout: done.stdout, stderr: done.stderr };
  };
  const plimsoll = (...args: string[]) => {
    const { code, stdout, stderr } = attempt(...args);
    if (code !== 0) throw new Error(`plimsoll ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  };
  plimsoll('image', 'bootstrap');
  const id = (JSON.parse(plimsoll('system', 'info', '--json')) as { root: { id: string } }).root.id;
  return {
    folder,
    plimsoll,
    attempt,
    dashboard: options =>
      openTerminal([launcher, '--root', root], {
        ...options,
        env: {
          XDG_STATE_HOME: join(folder, 'state'),
          XDG_CONFIG_HOME: join(folder, 'config'),
          ...options?.env,
        },
      }),
    leftovers: () => leftoversOf(root, id),
    [Symbol.dispose]: () => {
      const names = plimsoll('ps', '-aq').split('\n').filter(Boolean);
      if (names.length > 0) attempt('rm', '-f', ...names);
      rmSync(folder, { recursive: true, force: true });
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

function leftoversOf(root: string, id: string): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line.includes(root) || line.includes(`/run/plimsoll/${id}`))
    .map(line => `mount ${line.split(' ')[4]}`);
  const namespaces = namesIn('/run/netns')
    .filter(name => name.includes(id))
    .map(name => `namespace ${name}`);
  const links = namesIn('/sys/class/net')
    .filter(name => name.includes(id))
    .map(name => `link ${name}`);
  const cgroups = ['', ...namesIn('/sys/fs/cgroup')]
    .map(tree => join('/sys/fs/cgroup', tree, `plimsoll-${id}`))
    .filter(existsSync)
    .map(path => `cgroup ${path}`);
  const processes = namesIn('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(pid => commandLine(pid).includes(root) || commandLine(pid).includes(`/run/plimsoll/${id}`))
    .map(pid => `process ${pid} ${commandLine(pid)}`);
  return [...mounts, ...namespaces, ...links, ...cgroups, ...processes];
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
