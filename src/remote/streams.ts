import type { Duplex } from 'node:stream';
import type { Engine, ExecRequest, LogEntry, LogOptions } from '../engine/index.ts';
import { isPlimsollError, PlimsollError } from '../errors.ts';
import { attachmentOf } from './attachment.ts';
import type { ApiClient } from './client.ts';
import { readFrames } from './frames.ts';
import type { Mirror } from './mirror.ts';

type Streams = Pick<Engine['containers'], 'logs' | 'attach' | 'exec'>;
type Size = { readonly columns: number; readonly rows: number };

/** What goes in and out of containers of an engine elsewhere. */
export function createStreams(client: ApiClient, mirror: Mirror): Streams {
  return {
    logs: (name, options) => readLogs(client, mirror, name, options),
    async attach(name, { signal } = {}) {
      const { id, spec } = mirror.container(name);
      const query = { stream: true, stdin: spec.openStdin === true, stdout: true, stderr: true };
      const stream = await client.hijack(`/containers/${id}/attach`, { query, signal });
      return attachmentOf(stream, spec.tty === true, size => {
        const query = { w: size.columns, h: size.rows };
        client.json('POST', `/containers/${id}/resize`, { query }).catch(() => {}); // it is gone
      });
    },
    exec: (name, request) => exec(client, mirror.container(name).id, request),
  };
}

async function* readLogs(
  client: ApiClient,
  mirror: Mirror,
  name: string,
  { since, until, tail, follow = false, details = false, signal }: LogOptions = {},
): AsyncGenerator<LogEntry> {
  const { id, spec } = mirror.container(name);
  const query = {
    stdout: true,
    stderr: true,
    timestamps: true,
    follow,
    details,
    tail: tail ?? 'all',
    since: since === undefined ? undefined : String(since / 1000),
    until: until === undefined ? undefined : String(until / 1000),
  };
  const stream = await client.stream('GET', `/containers/${id}/logs`, { query, signal });
  const raw = spec.tty === true && !/multiplexed/.test(stream.headers['content-type'] ?? '');
  const held = new Map<string, Buffer>();
  try {
    for await (const piece of readFrames(stream as AsyncIterable<Buffer>, raw)) {
      const lines = splitLines(Buffer.concat([held.get(piece.stream) ?? empty, piece.data]));
      const rest = lines.pop() ?? empty;
      for (const line of lines) yield toEntry(piece.stream, line, { partial: false, details });
      // A frame is a whole record: what has no newline at its end is a piece of a longer line. A terminal has no frames.
      if (rest.length > 0 && !raw) yield toEntry(piece.stream, rest, { partial: true, details });
      held.set(piece.stream, raw ? rest : empty);
    }
    for (const [stream, rest] of held)
      if (rest.length > 0) yield toEntry(stream as 'stdout', rest, { partial: true, details });
  } catch (error) {
    if (!signal?.aborted) throw broken(error);
  } finally {
    stream.destroy();
  }
}

const empty = Buffer.alloc(0);
const timestamp = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) /;

function toEntry(
  stream: 'stdout' | 'stderr',
  text: Buffer,
  { partial, details }: { readonly partial: boolean; readonly details: boolean },
): LogEntry {
  const [head = ''] = timestamp.exec(text.subarray(0, 40).toString('latin1')) ?? [];
  const rest = text.subarray(head.length);
  const end = details ? rest.indexOf(0x20) + 1 : 0;
  return {
    ...{ time: head.trim(), stream, line: rest.subarray(end), partial },
    ...(details ? { attributes: rest.toString('utf8', 0, Math.max(0, end - 1)) } : {}),
  };
}

function splitLines(data: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, from)) {
    lines.push(data.subarray(from, at));
    from = at + 1;
  }
  return [...lines, data.subarray(from)];
}

async function exec(
  client: ApiClient,
  id: string,
  request: ExecRequest,
): Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }> {
  const { command, tty = false, env, user, workdir, privileged, stdio, detach = false, signal } = request;
  const inherits = stdio === 'inherit';
  const streams = stdio === undefined || inherits ? {} : stdio;
  const takesInput = !detach && (inherits || streams.stdin !== undefined);
  const made = (await client.json('POST', `/containers/${id}/exec`, {
    body: {
      Cmd: command,
      Tty: tty,
      AttachStdin: takesInput,
      AttachStdout: !detach,
      AttachStderr: !detach,
      Env: env ?? [],
      User: user ?? '',
      WorkingDir: workdir ?? '',
      Privileged: privileged ?? false,
    },
    signal,
  })) as { Id: string };
  if (detach) {
    await client.json('POST', `/exec/${made.Id}/start`, { body: { Detach: true, Tty: tty }, signal });
    return { exitCode: 0, stdout: empty, stderr: empty };
  }
  const stream = await client.hijack(`/exec/${made.Id}/start`, { body: { Detach: false, Tty: tty }, signal });
  const setSize = (size: Size) => {
    const query = { w: size.columns, h: size.rows };
    client.json('POST', `/exec/${made.Id}/resize`, { query }).catch(() => {}); // it has ended
  };
  request.onStart?.({ pid: () => undefined, resize: setSize });
  if (request.terminalSize !== undefined) setSize(request.terminalSize);
  const input = inherits ? process.stdin : streams.stdin;
  using _terminal = inherits && tty ? lendTerminal(setSize) : undefined;
  const stop = input === undefined ? () => {} : feed(input, stream, { lasting: inherits });
  if (!takesInput) stream.end();
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const targets = inherits ? process : streams;
  let refusal: string | undefined;
  let first = true;
  try {
    for await (const { stream: name, data } of readFrames(stream as AsyncIterable<Buffer>, tty)) {
      if (first && notStarted.test(data.toString('utf8', 0, 400))) refusal = data.toString();
      first = false;
      if (refusal !== undefined) continue;
      const target = targets[name];
      if (target === undefined) output[name].push(data);
      else if (!target.write(data)) await new Promise(resolve => target.once('drain', resolve));
    }
  } finally {
    stop();
    stream.destroy();
  }
  const { ExitCode } = (await client.json('GET', `/exec/${made.Id}/json`)) as { ExitCode?: number | null };
  if (refusal !== undefined) throw missing(command[0] ?? '', refusal);
  return {
    exitCode: ExitCode ?? -1,
    stdout: Buffer.concat(output.stdout),
    stderr: Buffer.concat(output.stderr),
  };
}

/** What a runtime says in the place of output when there is no such program. */
const notStarted =
  /OCI runtime exec failed|executable file .* not found|exec failed: unable to start container process/;

function missing(program: string, said: string): PlimsollError {
  const found = !/not found|no such file/i.test(said);
  return new PlimsollError(
    'not-found',
    found ? `"${program}" cannot be run` : `there is no program "${program}" in the container`,
    { code: found ? 'COMMAND_NOT_EXECUTABLE' : 'COMMAND_NOT_FOUND', hint: said.trim().slice(0, 300) },
  );
}

/** Passes input on. That of this process (`lasting`) is only paused at the end: others read it after us. */
function feed(input: NodeJS.ReadableStream, stream: Duplex, { lasting }: { lasting: boolean }): () => void {
  const onData = (chunk: Buffer) => {
    if (stream.writable && !stream.write(chunk)) {
      input.pause();
      stream.once('drain', () => input.resume());
    }
  };
  const onEnd = () => stream.end();
  input.on('data', onData);
  input.on('end', onEnd);
  input.resume();
  return () => {
    input.removeListener('data', onData);
    input.removeListener('end', onEnd);
    if (lasting) input.pause();
  };
}

/** Every key goes to the other side, and each new size of the window. */
function lendTerminal(setSize: (size: Size) => void): Disposable {
  const { stdin, stdout } = process;
  const onResize = () => setSize({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 });
  if (stdin.isTTY) stdin.setRawMode(true);
  process.on('SIGWINCH', onResize);
  onResize();
  return {
    [Symbol.dispose]() {
      process.off('SIGWINCH', onResize);
      if (stdin.isTTY) stdin.setRawMode(false);
    },
  };
}

function broken(error: unknown): unknown {
  if (isPlimsollError(error)) return error;
  return new PlimsollError('unavailable', 'the engine ended the connection', {
    code: 'ENGINE_UNREACHABLE',
    cause: error,
  });
}
