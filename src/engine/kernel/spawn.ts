import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from 'node:child_process';
import { cancelled, errnoOf, PlimsollError } from '../../errors.ts';

export type { ChildProcess, StdioOptions };

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Milliseconds after which the command is killed and `deadline` is thrown. */
  readonly timeoutMs?: number;
  /** Further descriptors of this process for the child, from 3 up. */
  readonly inheritFds?: readonly number[];
  /** Called with each piece of output as it comes; what it sees is also returned. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

export interface RunResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a host command to its end and returns its exit code and output; a non-zero code is a result, not an error.
 * Rejects with `unavailable` if the command is not installed, `cancelled` if the signal fired.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  if (options.signal?.aborted) throw cancelled(command);
  const child = start(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(options.inheritFds ?? [])],
  });
  return await collect(child, command, options);
}

/** Like `run`, but a non-zero exit is an error which carries the command's own words. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  const words = (result.stderr || result.stdout).trim().split('\n').slice(-3).join('; ');
  throw new PlimsollError(
    'internal',
    `${command} failed (${result.signal ?? `exit ${result.code}`}): ${words}`,
    {
      code: 'COMMAND_FAILED',
      data: { command, args, exitCode: result.code, stderr: result.stderr.slice(0, 4096) },
    },
  );
}

/** Starts a host command and returns the child. The only place of plimsoll that spawns. */
export function start(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(command, [...args], { ...options, env: { ...(options.env ?? process.env), LC_ALL: 'C' } });
}

/** The error for a host command that could not be started. */
export function commandError(command: string, error: unknown): PlimsollError {
  if (errnoOf(error) === 'ENOENT') {
    return new PlimsollError('unavailable', `the host command "${command}" is not installed`, {
      code: 'HOST_TOOL_MISSING',
      hint: "run 'plimsoll doctor' to see what is missing and how to install it",
      data: { command },
      cause: error,
    });
  }
  if (errnoOf(error) === 'EACCES') {
    return new PlimsollError(
      'unavailable',
      `the host command "${command}" cannot be executed: permission denied`,
      {
        code: 'HOST_TOOL_MISSING',
        hint: "install it again; 'plimsoll doctor' says how",
        data: { command },
        cause: error,
      },
    );
  }
  return new PlimsollError('internal', `cannot start "${command}": ${(error as Error).message}`, {
    code: 'SPAWN_FAILED',
    data: { command },
    cause: error,
  });
}

function collect(child: ChildProcess, command: string, options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let failure: PlimsollError | undefined;
    const stop = (error: PlimsollError) => {
      failure ??= error;
      child.kill('SIGKILL');
    };
    const onAbort = () => stop(cancelled(command));
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => stop(timedOut(command, options.timeoutMs ?? 0)), options.timeoutMs);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const release = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      options.onOutput?.('stdout', chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr.push(chunk);
      options.onOutput?.('stderr', chunk);
    });
    child.on('error', error => {
      release();
      reject(commandError(command, error));
    });
    child.on('close', (code, signal) => {
      release();
      if (failure) reject(failure);
      else resolve({ code, signal, stdout: text(stdout), stderr: text(stderr) });
    });
    child.stdin?.on('error', () => {}); // a command that exits early closes its input: its exit code tells why
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
}

function text(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}

function timedOut(command: string, ms: number): PlimsollError {
  return new PlimsollError('deadline', `${command} did not finish within ${ms} ms`, {
    code: 'COMMAND_TIMEOUT',
    data: { command, ms },
  });
}
