import type { Engine, ExecDetails, ExecSpec } from '../engine/index.ts';
import { isPlimsollError, messageOf, PlimsollError } from '../errors.ts';
import { JsonFields } from '../wire/index.ts';
import { parseDetachKeys, usualDetachKeys } from '../words/index.ts';
import type { ClientStream } from './client-stream.ts';
import { probeClient } from './probe-client.ts';
import { pumpInput } from './pump-input.ts';
import { writeFrame } from './raw-stream.ts';

type Execs = Engine['execs'];
type Started = Awaited<ReturnType<Execs['start']>>;
type StartOptions = Parameters<Execs['start']>[1];

/** What a client asks for when it makes a command. Throws `invalid-argument`, also for keys that there are not. */
export function toExecSpec(body: unknown): ExecSpec {
  const fields = new JsonFields(body);
  const [env, user, workdir] = [fields.texts('Env'), fields.words('User'), fields.words('WorkingDir')];
  const detachKeys = fields.words('DetachKeys');
  if (detachKeys !== undefined) parseDetachKeys(detachKeys);
  return {
    command: fields.texts('Cmd') ?? [],
    tty: fields.flag('Tty') ?? false,
    privileged: fields.flag('Privileged') ?? false,
    openStdin: fields.flag('AttachStdin') ?? false,
    stdout: fields.flag('AttachStdout') ?? false,
    stderr: fields.flag('AttachStderr') ?? false,
    ...(env === undefined ? {} : { env }),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir }),
    ...(detachKeys === undefined ? {} : { detachKeys }),
  };
}

/** A command as `GET /exec/{id}/json` answers. */
export function execJson({ id, container, spec, status, pid, exitCode }: ExecDetails): object {
  const [entrypoint = '', ...args] = spec.command;
  return {
    ID: id,
    ContainerID: container,
    Running: status === 'running',
    ExitCode: exitCode ?? null,
    Pid: pid ?? 0,
    CanRemove: status === 'ended',
    DetachKeys: spec.detachKeys ?? '',
    OpenStdin: spec.openStdin ?? false,
    OpenStdout: spec.stdout ?? false,
    OpenStderr: spec.stderr ?? false,
    ProcessConfig: {
      tty: spec.tty ?? false,
      entrypoint,
      arguments: args,
      privileged: spec.privileged ?? false,
      ...(spec.user === undefined ? {} : { user: spec.user }),
    },
  };
}

/** Throws `conflict` for one that was started before: asked before the connection is taken. */
export async function readyToStart(execs: Execs, id: string): Promise<{ tty: boolean; stdin: boolean }> {
  const { status, spec } = await execs.inspect(id);
  if (status === 'created') return { tty: spec.tty ?? false, stdin: spec.openStdin ?? false };
  throw new PlimsollError('conflict', `the command ${id.slice(0, 12)} was started before`, {
    code: 'EXEC_STATE',
  });
}

/**
 * Starts a command with its streams at the client's. Resolves when it has ended, and that is recorded, when the client
 * has left, or when the keys to leave it were typed: in the latter two cases it goes on.
 */
export async function serveExec(
  execs: Execs,
  id: string,
  options: StartOptions,
  client: ClientStream,
): Promise<void> {
  const { spec } = await execs.inspect(id);
  let started: Started;
  try {
    started = await execs.start(id, { ...options, attach: true });
  } catch (error) {
    client.input.resume();
    await writeFrame(client, 'stdout', Buffer.from(`${dockerWords(error, spec)}\r\n`), spec.tty ?? false);
    return client.end();
  }
  const { attachment, ended } = started;
  if (attachment === undefined || !spec.openStdin) client.input.resume();
  if (attachment !== undefined) {
    using _probe = probeClient(client, (spec.tty ?? false) || !spec.openStdin);
    const how = await Promise.race([
      copyOutput(attachment, spec, client),
      left(client),
      ...(spec.openStdin ? [detachment(attachment, spec, client)] : []),
    ]);
    await attachment[Symbol.asyncDispose]();
    if (how === 'detached') await execs.detached(id);
    if (how === 'ended') await ended;
  }
  ended.catch(() => {}); // of one that goes on
  client.end();
}

type Attachment = NonNullable<Started['attachment']>;

async function copyOutput(
  { output }: Attachment,
  { tty = false, ...wants }: ExecSpec,
  client: ClientStream,
): Promise<'ended'> {
  for await (const { stream, data, release } of output) {
    if (wants[stream]) await writeFrame(client, stream, data, tty);
    release?.();
  }
  return 'ended';
}

function left({ closed }: ClientStream): Promise<'left'> {
  return new Promise(resolve => {
    if (closed.aborted) resolve('left');
    closed.addEventListener('abort', () => resolve('left'), { once: true });
  });
}

async function detachment(
  attachment: Attachment,
  { tty = false, detachKeys: text }: ExecSpec,
  client: ClientStream,
): Promise<'detached'> {
  const detachKeys = text === undefined ? usualDetachKeys : parseDetachKeys(text);
  await pumpInput(client, attachment, { tty, detachKeys });
  return 'detached';
}

/** The words of docker's runtime, which clients tell a missing command by. */
export function dockerWords(error: unknown, { command: [program = ''] }: ExecSpec): string {
  const code = isPlimsollError(error) ? error.code : '';
  const reasons = {
    COMMAND_NOT_FOUND: 'executable file not found in $PATH',
    COMMAND_NOT_EXECUTABLE: 'permission denied',
  };
  const reason = reasons[code as keyof typeof reasons];
  if (reason === undefined) return messageOf(error);
  return `OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": ${reason}: unknown`;
}
