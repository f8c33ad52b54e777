import { attachForInput, type ContainerDetails, type Engine, type LogEntry } from '../engine/index.ts';
import { isPlimsollError } from '../errors.ts';
import { hasLogFile, parseDetachKeys, usualDetachKeys } from '../words/index.ts';
import type { ClientStream } from './client-stream.ts';
import { probeClient } from './probe-client.ts';
import { pumpInput } from './pump-input.ts';
import type { Query } from './query.ts';
import { writeFrame } from './raw-stream.ts';

type Parts = Pick<Engine, 'containers' | 'events'>;
type Attachment = Awaited<ReturnType<Engine['containers']['attach']>>;

/** What of a container a client wants to be connected with. */
export interface AttachRequest {
  readonly logs: boolean;
  readonly stream: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly detachKeys: readonly number[];
  /** Both streams as they are, without frames that name them. */
  readonly raw: boolean;
}

/** Reads the query of an attach. Throws `invalid-argument` for keys that there are not. */
export function attachRequest(query: Query, { raw = false } = {}): AttachRequest {
  const keys = query.text('detachKeys');
  const flag = (name: string) => query.flag(name);
  return {
    logs: flag('logs'),
    stream: flag('stream'),
    stdin: flag('stdin'),
    stdout: flag('stdout'),
    stderr: flag('stderr'),
    detachKeys: keys === undefined ? usualDetachKeys : parseDetachKeys(keys),
    raw,
  };
}

/**
 * Connects a client with a container until that ends, the client leaves, or the keys to leave were typed. One that does
 * not run yet is waited for, and all that its run writes then comes from its log: not a byte of its first moments is
 * missed.
 */
export async function serveAttach(
  engine: Parts,
  container: ContainerDetails,
  request: AttachRequest,
  client: ClientStream,
): Promise<void> {
  const { id, state } = container;
  const { containers, events } = engine;
  const write = writer(container, request, client);
  if (!request.stdin || !container.spec.openStdin) client.input.resume();
  const sinceSeq = events.lastSeq();
  // Of a first run all is new, whatever the clock does while it starts.
  const since = state.startedAt === undefined ? 0 : Date.now();
  using _probe = probeClient(client, request.raw || (container.spec.tty ?? false));
  if (request.logs && hasLogFile(container.spec)) {
    for await (const entry of containers.logs(id, { signal: client.closed }))
      await write(entry.stream, bytesOf(entry));
  }
  if (request.stream) {
    if (state.status === 'running' || state.status === 'paused')
      await join(container, request, client, containers.attach(id, { signal: client.closed }));
    else if (!hasLogFile(container.spec))
      await join(container, request, client, containers.attach(id, { signal: client.closed, nextRun: true }));
    else if (await isStarted(events, { id, sinceSeq, signal: client.closed })) {
      const input =
        request.stdin && container.spec.openStdin ? await attachForInput(containers, id) : undefined;
      const detached = input === undefined ? [] : [pumpInput(client, input, keysOf(container, request))];
      await Promise.race([copyLog(containers, id, { since, signal: client.closed, write }), ...detached]);
      await input?.[Symbol.asyncDispose]();
    }
  }
  client.end();
}

/** To one that runs, or has no log: what it writes from now on. */
async function join(
  container: ContainerDetails,
  request: AttachRequest,
  client: ClientStream,
  connected: Promise<Attachment>,
): Promise<void> {
  const write = writer(container, request, client);
  await using attachment = await connected;
  const detached =
    request.stdin && container.spec.openStdin
      ? [pumpInput(client, attachment, keysOf(container, request))]
      : [];
  const copied = (async () => {
    for await (const { stream, data, release } of attachment.output) {
      await write(stream, data);
      release?.();
    }
  })();
  await Promise.race([copied, ...detached]);
}

type Write = (stream: 'stdout' | 'stderr', data: Buffer) => Promise<void>;

function writer({ spec }: ContainerDetails, request: AttachRequest, client: ClientStream): Write {
  const raw = request.raw || (spec.tty ?? false);
  return async (stream, data) => {
    if (request[stream]) await writeFrame(client, stream, data, raw);
  };
}

function keysOf({ spec }: ContainerDetails, { detachKeys }: AttachRequest) {
  return { tty: spec.tty ?? false, detachKeys };
}

/** False if it was removed, or the client left, before it started. */
async function isStarted(
  events: Engine['events'],
  { id, sinceSeq, signal }: { id: string; sinceSeq: number; signal: AbortSignal },
): Promise<boolean> {
  const filter = { types: ['container' as const], actors: [id] };
  for await (const { action } of events.follow({ sinceSeq, filter, signal })) {
    if (action === 'start') return true;
    if (action === 'destroy') return false;
  }
  return false;
}

async function copyLog(
  containers: Engine['containers'],
  id: string,
  { since, signal, write }: { since: number; signal: AbortSignal; write: Write },
): Promise<void> {
  try {
    for await (const entry of containers.logs(id, { follow: true, since, signal })) {
      await write(entry.stream, bytesOf(entry));
    }
  } catch (error) {
    if (!signal.aborted && !isPlimsollError(error, 'not-found')) throw error; // it is gone already
  }
}

function bytesOf({ line, partial }: LogEntry): Buffer {
  return partial ? line : Buffer.concat([line, newline]);
}

const newline = Buffer.from('\n');
