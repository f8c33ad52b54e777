import { once } from 'node:events';
import { closeSync, constants, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { PlimsollError } from '../../../errors.ts';
import {
  type ChildProcess,
  commandError,
  findExecutable,
  identify,
  type ProcessIdentity,
  start,
} from '../../kernel/index.ts';
import { startError } from '../runtime-error.ts';
import type { Runtime } from '../types.ts';
import { monitorEnvironment } from './monitor-environment.ts';

/** Where a monitor writes what its container says. */
export type MonitorLog =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** The last resort against a full disk: conmon truncates the log there. Rotation has to come long before. -1: none. */
      readonly sizeMax: number;
    }
  | { readonly kind: 'journald'; readonly tag?: string }
  | { readonly kind: 'none' };

export interface MonitorRequest {
  readonly runtime: Runtime;
  readonly id: string;
  readonly name: string;
  /** Holds config.json; gets the attach socket, the control pipe and the pid files. Short, for sun_path. */
  readonly bundle: string;
  readonly log: MonitorLog;
  /** Gets a file named by the id with the exit code in it, when the container ends. */
  readonly exitDir: string;
  /** Gets a file `oom` when the kernel killed something for lack of memory. */
  readonly persistDir: string;
  readonly tty: boolean;
  readonly openStdin: boolean;
  /** What the monitor starts when the container has ended; program and arguments. */
  readonly exitCommand: readonly string[];
}

/**
 * Starts a monitor (conmon) that creates the container: it outlives every plimsoll process, writes the log and the
 * exit code. Resolves when the container is created and waits for `Runtime.start`. Throws what `startError` makes of
 * the runtime's words; then no monitor is left, but the runtime may still know the id (`Runtime.delete`).
 */
export async function startMonitor(
  request: MonitorRequest,
): Promise<{ readonly process: ProcessIdentity; readonly monitor: ProcessIdentity }> {
  const { bundle, runtime } = request;
  for (const folder of [request.exitDir, request.persistDir])
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const stale of ['attach', 'ctl', 'winsz']) rmSync(join(bundle, stale), { force: true });
  const words = join(bundle, 'conmon.log');
  const pid = await create(request, words);
  const monitor = identify(Number(readFileSync(join(bundle, 'conmon.pid'), 'utf8')));
  const created = identify(pid);
  if (monitor === undefined || created === undefined) {
    throw startError(readFileSync(words, 'utf8') || 'it died at once', runtime.name);
  }
  runtime.keepCompiledFilter(bundle, request.id);
  return { process: created, monitor };
}

async function create(request: MonitorRequest, words: string): Promise<number> {
  const conmon = findExecutable('conmon') ?? 'conmon';
  const stderr = openSync(words, 'w', 0o600);
  try {
    const child = start(conmon, argumentsOf(request), {
      // Its own session: neither a hangup of the terminal nor Ctrl-C reaches it. `detached` is setsid(2).
      detached: true,
      cwd: request.bundle, // where it leaves a file `oom` besides the one in its persist folder
      stdio: ['ignore', 'ignore', stderr, 'pipe', 'pipe'],
      env: monitorEnvironment({ sync: 3, start: 4 }),
    });
    const report = readPid(child, conmon, words, request.bundle);
    report.catch(() => {}); // awaited below
    if (child.pid !== undefined) await request.runtime.adopt(child.pid);
    (child.stdio[4] as Duplex).end('\0'); // now it may go on
    const pid = await report;
    // What was started ends when it has written the number of the monitor, its child, which may be faster than that.
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return pid;
  } finally {
    closeSync(stderr);
  }
}

function argumentsOf(request: MonitorRequest): string[] {
  const { bundle, id, runtime } = request;
  const [program = '/bin/true', ...args] = request.exitCommand;
  return [
    ...['--api-version', '1', '-c', id, '-u', id, '-n', request.name, '-b', bundle],
    ...['-r', runtime.createPath, ...runtime.globalArgs.map(arg => `--runtime-arg=${arg}`)],
    ...['-p', join(bundle, 'pidfile'), '--conmon-pidfile', join(bundle, 'conmon.pid')],
    ...['--exit-dir', request.exitDir, '--persist-dir', request.persistDir, '--full-attach'],
    ...[...logArguments(request.log), '--log-level', 'error'],
    // Who leaves a terminal must not end its input: ctrl-d does. A pipe ends with the client that fed it.
    ...(request.tty ? ['-t', '--leave-stdin-open'] : []),
    ...(request.openStdin ? ['-i'] : []),
    `--exit-command=${program}`,
    ...args.map(arg => `--exit-command-arg=${arg}`),
  ];
}

function logArguments(log: MonitorLog): string[] {
  if (log.kind === 'none') return ['-l', 'none'];
  if (log.kind === 'journald')
    return ['-l', 'journald', ...(log.tag === undefined ? [] : ['--log-tag', log.tag])];
  return ['-l', `k8s-file:${log.path}`, '--log-size-max', String(log.sizeMax)];
}

/** conmon waits for a byte on its start pipe, daemonises, creates, and reports one JSON line on its sync pipe. */
function readPid(child: ChildProcess, conmon: string, words: string, bundle: string): Promise<number> {
  const sync = child.stdio[3] as Duplex;
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (reason: string) => reject(startError(reason, conmon));
    const settle = () => {
      const line = text.split('\n').find(each => each.startsWith('{'));
      if (line === undefined) {
        fail(readFileSync(words, 'utf8') || `${conmon} ended without a word`);
        return;
      }
      const report = JSON.parse(line) as { data: number; message?: string };
      if (report.data > 0) resolve(report.data);
      else {
        const message = report.message ?? '';
        reject(startError(message || readFileSync(words, 'utf8'), commandIn(message, bundle)));
      }
    };
    child.on('error', error => reject(commandError(conmon, error)));
    sync.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) sync.destroy();
    });
    sync.on('error', () => {}); // a conmon that refuses its arguments resets the pipe: its own words tell why
    sync.on('close', () => {
      try {
        settle();
      } catch (error) {
        reject(error); // its files are gone: nobody waits for it any more, and nothing else may end by that
      }
    });
    child.stdio[4]?.on('error', () => {});
  });
}

/** The command that a runtime's complaint is about: quoted in it, else the one it was to run. */
function commandIn(message: string, bundle: string): string {
  const quoted = /[`"]([^`"]+)[`"]/.exec(message)?.[1];
  if (quoted !== undefined) return quoted;
  const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as {
    process: { args: string[] };
  };
  return config.process.args[0] ?? '';
}

/** Changes the size of a container's terminal, through the monitor's control pipe in its bundle. */
export function resizeTerminal(
  bundle: string,
  size: { readonly columns: number; readonly rows: number },
): void {
  control(bundle, `1 ${size.rows} ${size.columns}\n`);
}

function control(bundle: string, line: string): void {
  let pipe: number;
  try {
    // Opening for reading too never blocks, also when the monitor is gone.
    pipe = openSync(join(bundle, 'ctl'), constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    throw new PlimsollError('unavailable', 'the monitor of the container does not answer', {
      code: 'MONITOR_GONE',
      cause: error,
    });
  }
  try {
    writeSync(pipe, line);
  } finally {
    closeSync(pipe);
  }
}
