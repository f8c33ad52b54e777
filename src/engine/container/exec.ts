import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { cancelled, PlimsollError } from '../../errors.ts';
import { defined } from '../../lib/defined.ts';
import {
  type ChildProcess,
  caller,
  commandError,
  openPseudoTerminal,
  type PseudoTerminal,
  type StdioOptions,
} from '../kernel/index.ts';
import {
  errorLines,
  flushedOutput,
  type OciProcess,
  type OciSpec,
  readHostFeatures,
  resolveCapabilities,
  resolveUser,
  startError,
  userToBe,
} from '../runtime/index.ts';
import { attendExec, endExec, execFolder, unstartedExitCode } from './exec/settle-execs.ts';
import type { ExecDetails, ExecSpec } from './exec/types.ts';
import type { ContainerRecord } from './records.ts';
import { mergeEnv } from './resolve-spec.ts';
import { notRunning } from './transitions.ts';
import type { ExecRequest } from './types.ts';
import { announce, pathsOf, type World } from './world.ts';

/**
 * Runs a further command in a running container, by the runtime's own `exec`. It dies with the signal. Throws
 * `COMMAND_NOT_FOUND` or `COMMAND_NOT_EXECUTABLE` if the command could not be started.
 */
export async function execInContainer(
  world: World,
  record: ContainerRecord,
  request: ExecRequest,
): Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }> {
  const { id } = record;
  assertRuns(record);
  if (request.command.length === 0) {
    throw new PlimsollError('invalid-argument', 'there is no command to run', { code: 'NO_COMMAND' });
  }
  const exec = { id: randomBytes(32).toString('hex'), container: id, spec: specOf(request) };
  const folder = execFolder(world.root, exec);
  mkdirSync(folder, { mode: 0o700 });
  let exitCode = 137;
  try {
    attendExec(folder);
    writeFileSync(join(folder, 'process.json'), JSON.stringify(processFor(world, record, request)), {
      mode: 0o600,
    });
    begin(world, record, exec);
    const result = await execute(world, id, folder, request);
    ({ exitCode } = result);
    return result;
  } catch (error) {
    if (!request.signal?.aborted) exitCode = unstartedExitCode(error);
    throw error;
  } finally {
    endExec(world, exec, exitCode);
  }
}

/** Throws `conflict` for a container in which nothing can be run now. */
export function assertRuns({ name, state }: ContainerRecord): void {
  if (state.status === 'running') return;
  notRunning(name, state.status, state.status === 'paused' ? 'unpause it first' : 'start it first');
}

/** What is kept of a request. */
export function specOf({
  command,
  tty,
  env,
  user,
  workdir,
  privileged,
  stdio,
  detach,
}: ExecRequest): ExecSpec {
  const takesInput = stdio === 'inherit' || stdio?.stdin !== undefined;
  return {
    command,
    tty: tty ?? false,
    privileged: privileged ?? false,
    openStdin: takesInput && !detach,
    stdout: !detach,
    stderr: !detach,
    ...defined({ env, user, workdir }),
  };
}

/** Made and started at once, as nobody could see it in between. */
function begin(
  world: World,
  record: ContainerRecord,
  exec: Pick<ExecDetails, 'id' | 'container' | 'spec'>,
): void {
  const attributes = { execID: exec.id, execCommand: exec.spec.command.join(' ') };
  world.db.transaction(() => {
    world.execs.tidy(world.clock());
    world.execs.insertRunning(exec, world.clock());
    announce(world, record, 'exec_create', attributes);
    announce(world, record, 'exec_start', attributes);
  });
}

/** The own process of a container that runs, with another command and whatever else the request says. */
export function processFor(
  world: World,
  record: ContainerRecord,
  request: Omit<ExecRequest, 'signal'>,
): OciProcess {
  const { bundle, rootfs } = pathsOf(world.root, record.id);
  const { process: base } = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as OciSpec;
  const { consoleSize: _, ...inherited } = base;
  const user = resolveUser(rootfs, request.user ?? record.resolved.user);
  const tty = request.tty ?? false;
  const env = mergeEnv(
    [
      ...(tty ? ['TERM=xterm'] : []),
      ...base.env.filter(entry => !entry.startsWith('HOME=')),
      `HOME=${user.home}`,
    ],
    [...record.resolved.env.filter(entry => entry.startsWith('HOME=')), ...(request.env ?? [])],
  );
  const { columns: width, rows: height } =
    request.terminalSize ?? (request.stdio === 'inherit' ? process.stdout : {});
  return {
    ...inherited,
    terminal: tty,
    ...(tty && height && width ? { consoleSize: { height, width } } : {}),
    user: userToBe(
      { uid: user.uid, gid: user.gid, additionalGids: [...new Set([user.gid, ...user.additionalGids])] },
      caller(),
    ),
    args: request.command,
    env,
    cwd: workdirOf(request.workdir, record),
    ...(request.privileged ? { capabilities: everyCapability() } : {}),
  };
}

function everyCapability(): OciProcess['capabilities'] {
  const bounding = readHostFeatures().boundingCapabilities;
  const { capabilities } = resolveCapabilities({ privileged: true, add: [], drop: [], bounding });
  return { bounding: capabilities, effective: capabilities, permitted: capabilities };
}

async function execute(world: World, id: string, folder: string, request: ExecRequest) {
  const { stdio, signal, tty = false } = request;
  if (signal?.aborted) throw cancelled('the command');
  const log = join(folder, 'runtime.log');
  const pidFile = join(folder, 'pidfile');
  const inherit = stdio === 'inherit';
  const streams = inherit || stdio === undefined ? {} : stdio;
  await using terminal = tty && !inherit ? await openPseudoTerminal(request.terminalSize) : undefined;
  const child = world.runtime().exec(id, {
    processFile: join(folder, 'process.json'),
    pidFile,
    log,
    tty,
    stdio: inherit ? 'inherit' : stdioOf(streams, terminal),
  });
  const output = terminal === undefined ? connect(child, streams) : connectTerminal(terminal, streams);
  request.onStart?.({
    pid: () => readPid(pidFile),
    resize: size => {
      terminal?.resize(size);
      const pid = readPid(pidFile);
      if (terminal !== undefined && pid !== undefined) terminal.resizeThatOf(pid, size);
    },
  });
  const onAbort = () => killByFile(pidFile, child);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const exitCode = await ended(child, request.command[0] ?? '');
    await terminal?.drained();
    if (signal?.aborted) throw cancelled('the command');
    const words = existsSync(log) ? readFileSync(log) : Buffer.alloc(0);
    const flushes = tty && world.runtime().name === 'crun' && readPid(pidFile) !== undefined;
    if (flushes)
      await writeLast(flushedOutput(words), inherit ? process.stdout : streams.stdout, output.stdout);
    const complaint = exitCode === 0 || flushes ? '' : errorLines(words.toString('utf8'));
    if (complaint !== '') throw startError(complaint, request.command[0] ?? '');
    return { exitCode, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr) };
  } finally {
    signal?.removeEventListener('abort', onAbort);
    streams.stdin?.unpipe(child.stdin ?? undefined);
  }
}

function stdioOf(streams: { stdin?: Readable }, terminal: PseudoTerminal | undefined): StdioOptions {
  if (terminal !== undefined) return [terminal.other, terminal.other, terminal.other];
  return [streams.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'];
}

/** All goes through the terminal: there is one stream of output. */
function connectTerminal(
  terminal: PseudoTerminal,
  { stdin, stdout }: { stdin?: Readable; stdout?: Writable },
): Record<'stdout' | 'stderr', Buffer[]> {
  const kept: Buffer[] = [];
  if (stdout !== undefined) terminal.own.pipe(stdout, { end: false });
  else terminal.own.on('data', (chunk: Buffer) => kept.push(chunk));
  stdin?.on('data', (chunk: Buffer) => void terminal.own.write(chunk));
  return { stdout: kept, stderr: [] };
}

/** What crun wrote to its log in place of the terminal. */
async function writeLast(bytes: Buffer, stdout: Writable | undefined, kept: Buffer[]): Promise<void> {
  if (bytes.length === 0) return;
  if (stdout === undefined) kept.push(bytes);
  else await new Promise<void>(done => stdout.write(bytes, () => done()));
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

/** Streams that were given get the bytes; the others' bytes are kept to be returned. */
function connect(
  child: ChildProcess,
  streams: { stdin?: Readable; stdout?: Writable; stderr?: Writable },
): Record<'stdout' | 'stderr', Buffer[]> {
  const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (const name of ['stdout', 'stderr'] as const) {
    const target = streams[name];
    if (target !== undefined) child[name]?.pipe(target, { end: false });
    else child[name]?.on('data', (chunk: Buffer) => kept[name].push(chunk));
  }
  child.stdin?.on('error', () => {}); // the command may end before its input does
  if (child.stdin) streams.stdin?.pipe(child.stdin);
  return kept;
}

function ended(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', error => reject(commandError(command, error)));
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 255)));
  });
}

/** The process inside does not die with the runtime's `exec`: kill both. */
function killByFile(pidFile: string, child: ChildProcess): void {
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // not started yet, or gone already
  }
}

/** Throws `invalid-argument`: a runtime would begin at the root. */
function workdirOf(wanted: string | undefined, { resolved }: ContainerRecord): string {
  if (wanted === undefined || wanted.startsWith('/')) return wanted ?? resolved.workdir;
  throw new PlimsollError('invalid-argument', `the working directory "${wanted}" is not absolute`, {
    code: 'WORKDIR_INVALID',
    hint: 'begin it with /',
  });
}
