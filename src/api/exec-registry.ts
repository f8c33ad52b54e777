import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import type { Engine, ExecRequest } from '../engine/index.ts';
import { isPlimsollError, messageOf, PlimsollError } from '../errors.ts';
import { JsonFields } from '../wire/index.ts';
import type { MayEnter } from './authz-policy.ts';
import type { ClientStream } from './client-stream.ts';
import { frame } from './raw-stream.ts';

/** Commands in containers, as docker's API has them: made, then started, looked at for a while after their end. */
export interface ExecRegistry {
  /** Remembers what a body says; throws `conflict` if the container does not run. Returns the id. */
  create(container: string, body: unknown): string;
  /** Throws `not-found` (`EXEC_NOT_FOUND`). */
  inspect(id: string): object;
  /** Whether it has a terminal. Throws `conflict` for one that was started before. */
  readyToStart(id: string): { readonly tty: boolean; readonly stdin: boolean };
  /** Runs it with its streams at the client's, or at nobody's. Resolves at its end. */
  start(id: string, size: TerminalSize | undefined, client: ClientStream | undefined): Promise<void>;
  resize(id: string, size: TerminalSize): void;
}

interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

interface Exec {
  readonly id: string;
  readonly container: string;
  readonly request: ExecRequest;
  readonly wants: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  state: 'created' | 'running' | 'ended';
  exitCode?: number;
  process?: Parameters<NonNullable<ExecRequest['onStart']>>[0];
}

/** How many ended ones are remembered, the newest: a client asks for the exit code right after the end. */
const kept = 1000;

/** The commands of one API. They live in memory: who started one is connected with this process. */
export function createExecRegistry(containers: Engine['containers'], mayEnter: MayEnter): ExecRegistry {
  const execs = new Map<string, Exec>();
  const find = (id: string): Exec => {
    const exec = execs.get(id);
    if (exec !== undefined) return exec;
    throw new PlimsollError('not-found', `No such exec instance: ${id}`, { code: 'EXEC_NOT_FOUND' });
  };
  return {
    create(name, body) {
      const { id: container, state } = containers.inspect(name);
      if (state.status !== 'running') throw notRunning(name, state.status);
      const exec: Exec = { id: randomBytes(32).toString('hex'), container, state: 'created', ...parse(body) };
      mayEnter(container, { privileged: exec.request.privileged ?? false });
      execs.set(exec.id, exec);
      for (const { id, state: status } of execs.values()) {
        if (execs.size <= kept) break;
        if (status !== 'running') execs.delete(id);
      }
      return exec.id;
    },
    inspect: id => execJson(find(id)),
    readyToStart(id) {
      const { state, request, wants } = find(id);
      if (state === 'created') return { tty: request.tty ?? false, stdin: wants.stdin };
      throw new PlimsollError('conflict', `the command ${id.slice(0, 12)} was started before`, {
        code: 'EXEC_STATE',
      });
    },
    start: async (id, size, client) => await run(containers, find(id), size, client),
    resize: (id, size) => find(id).process?.resize(size),
  };
}

function parse(body: unknown): Pick<Exec, 'request' | 'wants'> {
  const fields = new JsonFields(body);
  const command = fields.texts('Cmd') ?? [];
  if (command.length === 0)
    throw new PlimsollError('invalid-argument', 'No exec command specified', { code: 'NO_COMMAND' });
  const [env, user, workdir] = [fields.texts('Env'), fields.words('User'), fields.words('WorkingDir')];
  return {
    request: {
      command,
      tty: fields.flag('Tty') ?? false,
      privileged: fields.flag('Privileged') ?? false,
      ...(env === undefined ? {} : { env }),
      ...(user === undefined ? {} : { user }),
      ...(workdir === undefined ? {} : { workdir }),
    },
    wants: {
      stdin: fields.flag('AttachStdin') ?? false,
      stdout: fields.flag('AttachStdout') ?? false,
      stderr: fields.flag('AttachStderr') ?? false,
    },
  };
}

async function run(
  containers: Engine['containers'],
  exec: Exec,
  size: TerminalSize | undefined,
  client: ClientStream | undefined,
): Promise<void> {
  const { request, wants } = exec;
  const output = (stream: 'stdout' | 'stderr') =>
    outputTo(wants[stream] ? client : undefined, stream, request.tty ?? false);
  const stdin = wants.stdin && client !== undefined ? client.input : undefined;
  if (stdin === undefined) client?.input.resume();
  exec.state = 'running';
  try {
    const { exitCode } = await containers.exec(exec.container, {
      ...request,
      ...(size === undefined ? {} : { terminalSize: size }),
      stdio: {
        ...(stdin === undefined ? {} : { stdin }),
        stdout: output('stdout'),
        stderr: output('stderr'),
      },
      onStart: process => {
        exec.process = process;
      },
    });
    exec.exitCode = exitCode;
  } catch (error) {
    // The connection is the client's by now: it reads the reason there, and the exit code from an inspect.
    const code = isPlimsollError(error) ? error.code : '';
    exec.exitCode = code === 'COMMAND_NOT_FOUND' ? 127 : 126;
    if (code.startsWith('COMMAND_')) return; // the runtime has said so itself
    await client?.write(frame('stderr', Buffer.from(`${messageOf(error)}\r\n`), request.tty ?? false));
  } finally {
    exec.state = 'ended';
    client?.end();
  }
}

/** Takes all that a command writes, as fast as the client does; what nobody wants, or nobody is left to want, is dropped. */
function outputTo(client: ClientStream | undefined, stream: 'stdout' | 'stderr', tty: boolean): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (client === undefined) done();
      else void client.write(frame(stream, chunk, tty)).then(() => done());
    },
  });
}

function execJson({ id, container, request, wants, state, exitCode, process }: Exec): object {
  const [entrypoint = '', ...args] = request.command;
  return {
    ID: id,
    ContainerID: container,
    Running: state === 'running',
    ExitCode: state === 'ended' ? (exitCode ?? 0) : null,
    Pid: process?.pid() ?? 0,
    CanRemove: state === 'ended',
    DetachKeys: '',
    OpenStdin: wants.stdin,
    OpenStdout: wants.stdout,
    OpenStderr: wants.stderr,
    ProcessConfig: {
      tty: request.tty ?? false,
      entrypoint,
      arguments: args,
      privileged: request.privileged ?? false,
      ...(request.user === undefined ? {} : { user: request.user }),
    },
  };
}

function notRunning(name: string, status: string): PlimsollError {
  return new PlimsollError('conflict', `container ${name} is not running: it is ${status}`, {
    code: 'CONTAINER_STATE',
    hint: 'start or unpause it first',
  });
}
