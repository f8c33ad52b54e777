import { closeSync, constants, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { commandError, findExecutable, preloadNative, start } from '../../kernel/index.ts';
import { errorLines, startError } from '../runtime-error.ts';
import type { Runtime } from '../types.ts';
import { monitorEnvironment } from './monitor-environment.ts';

export interface ExecMonitorRequest {
  readonly runtime: Runtime;
  /** Of the container. */
  readonly container: string;
  readonly id: string;
  /** Gets the attach socket (`attach`), the control pipe, `pidfile`, `conmon.pid`, and `exit/CONTAINER` at the end. */
  readonly folder: string;
  /** The OCI process. */
  readonly processFile: string;
  /** Its first word, for what is said when it cannot be started. */
  readonly command: string;
  readonly tty: boolean;
  readonly openStdin: boolean;
  /** Program and arguments to be run when it has ended, and its exit code is there; empty: none. */
  readonly exitCommand: readonly string[];
  /** Called, and waited for, when its streams can be connected with and it does not run yet; else nobody can. */
  readonly beforeRun?: () => Promise<void>;
}

/**
 * Starts a monitor (conmon) of its own for a further command in a running container: like the container's it outlives
 * every plimsoll process, and leaves the exit code in a file. Resolves when the command runs. Throws what `startError`
 * makes of the runtime's words; then nothing of it is left but files.
 */
export async function startExecMonitor(request: ExecMonitorRequest): Promise<{
  /** Resolves when the monitor tells it; undefined: it was killed, or left alone. */
  readonly exitCode: Promise<number | undefined>;
  /** Does not wait for the monitor any longer. */
  readonly leave: () => void;
}> {
  const { folder, runtime, beforeRun } = request;
  const isAttachable = beforeRun !== undefined;
  const conmon = findExecutable('conmon') ?? 'conmon';
  const [words, log] = [join(folder, 'conmon.log'), join(folder, 'runtime.log')];
  mkdirSync(join(folder, 'exit'), { mode: 0o700 });
  const stderr = openSync(words, 'w', 0o600);
  const [sync, told] = await openReports(folder);
  try {
    const child = start(conmon, argumentsOf(request), {
      // A session of its own: neither a hangup of the terminal nor Ctrl-C reaches it.
      detached: true,
      cwd: folder,
      stdio: ['ignore', 'ignore', stderr, sync, 'pipe', ...(isAttachable ? ['pipe' as const] : [])],
      env: monitorEnvironment({ sync: 3, start: 4, ...(isAttachable ? { attach: 5 } : {}) }),
    });
    child.unref();
    closeSync(sync); // else its end would never be heard of
    const failed = new Promise<never>((_, reject) => {
      child.on('error', error => reject(commandError(conmon, error)));
    });
    failed.catch(() => {}); // raced below
    if (child.pid !== undefined) await runtime.adopt(child.pid);
    const gate = child.stdio[4] as Duplex;
    gate.on('error', () => {}); // it has ended already: its report says why
    gate.write('\0');
    if (isAttachable) {
      const ready = await Promise.race([reportsOf(child.stdio.at(5) as Duplex).next(), failed]);
      if (ready !== undefined) await beforeRun();
      gate.write('\0');
    }
    gate.end();
    const report = await Promise.race([told.next(), failed]);
    if (report === undefined || report.data <= 0) {
      // With a terminal the monitor does not pass on what the runtime says.
      const reason = errorLines(readIfThere(log)) || report?.message || readIfThere(words);
      throw startError(reason || `${conmon} ended without a word`, request.command);
    }
    return { exitCode: told.next().then(last => last?.data), leave: () => told.close() };
  } catch (error) {
    const monitor = readPid(join(folder, 'conmon.pid'));
    if (monitor !== undefined && isExecMonitored(folder, request.id)) process.kill(monitor, 'SIGKILL');
    throw error;
  } finally {
    closeSync(stderr);
  }
}

/** True while the monitor of a command lives, in whose arguments the command's id is. */
export function isExecMonitored(folder: string, id: string): boolean {
  const pid = readPid(join(folder, 'conmon.pid'));
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(id);
  } catch {
    return false;
  }
}

/** The command's process as the host numbers it, once it has been started. */
export function execPid(folder: string): number | undefined {
  return readPid(join(folder, 'pidfile'));
}

/** The exit code that the monitor left; undefined: none. */
export function execExitCode(folder: string, container: string): number | undefined {
  try {
    const text = readFileSync(join(folder, 'exit', container), 'utf8').trim();
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined; // not there yet
  }
}

function argumentsOf({ container, id, folder, runtime, ...request }: ExecMonitorRequest): string[] {
  const [program, ...words] = request.exitCommand;
  const ofRuntime = [...runtime.globalArgs, `--log=${join(folder, 'runtime.log')}`, '--log-format=json'];
  return [
    ...['--api-version', '1', '--exec', '-c', container, '-u', id, '-n', id.slice(0, 12), '-b', folder],
    ...['-r', runtime.path, ...ofRuntime.map(arg => `--runtime-arg=${arg}`)],
    ...['-p', join(folder, 'pidfile'), '--conmon-pidfile', join(folder, 'conmon.pid')],
    ...['--exit-dir', join(folder, 'exit'), '--full-attach', '-l', 'none', '--log-level', 'error'],
    ...['--exec-process-spec', request.processFile],
    ...(program === undefined ? [] : [`--exit-command=${program}`]),
    ...words.map(word => `--exit-command-arg=${word}`),
    ...(request.beforeRun === undefined ? [] : ['--exec-attach']),
    // Who leaves a terminal must not end its input: ctrl-d does. A pipe ends with the client that fed it.
    ...(request.tty ? ['-t', '--leave-stdin-open'] : []),
    ...(request.openStdin ? ['-i'] : []),
  ];
}

interface Reports {
  next(): Promise<Report | undefined>;
  close(): void;
}

interface Report {
  readonly data: number;
  readonly message?: string;
}

/**
 * A pipe for the monitor to report by, which it holds open on both ends: where nobody reads any longer, as plimsoll was
 * killed, it would end at its next report and leave no exit code.
 */
async function openReports(folder: string): Promise<readonly [fd: number, reports: Reports]> {
  const path = join(folder, 'reports');
  const native = await preloadNative();
  native.mknodat(-1, Buffer.from(path), constants.S_IFIFO | 0o600, { major: 0, minor: 0 });
  const fd = openSync(path, constants.O_RDWR);
  const own = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return [fd, reportsOf(new Socket({ fd: own, readable: true, writable: false }))];
}

/** What the monitor says on a pipe, a JSON line each; undefined when it has nothing more to say. */
function reportsOf(pipe: Duplex): Reports {
  const lines = (async function* () {
    let text = '';
    try {
      for await (const chunk of pipe as AsyncIterable<Buffer>) {
        const all = (text + chunk.toString()).split('\n');
        text = all.pop() ?? '';
        for (const line of all) if (line.startsWith('{')) yield JSON.parse(line) as Report;
      }
    } catch {
      // a monitor that refuses its arguments resets the pipe: its own words tell why
    }
  })();
  return { next: async () => (await lines.next()).value ?? undefined, close: () => void pipe.destroy() };
}
