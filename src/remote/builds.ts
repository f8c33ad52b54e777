import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type BuildProgress,
  type BuildRecord,
  type BuildRequest,
  type CacheRecord,
  type Engine,
  type EngineLink,
  packContext,
} from '../engine/index.ts';
import { isPlimsollError, messageOf, PlimsollError } from '../errors.ts';
import { JsonFields, readTime } from '../wire/index.ts';
import type { ApiClient, ApiRequest } from './client.ts';
import type { Mirror } from './mirror.ts';
import { type ProgressMessage, readMessages } from './progress.ts';
import { refuse } from './refuse.ts';

type Builds = Engine['builds'];

interface RemoteBuild {
  record: BuildRecord;
  readonly progress: BuildProgress[];
  wake: () => void;
}

/**
 * Builds by an engine elsewhere: the context goes there as a tar, the classic builder does the work. What was built by
 * others is not told; what this process had built is remembered as long as it lives.
 */
export function createBuilds(client: ApiClient, mirror: Mirror, lacks: EngineLink['lacks']): Builds {
  const builds = new Map<string, RemoteBuild>();
  return {
    async build(request) {
      const id = randomUUID();
      const build: RemoteBuild = { record: startedRecord(id, request), progress: [], wake: () => {} };
      builds.set(id, build);
      const tell = (event: BuildProgress) => {
        build.progress.push(event);
        request.onProgress?.(event);
        build.wake();
      };
      const end = (
        outcome: 'succeeded' | 'failed' | 'cancelled',
        what: { readonly image?: string; readonly error?: string },
      ) => {
        build.record = { ...build.record, state: outcome, finished: Date.now(), ...what };
        tell({ kind: 'finished', time: Date.now(), outcome, ...what });
      };
      try {
        const image = await runBuild(client, request, stepReporter(id, tell));
        await mirror.refreshImages();
        end('succeeded', { image });
        return { build: id, image };
      } catch (error) {
        end(isPlimsollError(error, 'cancelled') ? 'cancelled' : 'failed', { error: messageOf(error) });
        throw error;
      }
    },
    check: async () => refuse(lacks, 'outline'),
    outline: async () => refuse(lacks, 'outline'),
    list: ({ limit } = {}) =>
      [...builds.values()]
        .map(({ record }) => record)
        .reverse()
        .slice(0, limit),
    async *follow(name, { signal }) {
      const build = builds.get(name);
      if (build === undefined)
        throw new PlimsollError('not-found', `there is no build "${name}"`, { code: 'BUILD_NOT_FOUND' });
      for (let at = 0; !signal.aborted; ) {
        const event = build.progress[at];
        if (event !== undefined) {
          at++;
          yield event;
          if (event.kind === 'finished') return;
          continue;
        }
        await new Promise<void>(resolve => {
          build.wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
    costs: async () => [],
    async cacheUsage() {
      const df = new JsonFields(await client.json('GET', '/system/df', { query: { type: 'build-cache' } }));
      return df.objects('BuildCache').map(toCacheRecord);
    },
    cacheLimits: async () => undefined, // it keeps them to itself
    async pruneCache({ unusedForMs, maxUsedBytes, reservedBytes, minFreeBytes } = {}) {
      const filters =
        unusedForMs === undefined
          ? undefined
          : JSON.stringify({ 'unused-for': [`${Math.ceil(unusedForMs / 1000)}s`] });
      const answer = await client
        .json('POST', '/build/prune', {
          query: {
            ...{ all: true, filters },
            ...{
              'max-used-space': maxUsedBytes,
              'min-free-space': minFreeBytes,
              'reserved-space': reservedBytes,
            },
            'keep-storage': reservedBytes ?? maxUsedBytes, // before API 1.48
          },
        })
        .catch(withoutCache);
      const fields = new JsonFields(answer ?? {});
      return {
        records: fields.texts('CachesDeleted')?.length ?? 0,
        reclaimedBytes: fields.number('SpaceReclaimed') ?? 0,
      };
    },
  };
}

/** Podman keeps no cache apart from its images. */
function withoutCache(error: unknown): undefined {
  if (!isPlimsollError(error, 'not-found')) throw error;
}

function toCacheRecord(fields: JsonFields): CacheRecord {
  const created = readTime(fields.text('CreatedAt')) ?? 0;
  return {
    id: fields.text('ID') ?? '',
    kind: fields.text('Type') === 'exec.cachemount' ? 'mount' : 'layer',
    description: fields.text('Description') ?? '',
    sizeBytes: fields.number('Size') ?? 0,
    created,
    lastUsed: readTime(fields.text('LastUsedAt')) ?? created,
    inUse: fields.flag('InUse') ?? false,
    shared: fields.flag('Shared') ?? false,
  };
}

function startedRecord(
  id: string,
  { context, dockerfile, tags = [], target, buildArgs = {} }: BuildRequest,
): BuildRecord {
  return {
    id,
    started: Date.now(),
    state: 'running',
    context,
    dockerfile: dockerfile ?? 'Dockerfile',
    tags,
    buildArgs,
    owner: { pid: process.pid, startTime: 0 },
    ...(target === undefined ? {} : { target }),
  };
}

async function runBuild(client: ApiClient, request: BuildRequest, report: StepReporter): Promise<string> {
  refuseOthers(request);
  const isAddress = /^(https?|git|ssh):\/\/|^git@/.test(request.context);
  const packed = isAddress || request.stream !== undefined ? undefined : packContext(request);
  const answer = await client.stream('POST', '/build', {
    query: {
      ...queryOf(request),
      remote: isAddress ? request.context : undefined,
      dockerfile: packed?.dockerfile ?? request.dockerfile,
    },
    ...(isAddress ? {} : { file: request.stream ?? Readable.from(packed?.tar ?? [], { objectMode: false }) }),
    signal: request.signal,
  });
  let image = '';
  try {
    for await (const message of readMessages(answer as AsyncIterable<Buffer>)) {
      report.message(message);
      image = message.aux?.ID ?? image;
      const [, short] = /^Successfully built ([0-9a-f]+)/.exec(message.stream ?? '') ?? [];
      if (short !== undefined && image === '') image = short;
    }
  } catch (error) {
    report.failed(messageOf(error));
    if (request.signal?.aborted)
      throw new PlimsollError('cancelled', 'the build was cancelled', { code: 'CANCELLED' });
    throw new PlimsollError('invalid-argument', messageOf(error), { code: 'BUILD_FAILED', cause: error });
  }
  report.done();
  if (image === '')
    throw new PlimsollError('internal', 'the engine named no image', { code: 'BUILD_FAILED' });
  return image;
}

/** What only BuildKit's own protocol could carry. */
function refuseOthers({
  secrets = {},
  ssh = {},
  contexts = {},
  rewriteTimestamp,
  allow = [],
}: BuildRequest): void {
  const asked = [
    Object.keys(secrets).length > 0 ? 'secrets' : undefined,
    Object.keys(ssh).length > 0 ? 'ssh agents' : undefined,
    Object.keys(contexts).length > 0 ? 'further contexts' : undefined,
    rewriteTimestamp ? 'rewritten timestamps' : undefined,
    allow.length > 0 ? 'entitlements' : undefined,
  ].find(what => what !== undefined);
  if (asked === undefined) return;
  throw new PlimsollError('not-implemented', `the classic build of Docker's API takes no ${asked}`, {
    code: 'REMOTE_LACKS',
    hint: "build with plimsoll's own engine, and push the image",
  });
}

function queryOf(request: BuildRequest): NonNullable<ApiRequest['query']> {
  const {
    tags,
    target,
    buildArgs,
    labels,
    noCache,
    platform,
    network,
    hosts,
    limits,
    shmBytes,
    cgroupParent,
  } = request;
  return {
    version: '1',
    rm: true,
    forcerm: true,
    t: tags,
    target,
    buildargs: buildArgs === undefined ? undefined : JSON.stringify(buildArgs),
    labels: labels === undefined ? undefined : JSON.stringify(labels),
    nocache: noCache,
    platform,
    networkmode: network === 'bridge' ? undefined : network,
    extrahosts: hosts === undefined || hosts.length === 0 ? undefined : hosts.join(','),
    memory: limits?.memoryBytes,
    memswap: limits?.memorySwapBytes,
    cpushares: limits?.cpuShares,
    cpuperiod: limits?.cpuPeriod,
    cpuquota: limits?.cpuQuota,
    cpusetcpus: limits?.cpusetCpus,
    shmsize: shmBytes,
    cgroupparent: cgroupParent,
  };
}

interface StepReporter {
  message(message: ProgressMessage): void;
  failed(error: string): void;
  done(): void;
}

/** Turns the lines of the classic builder (`Step 2/5 : RUN make`) into steps that begin, speak and end. */
function stepReporter(build: string, tell: (event: BuildProgress) => void): StepReporter {
  const names: string[] = [];
  let current = 0;
  let cached = false;
  const plan = (count: number) => {
    const steps = Array.from({ length: Math.max(count, names.length) }, (_, i) => ({
      id: i + 1,
      name: names[i] ?? `step ${i + 1}`,
      stage: '',
      line: i + 1,
      dependsOn: i === 0 ? [] : [i],
    }));
    tell({ kind: 'planned', time: Date.now(), build, steps });
  };
  const finish = (outcome: 'done' | 'cached' | 'failed', error?: string) => {
    if (current === 0) return;
    const common = { kind: 'step-finished' as const, time: Date.now(), step: current, outcome };
    tell(error === undefined ? common : { ...common, error });
  };
  return {
    message({ stream = '', status }) {
      const [, step, count, name = ''] = /^Step (\d+)\/(\d+) : (.*)/.exec(stream) ?? [];
      if (step !== undefined) {
        finish(cached ? 'cached' : 'done');
        [current, cached] = [Number(step), false];
        names[current - 1] = `[${step}/${count}] ${name}`;
        plan(Number(count));
        tell({ kind: 'step-started', time: Date.now(), step: current });
        return;
      }
      if (/^ ---> Using cache/.test(stream)) cached = true;
      const text = stream === '' && status !== undefined ? `${status}\n` : stream;
      if (current > 0 && !/^ ---> |^Removing intermediate|^Successfully /.test(text) && text.trim() !== '')
        tell({ kind: 'step-output', time: Date.now(), step: current, stream: 'stdout', text });
    },
    failed: error => finish('failed', error),
    done: () => finish(cached ? 'cached' : 'done'),
  };
}
