import type { Engine, StopOptions } from '../engine/index.ts';
import { isPlimsollError, PlimsollError } from '../errors.ts';
import { createJson, endpointRequestJson, JsonFields, limitsJson } from '../wire/index.ts';
import type { ApiClient } from './client.ts';
import { readLines } from './frames.ts';
import type { Mirror } from './mirror.ts';
import { createStreams } from './streams.ts';

type Containers = Engine['containers'];

/** Containers of an engine elsewhere. Each verb ends when the picture of the container is true again. */
export function createContainers(client: ApiClient, mirror: Mirror): Containers {
  const exits = new Map<string, Promise<number>>();
  const idOf = (name: string) => mirror.container(name).id;
  const post = async (name: string, verb: string, query: Parameters<ApiClient['json']>[2] = {}) => {
    const id = idOf(name);
    await client.json('POST', `/containers/${id}/${verb}`, query).catch(unlessAlready);
    await mirror.refreshContainer(id);
  };
  const nextExit = async (id: string): Promise<{ readonly code: Promise<number> }> => {
    const answer = await client.stream('POST', `/containers/${id}/wait`, {
      query: { condition: 'next-exit' },
    });
    const code = exitCode(answer as AsyncIterable<Buffer>);
    code.catch(() => {}); // told to who waits
    return { code };
  };
  return {
    ...createStreams(client, mirror),
    list: ({ all = false } = {}) =>
      mirror
        .containers()
        .filter(({ state }) => all || ['running', 'paused', 'restarting'].includes(state.status)),
    inspect: name => mirror.container(name),
    async create(spec, { signal } = {}) {
      const { name } = spec;
      const made = (await client.json('POST', '/containers/create', {
        query: { name },
        body: createJson(spec),
        signal,
      })) as { Id: string; Warnings?: string[] | null };
      await Promise.all([mirror.refreshContainer(made.Id), mirror.refreshVolumes()]);
      return { ...mirror.container(made.Id), warnings: made.Warnings ?? [] };
    },
    async start(name, { signal, terminalSize } = {}) {
      const { id, spec } = mirror.container(name);
      // One that removes itself is gone before anybody could ask how it ended.
      if (spec.autoRemove) exits.set(id, (await nextExit(id)).code);
      try {
        await client.json('POST', `/containers/${id}/start`, { signal });
      } catch (error) {
        exits.delete(id);
        if (!isPlimsollError(error, 'not-modified')) throw error;
      }
      if (terminalSize !== undefined && spec.tty) resize(client, id, terminalSize);
      await mirror.refreshContainer(id);
      return { warnings: [] };
    },
    stop: (name, options) => post(name, 'stop', { query: stopQuery(options), signal: options?.signal }),
    restart: (name, options) => post(name, 'restart', { query: stopQuery(options), signal: options?.signal }),
    kill: (name, signal) => post(name, 'kill', { query: { signal } }),
    pause: name => post(name, 'pause'),
    unpause: name => post(name, 'unpause'),
    async remove(name, { force, volumes } = {}) {
      const id = idOf(name);
      await client.json('DELETE', `/containers/${id}`, { query: { force, v: volumes } });
      await Promise.all([mirror.refreshContainer(id), ...(volumes ? [mirror.refreshVolumes()] : [])]);
    },
    async wait(name, { signal } = {}) {
      const known = exits.get(name) ?? exits.get(idOf(name));
      if (known !== undefined) return await unlessAborted(known, signal);
      const id = idOf(name);
      const answer = await client.stream('POST', `/containers/${id}/wait`, { signal });
      const code = await exitCode(answer as AsyncIterable<Buffer>);
      await mirror.refreshContainer(id);
      return code;
    },
    resize: (name, size) => resize(client, idOf(name), size),
    async top(name) {
      const { titles, rows } = await readProcesses(
        client,
        idOf(name),
        '-eo pid,ppid,user,stat,cputimes,rss,etimes,args',
      );
      const at = (title: string) => titles.indexOf(title);
      const number = (row: readonly string[], title: string) => Number(row[at(title)] ?? 0) || 0;
      return rows.map(row => ({
        pid: number(row, 'PID'),
        parentPid: number(row, 'PPID'),
        user: row[at('USER')] ?? '',
        state: (row[at('STAT')] ?? '').slice(0, 1),
        cpuSeconds: number(row, 'TIME'),
        residentBytes: number(row, 'RSS') * 1024,
        startedAt: Date.now() - number(row, 'ELAPSED') * 1000,
        command: row[at('COMMAND')] ?? '',
      }));
    },
    ps: (name, options) => readProcesses(client, idOf(name), options.join(' ')),
    async update(name, { limits, restart }) {
      const id = idOf(name);
      const given = limits === undefined ? {} : changed(limitsJson(limits));
      const body = {
        ...given,
        ...(restart === undefined
          ? {}
          : {
              RestartPolicy: {
                Name: restart.name,
                MaximumRetryCount: restart.name === 'on-failure' ? restart.maximumRetries : 0,
              },
            }),
      };
      const answer = await client.json('POST', `/containers/${id}/update`, { body });
      await mirror.refreshContainer(id);
      return { warnings: new JsonFields(answer ?? {}).texts('Warnings') ?? [] };
    },
    rename: (name, newName) => post(name, 'rename', { query: { name: newName } }),
    async connect(name, attachment) {
      const id = idOf(name);
      const body = { Container: id, EndpointConfig: endpointRequestJson(attachment) };
      await client.json('POST', `/networks/${attachment.network}/connect`, { body });
      await mirror.refreshContainer(id);
    },
    async disconnect(name, network) {
      const id = idOf(name);
      await client.json('POST', `/networks/${network}/disconnect`, { body: { Container: id } });
      await mirror.refreshContainer(id);
    },
    async prune(options = {}) {
      const answer = await client.json('POST', '/containers/prune', {
        query: { filters: pruneFilters(options) },
      });
      await mirror.refreshContainers();
      const fields = new JsonFields(answer ?? {});
      return {
        deleted: fields.texts('ContainersDeleted') ?? [],
        reclaimedBytes: fields.number('SpaceReclaimed') ?? 0,
      };
    },
  };
}

/** The filters of a prune, as its query has them; undefined where there are none. */
export function pruneFilters(
  { until, labels = [], withoutLabels = [] }: NonNullable<Parameters<Containers['prune']>[0]>,
  more: Readonly<Record<string, readonly string[]>> = {},
): string | undefined {
  const filters = {
    ...more,
    ...(until === undefined ? {} : { until: [String(Math.floor(until / 1000))] }),
    ...(labels.length === 0 ? {} : { label: labels }),
    ...(withoutLabels.length === 0 ? {} : { 'label!': withoutLabels }),
  };
  return Object.keys(filters).length === 0 ? undefined : JSON.stringify(filters);
}

function stopQuery({ stopSignal, timeoutSeconds }: StopOptions = {}) {
  return { signal: stopSignal, t: timeoutSeconds };
}

/** Only the limits that are given: docker takes a nought for "leave it as it is", and so do we. */
function changed(limits: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(limits).filter(
    ([, value]) =>
      value !== 0 && value !== '' && value !== null && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept);
}

async function exitCode(answer: AsyncIterable<Buffer>): Promise<number> {
  for await (const line of readLines(answer)) {
    const { StatusCode, Error: failure } = JSON.parse(line) as {
      StatusCode?: number;
      Error?: { Message?: string } | null;
    };
    if (failure?.Message) throw new PlimsollError('internal', failure.Message, { code: 'WAIT_FAILED' });
    return StatusCode ?? -1;
  }
  return -1;
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () =>
    reject(new PlimsollError('cancelled', 'waiting was cancelled', { code: 'CANCELLED' }));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function resize(client: ApiClient, id: string, { columns, rows }: { columns: number; rows: number }): void {
  // A terminal that is gone has no size.
  client.json('POST', `/containers/${id}/resize`, { query: { w: columns, h: rows } }).catch(() => {});
}

async function readProcesses(
  client: ApiClient,
  id: string,
  options: string,
): Promise<{ titles: string[]; rows: string[][] }> {
  const answer = (await client.json('GET', `/containers/${id}/top`, { query: { ps_args: options } })) as {
    Titles?: string[];
    Processes?: string[][] | null;
  };
  return { titles: answer.Titles ?? [], rows: answer.Processes ?? [] };
}

function unlessAlready(error: unknown): undefined {
  if (!isPlimsollError(error, 'not-modified')) throw error;
}
