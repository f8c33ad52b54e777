import { createHash } from 'node:crypto';
import type {
  BuildProgress,
  BuildRecord,
  BuildRequest,
  ContainerDetails,
  ContainerLimits,
  ContainerSpec,
  ContainerState,
  ContainerSummary,
  ContainerUsage,
  Engine,
  EngineEvent,
  EventActions,
  EventType,
  ImageDetails,
  LimitChange,
  LogEntry,
  StatsFrame,
} from '../../src/engine/index.ts';
import { PlimsollError } from '../../src/errors.ts';
import { createFakeHistory } from './fake-history.ts';

/** How the fake machine is to be. */
export interface FakeOptions {
  /** As for an ordinary user. */
  readonly rootless?: boolean;
  readonly containers?: number;
  readonly cores?: number;
  readonly memoryBytes?: number;
  /** The time at the start; with `frozen` it stands still, so that pictures are always the same. */
  readonly now?: number;
  readonly frozen?: boolean;
  /** Milliseconds between frames. Default 1000. */
  readonly intervalMs?: number;
  /** Frames that have gone by at the start, for full charts. */
  readonly past?: number;
  /** There is a history of ten days. */
  readonly recorded?: boolean;
  /** Milliseconds between new lines of a log. Default 400; 0: none come. */
  readonly logMs?: number;
}

const MIB = 1024 ** 2;
const names = [
  'web',
  'api',
  'postgres',
  'redis',
  'worker',
  'scheduler',
  'gateway',
  'search',
  'metrics',
  'mailer',
];
const images = [
  'shop/web:2.4',
  'shop/api:2.4',
  'postgres:17',
  'redis:8',
  'shop/worker:2.4',
  'busybox:latest',
];

interface Fake {
  summary: ContainerSummary;
  spec: ContainerSpec;
  readonly seed: number;
}

/**
 * An engine in memory with figures that move the same way each time: for tests of the hosts, never shipped. It keeps
 * the contract's names, states, events and errors; what it runs is made up.
 */
export function createFakeEngine(options: FakeOptions = {}): Engine {
  const start = options.now ?? Date.now();
  const cores = options.cores ?? 8;
  const memoryBytes = options.memoryBytes ?? 16 * 1024 * MIB;
  const clock = (): number => (options.frozen ? start : Date.now());
  const containers = new Map<string, Fake>();
  const imageList = new Map<string, ImageDetails>();
  const builds: { record: BuildRecord; events: BuildProgress[] }[] = [];
  const events: EngineEvent[] = [];
  const changes: LimitChange[] = [];
  const waiters = new Set<() => void>();
  let frame = options.past ?? 0;

  const wake = (): void => {
    for (const waiter of [...waiters]) waiter();
  };
  const changed = (signal: AbortSignal): Promise<void> =>
    new Promise(resolve => {
      const done = (): void => {
        waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      waiters.add(done);
      signal.addEventListener('abort', done);
    });
  const emit = <T extends EventType>(
    type: T,
    action: EventActions[T],
    id: string,
    attributes: Record<string, string> = {},
  ): void => {
    events.push({
      seq: events.length + 1,
      type,
      action,
      actor: { id, attributes },
      timeNano: `${clock()}000000`,
    });
    wake();
  };
  const find = (name: string): Fake => {
    const found = [...containers.values()].find(
      one =>
        one.summary.name === name ||
        one.summary.id === name ||
        (name.length >= 4 && one.summary.id.startsWith(name)),
    );
    if (found !== undefined) return found;
    throw new PlimsollError('not-found', `no container is called "${name}"`, { code: 'CONTAINER_NOT_FOUND' });
  };
  const setState = (
    one: Fake,
    state: Partial<ContainerState>,
    action: EventActions['container'],
    more = {},
  ): void => {
    one.summary = { ...one.summary, state: { ...one.summary.state, ...state } };
    emit('container', action, one.summary.id, {
      name: one.summary.name,
      image: one.summary.imageName,
      ...more,
    });
  };
  const add = (spec: ContainerSpec, seed: number, state: Partial<ContainerState>): Fake => {
    const name = spec.name ?? `${names[seed % names.length]}-${seed}`;
    const id = digest(`container ${name} ${seed}`);
    const one: Fake = {
      seed,
      spec,
      summary: {
        id,
        name,
        imageId: `sha256:${digest(spec.image)}`,
        imageName: spec.image,
        command: spec.command ?? ['/usr/bin/serve', '--port', '80'],
        created: start - 3_600_000 * (seed + 1),
        state: { status: 'created', restartCount: 0, ...state },
        ports: spec.ports ?? [],
        limits: spec.limits ?? {},
        labels: spec.labels ?? {},
        exposed: [],
        network: 'bridge',
        addresses: [`10.89.0.${seed + 2}`],
        mounts: spec.mounts ?? [],
      },
    };
    containers.set(id, one);
    return one;
  };
  const details = ({ summary, spec }: Fake): ContainerDetails => ({
    ...summary,
    spec,
    entrypoint: [],
    env: spec.env ?? ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', 'MODE=production', 'TZ=UTC'],
    workdir: '/srv',
    user: '1000:1000',
    driver: 'overlay',
    logPath: `/var/lib/plimsoll/containers/${summary.id}/ctr.log`,
    warnings: [],
  });
  const addImage = (reference: string, seed: number): ImageDetails => {
    const image = fakeImage(reference, seed, start);
    imageList.set(image.id, image);
    return image;
  };

  for (const [i, reference] of images.entries()) addImage(`localhost/${reference}`, i);
  for (let i = 0; i < (options.containers ?? 0); i++) {
    const limits = fakeLimits(i);
    const state = fakeState(i, start);
    const name =
      i < names.length ? (names[i] ?? '') : `${names[i % names.length]}-${Math.floor(i / names.length) + 1}`;
    add({ image: images[i % images.length] ?? '', name, limits }, i, state);
  }

  const usageOf = (one: Fake, at: number): ContainerUsage =>
    fakeUsage(one, at, { cores, memoryBytes, time: clock() });
  const makeFrame = (at: number): StatsFrame => {
    const up = [...containers.values()].filter(one =>
      ['running', 'paused'].includes(one.summary.state.status),
    );
    const usages = new Map(up.map(one => [one.summary.id, usageOf(one, at)]));
    return fakeFrame(usages, at, { cores, memoryBytes, time: clock() });
  };

  const refused = async (): Promise<never> => {
    throw new PlimsollError('not-implemented', 'this is not part of the fake engine', { code: 'FAKE' });
  };

  return {
    execs: { create: refused, inspect: refused, start: refused, resize: refused, detached: refused },
    containers: {
      list: ({ all = false } = {}) =>
        [...containers.values()].map(one => one.summary).filter(one => all || one.state.status === 'running'),
      inspect: name => details(find(name)),
      async create(spec) {
        if (![...imageList.values()].some(image => image.references.some(one => one.includes(spec.image))))
          throw new PlimsollError('not-found', `no image is called "${spec.image}"`, {
            code: 'IMAGE_NOT_FOUND',
            hint: 'build it, or make a base image with "plimsoll image bootstrap"',
          });
        if ([...containers.values()].some(one => one.summary.name === spec.name))
          throw new PlimsollError('conflict', `the name "${spec.name}" is taken`, { code: 'NAME_IN_USE' });
        const one = add(spec, containers.size, {});
        emit('container', 'create', one.summary.id, { name: one.summary.name });
        return details(one);
      },
      async start(name) {
        setState(find(name), { status: 'running', startedAt: clock() }, 'start');
        return { warnings: [] };
      },
      async stop(name) {
        await sleep(300);
        setState(
          find(name),
          { status: 'exited', exitCode: 143, stoppedByUser: true, finishedAt: clock() },
          'die',
          { exitCode: '143' },
        );
      },
      async restart(name) {
        await sleep(300);
        setState(find(name), { status: 'running', startedAt: clock() }, 'restart');
      },
      async kill(name, signal = 'SIGKILL') {
        const one = find(name);
        emit('container', 'kill', one.summary.id, { name: one.summary.name, signal });
        if (signal === 'SIGKILL' || signal === 'SIGTERM')
          setState(
            one,
            { status: 'exited', exitCode: 137, stoppedByUser: true, finishedAt: clock() },
            'die',
            { exitCode: '137' },
          );
      },
      async pause(name) {
        setState(find(name), { status: 'paused' }, 'pause');
      },
      async unpause(name) {
        setState(find(name), { status: 'running' }, 'unpause');
      },
      async remove(name, { force = false } = {}) {
        const one = find(name);
        if (one.summary.state.status === 'running' && !force)
          throw new PlimsollError('conflict', `container "${one.summary.name}" is running`, {
            code: 'CONTAINER_RUNNING',
            hint: 'stop it first, or remove it by force',
          });
        containers.delete(one.summary.id);
        emit('container', 'destroy', one.summary.id, { name: one.summary.name });
      },
      wait: async () => 0,
      async *logs(name, { follow = false, since = 0, signal } = {}) {
        const one = find(name);
        let line = 0;
        for (; line < 120; line++) {
          const time = start - (120 - line) * 1000;
          if (time >= since) yield fakeLog(one, line, time);
        }
        while (follow && signal !== undefined && !signal.aborted) {
          const quiet = options.frozen === true || options.logMs === 0;
          if (quiet) await changed(signal);
          else await sleep(options.logMs ?? 400, signal);
          if (one.summary.state.status !== 'running') return;
          if (!quiet && !signal.aborted) yield fakeLog(one, line++, clock());
        }
      },
      attach: async () => {
        throw new PlimsollError('not-implemented', 'attach is not part of the fake engine', { code: 'FAKE' });
      },
      exec: async () => ({ exitCode: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }),
      ps: async () => ({ titles: [], rows: [] }),
      top(name) {
        const one = find(name);
        return [1, 2, 3].map(n => ({
          pid: 4000 + one.seed * 10 + n,
          parentPid: n === 1 ? 1 : 4001 + one.seed * 10,
          user: 'app',
          state: n === 1 ? 'S' : 'R',
          cpuSeconds: one.seed * 3.1 + n * 12.4,
          residentBytes: (20 + n * 14) * MIB,
          startedAt: start - 60_000,
          command: n === 1 ? '/usr/bin/serve --port 80' : `/usr/bin/serve: worker process ${n}`,
        }));
      },
      async update(name, { limits = {} }) {
        const one = find(name);
        one.summary = { ...one.summary, limits };
        emit('container', 'update', one.summary.id, { name: one.summary.name });
        return { warnings: [] };
      },
      async rename(name, newName) {
        const one = find(name);
        one.summary = { ...one.summary, name: newName };
        emit('container', 'rename', one.summary.id, { name: newName });
      },
      resize: () => {},
      connect: async () => {},
      disconnect: async () => {},
      async prune() {
        const dead = [...containers.values()].filter(one => one.summary.state.status === 'exited');
        for (const one of dead) containers.delete(one.summary.id);
        wake();
        return { deleted: dead.map(one => one.summary.id), reclaimedBytes: dead.length * MIB };
      },
    },
    archives: {
      save: () => Promise.reject(new TypeError('the fake engine saves nothing')),
      rootfs: () => Promise.reject(new TypeError('the fake engine has no layers')),
      load: () => Promise.reject(new TypeError('the fake engine loads nothing')),
      importTar: () => Promise.reject(new TypeError('the fake engine imports nothing')),
    },
    images: {
      list: () => [...imageList.values()],
      inspect(name) {
        const image = [...imageList.values()].find(one => one.id === name || one.references.includes(name));
        if (image !== undefined) return image;
        throw new PlimsollError('not-found', `no image is called "${name}"`, { code: 'IMAGE_NOT_FOUND' });
      },
      tag() {},
      async remove(name) {
        const image = this.inspect(name);
        imageList.delete(image.id);
        emit('image', 'delete', image.id, { name: image.references[0] ?? '' });
        return { untagged: [...image.references], deleted: [image.id] };
      },
      async bootstrap({ source }) {
        await sleep(500);
        const image = addImage(`localhost/${source}:latest`, imageList.size);
        emit('image', 'import', image.id, { name: image.references[0] ?? '' });
        return image;
      },
      attestations: () => [],
      pull: () => Promise.reject(new TypeError('the fake engine pulls nothing')),
      push: () => Promise.reject(new TypeError('the fake engine pushes nothing')),
      waste: () =>
        Promise.reject(
          new PlimsollError('not-implemented', 'the fake engine has no layers', { code: 'FAKE' }),
        ),
      pullAll: () => Promise.reject(new TypeError('the fake engine pulls nothing')),
      prune: async () => ({ deleted: [], reclaimedBytes: 0 }),
    },
    manifests: new Proxy({} as Engine['manifests'], {
      get: () => () => {
        throw new TypeError('the fake engine has no registries');
      },
    }),
    works: {
      from: () => Promise.reject(new TypeError('the fake engine has no files')),
      fromFailure: () => {
        throw new TypeError('the fake engine has no files');
      },
      list: () => [],
      inspect: () => {
        throw new TypeError('the fake engine has no files');
      },
      run: () => Promise.reject(new TypeError('the fake engine has no files')),
      copy: () => Promise.reject(new TypeError('the fake engine has no files')),
      config: () => {
        throw new TypeError('the fake engine has no files');
      },
      mount: () => Promise.reject(new TypeError('the fake engine has no files')),
      unmount: async () => {},
      commit: () => Promise.reject(new TypeError('the fake engine has no files')),
      remove: async () => {},
    },
    builds: {
      build: request => fakeBuild(request),
      list: () => builds.map(one => one.record).toReversed(),
      async *follow(id, { signal }) {
        const build = builds.find(one => one.record.id === id);
        for (let i = 0; build !== undefined && !signal.aborted; ) {
          const event = build.events[i];
          if (event === undefined) await changed(signal);
          else {
            i++;
            yield event;
            if (event.kind === 'finished') return;
          }
        }
      },
      costs: async () => [],
      cacheUsage: async () => [],
      cacheLimits: async () => undefined,
      check: async () => ({ file: 'Dockerfile', text: '', warnings: [], isError: false }),
      outline: async () => ({ stages: [], args: [], secrets: [], ssh: [], caches: [], target: '' }),
      pruneCache: async () => ({ records: 12, reclaimedBytes: 340 * MIB }),
    },
    stats: {
      async *stream({ intervalMs = options.intervalMs ?? 1000, signal }) {
        for (let past = 0; past < (options.past ?? 0); past++) yield makeFrame(past);
        while (!signal.aborted) {
          yield makeFrame(frame++);
          if (options.frozen) await changed(signal);
          else await sleep(intervalMs, signal);
        }
      },
      once: async () => makeFrame(frame),
      verify: async () => ({ frame: makeFrame(frame), checks: [] }),
      facts: async () => ({
        hostname: 'harbour-1',
        os: 'Debian 12',
        kernel: '6.18.0',
        cpuModel: 'EPYC',
        cores,
        memoryBytes,
        machine: 'KVM',
        diskTotalBytes: 80 * 1024 * MIB,
        diskFreeBytes: 31 * 1024 * MIB,
      }),
    },
    history: createFakeHistory(
      () =>
        (options.recorded ? [...containers.values()] : []).map(({ summary, seed }) => ({
          id: summary.id,
          seed,
        })),
      clock,
    ),
    limits: {
      async change(requests) {
        return requests.map(({ name, change, reason }) => {
          const one = find(name);
          const container = { id: one.summary.id, name: one.summary.name };
          const line = { batch: '1', time: clock(), container, before: one.summary.limits, change, reason };
          changes.push(line);
          one.summary = { ...one.summary, limits: { ...one.summary.limits, ...change } };
          emit('container', 'update', container.id, { name: container.name });
          return { name: container.name, change: line, warnings: [] };
        });
      },
      undoable: () => changes.slice(-1),
      async undo(lines) {
        return lines.map(change => {
          const one = find(change.container.id);
          one.summary = { ...one.summary, limits: change.before };
          changes.splice(changes.indexOf(change), 1);
          return { name: change.container.name, change, warnings: [] };
        });
      },
    },
    events: {
      emit,
      async *follow({ sinceSeq = events.length, signal }) {
        for (let next = sinceSeq; !signal.aborted; ) {
          const event = events[next];
          if (event === undefined) await changed(signal);
          else {
            next++;
            yield event;
          }
        }
      },
      list: () => [...events],
      lastSeq: () => events.length,
    },
    files: missing(),
    registries: missing(),
    volumes: missing(),
    networks: missing(),
    system: {
      info: () => ({
        root: { id: '0badcafe', dataDir: '/fake', runDir: '/run/fake', rootless: options.rootless ?? false },
        runtime: 'crun',
        cgroupVersion: 'v2',
        networking: 'bridges of the kernel',
        containers: { running: 0, paused: 0, stopped: 0 },
        images: 0,
      }),
      storage: async () => ({ driver: 'overlay' }),
      check: async () => [],
      diskUsage: () => Promise.reject(new TypeError('the fake engine has no disk')),
      unusedNetworks: () => [],
      prune: () => Promise.reject(new TypeError('the fake engine prunes nothing')),
    },
    units: {
      command: ['plimsoll'],
      plan: () => ({ units: [], commands: [], advice: [] }),
      install: async () => ({ units: [], commands: [], advice: [] }),
      uninstall: async () => [],
    },
    async [Symbol.asyncDispose]() {},
  };

  async function fakeBuild(request: BuildRequest): Promise<{ build: string; image: string }> {
    if (request.context.includes('missing'))
      throw new PlimsollError('not-found', `the context folder "${request.context}" does not exist`, {
        code: 'CONTEXT_NOT_FOUND',
        hint: 'name a folder that exists',
      });
    const id = digest(`build ${builds.length}`).slice(0, 12);
    const build = {
      record: {
        id,
        started: clock(),
        state: 'running',
        context: request.context,
        dockerfile: request.dockerfile ?? `${request.context}/Dockerfile`,
        tags: request.tags ?? [],
        buildArgs: request.buildArgs ?? {},
        owner: { pid: process.pid, startTime: 0 },
      } as BuildRecord,
      events: [] as BuildProgress[],
    };
    builds.push(build);
    const tell = (event: BuildProgress): void => {
      build.events.push(event);
      request.onProgress?.(event);
      wake();
    };
    tell({ kind: 'planned', time: clock(), build: id, steps: fakeSteps });
    emit('build', 'start', id, { name: request.tags?.[0] ?? request.context });
    for (const step of fakeSteps) {
      tell({ kind: 'step-started', time: clock(), step: step.id });
      for (let line = 1; line <= 4; line++) {
        await sleep(step.id < 2 ? 10 : 120);
        if (request.signal?.aborted) return cancelBuild(build, tell);
        tell({
          kind: 'step-output',
          time: clock(),
          step: step.id,
          stream: 'stdout',
          text: `${step.name}: line ${line} of what it says\n`,
        });
      }
      const cached = step.id < 2;
      tell({
        kind: 'step-finished',
        time: clock(),
        step: step.id,
        outcome: cached ? 'cached' : 'done',
        ...(cached ? {} : { cacheMiss: 'src/server.ts changed', layerBytes: step.id * 3_400_000 }),
      });
    }
    const image = addImage(request.tags?.[0] ?? 'localhost/built:latest', imageList.size);
    build.record = { ...build.record, state: 'succeeded', finished: clock(), image: image.id };
    tell({ kind: 'finished', time: clock(), outcome: 'succeeded', image: image.id });
    emit('build', 'end', id, { name: request.tags?.[0] ?? request.context });
    emit('image', 'build', image.id, { name: request.tags?.[0] ?? '' });
    return { build: id, image: image.id };
  }

  function cancelBuild(build: { record: BuildRecord }, tell: (event: BuildProgress) => void): never {
    build.record = { ...build.record, state: 'cancelled', finished: clock() };
    tell({ kind: 'finished', time: clock(), outcome: 'cancelled' });
    emit('build', 'end', build.record.id);
    throw new PlimsollError('cancelled', 'the build was cancelled', { code: 'CANCELLED' });
  }
}

const fakeSteps = [
  { id: 0, name: '[base 1/2] FROM localhost/debian:bookworm', stage: 'base', line: 1, dependsOn: [] },
  { id: 1, name: '[base 2/2] RUN apt-get install -y nodejs', stage: 'base', line: 2, dependsOn: [0] },
  { id: 2, name: '[builder 1/2] COPY src ./src', stage: 'builder', line: 5, dependsOn: [1] },
  { id: 3, name: '[builder 2/2] RUN npm run build', stage: 'builder', line: 6, dependsOn: [2] },
  { id: 4, name: '[final 1/2] COPY --from=builder /app/dist /srv', stage: 'final', line: 9, dependsOn: [3] },
  { id: 5, name: '[final 2/2] CMD ["node", "/srv/server.js"]', stage: 'final', line: 10, dependsOn: [4] },
];

function fakeLimits(i: number): ContainerLimits {
  if (i % 5 === 3) return {};
  return {
    cpus: [1, 0.5, 2, 1, 1.5][i % 5] ?? 1,
    memoryBytes: ([512, 256, 2048, 128, 768][i % 5] ?? 256) * MIB,
  };
}

function fakeState(i: number, now: number): ContainerState {
  const startedAt = now - 1000 * (90 + 4271 * (i + 1));
  if (i === 5) return { status: 'exited', exitCode: 1, restartCount: 4, startedAt, finishedAt: now - 40_000 };
  if (i === 8) return { status: 'paused', restartCount: 0, startedAt };
  if (i === 9)
    return { status: 'exited', exitCode: 0, restartCount: 0, startedAt, finishedAt: now - 86_400_000 };
  const health = i % 3 === 0 ? { health: { status: 'healthy' as const, failingStreak: 0 } } : {};
  return { status: 'running', startedAt, restartCount: 0, ...health };
}

function fakeImage(reference: string, seed: number, now: number): ImageDetails {
  const sizes = [78, 12.4, 0.8, 34, 0].map(mib => Math.round(mib * MIB * (1 + seed / 7)));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const steps = [
    'FROM debian:bookworm',
    'RUN apt-get install -y nodejs',
    'COPY package.json ./',
    'RUN npm ci',
    'CMD ["serve"]',
  ];
  return {
    id: `sha256:${digest(reference)}`,
    references: [reference],
    created: now - 86_400_000 * (seed + 1),
    sizeBytes: total,
    uniqueBytes: Math.round(total * 0.3),
    containers: [],
    labels: { 'org.opencontainers.image.title': reference },
    platform: { os: 'linux', architecture: 'amd64' },
    config: {
      os: 'linux',
      architecture: 'amd64',
      config: { Cmd: ['/usr/bin/serve'], Env: ['PATH=/usr/bin'], WorkingDir: '/srv' },
      rootfs: { type: 'layers', diff_ids: [] },
      history: [],
    },
    manifestDigest: `sha256:${digest(`manifest ${reference}`)}`,
    layers: [],
    history: steps.map((createdBy, i) => ({
      created: now,
      createdBy,
      emptyLayer: i === 4,
      sizeBytes: sizes[i] ?? 0,
    })),
  };
}

function fakeUsage(
  { summary, seed }: Fake,
  at: number,
  host: { readonly cores: number; readonly memoryBytes: number; readonly time: number },
): ContainerUsage {
  const wave = 0.5 + 0.35 * Math.sin(at / (5 + (seed % 7)) + seed) + 0.15 * Math.sin(at * 1.7 + seed * 3);
  const limit = summary.limits.cpus ?? 0.8;
  const paused = summary.state.status === 'paused';
  const busy = seed % 4 === 1 ? 0.95 : seed % 4 === 3 ? 0.004 : 0.35;
  const cpuCores = paused ? 0 : limit * busy * (0.4 + 0.6 * wave);
  const limitBytes = summary.limits.memoryBytes;
  const workingSetBytes = Math.round(
    (limitBytes ?? 300 * MIB) * (seed % 4 === 2 ? 0.93 : 0.2 + 0.04 * (seed % 9)) * (0.96 + 0.05 * wave),
  );
  const memory = {
    usageBytes: workingSetBytes + 20 * MIB,
    workingSetBytes,
    anonBytes: Math.round(workingSetBytes * 0.7),
    fileBytes: Math.round(workingSetBytes * 0.25),
    shmemBytes: 0,
    kernelBytes: Math.round(workingSetBytes * 0.05),
    peakBytes: Math.round(workingSetBytes * 1.1),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    oomKills: 0,
  };
  const rx = paused ? 0 : Math.round(42_000 * wave * ((seed % 5) + 0.01));
  return {
    id: summary.id,
    time: host.time,
    cpuCores,
    cpuPercentOfHost: (cpuCores / host.cores) * 100,
    cpuPercent: cpuCores * 100,
    throttledShare: seed % 4 === 1 && wave > 0.9 ? 0.2 : 0,
    memory,
    memoryPercentOfHost: (workingSetBytes / host.memoryBytes) * 100,
    networkRxPerSecond: rx,
    networkTxPerSecond: Math.round(rx * 0.4),
    blockReadPerSecond: seed % 3 === 0 ? 120_000 * wave : 0,
    blockWritePerSecond: 20_000 * wave,
    sample: {
      id: summary.id,
      time: host.time,
      cpu: { usageSeconds: at * cpuCores, throttledSeconds: 0, throttledPeriods: 0, periods: at * 10 },
      memory,
      network: { rxBytes: at * rx, txBytes: at * rx * 0.4 },
      blockIo: { readBytes: at * 1000, writeBytes: at * 500 },
      pids: { current: 3 + (seed % 6) },
    },
  };
}

function fakeFrame(
  containers: ReadonlyMap<string, ContainerUsage>,
  at: number,
  host: { readonly cores: number; readonly memoryBytes: number; readonly time: number },
): StatsFrame {
  const used = [...containers.values()];
  const cpu = used.reduce((sum, one) => sum + one.cpuCores, 0);
  const memory = used.reduce((sum, one) => sum + one.memory.workingSetBytes, 0);
  const cpuCores = Math.min(host.cores, cpu + 0.3 + 0.1 * Math.sin(at / 3));
  const memoryUsedBytes = Math.min(host.memoryBytes, memory + 900 * MIB);
  return {
    containers,
    host: {
      time: host.time,
      cores: host.cores,
      cpuCores,
      stealCores: 0,
      memoryTotalBytes: host.memoryBytes,
      memoryUsedBytes,
      sample: {
        time: host.time,
        cores: host.cores,
        cpu: { busySeconds: 0, idleSeconds: 0, stealSeconds: 0 },
        memory: {
          totalBytes: host.memoryBytes,
          availableBytes: host.memoryBytes - memoryUsedBytes,
          cacheBytes: 1200 * MIB,
          kernelBytes: 300 * MIB,
          swapTotalBytes: 0,
          swapFreeBytes: 0,
        },
        loadAverage: [1.42, 1.18, 0.97],
      },
    },
  };
}

function fakeLog({ summary, seed }: Fake, line: number, time: number): LogEntry {
  const paths = ['/', '/cart', '/api/items?page=2', '/health', '/api/orders/8812'];
  const text =
    line % 17 === 16
      ? '\u001b[31merror\u001b[0m upstream took longer than 500 ms, retrying'
      : `\u001b[32minfo\u001b[0m  GET ${paths[(line * 7 + seed) % paths.length]} 200 in ${3 + ((line * 13 + seed) % 40)} ms`;
  return {
    time: new Date(time).toISOString().replace('Z', '000000Z'),
    stream: line % 17 === 16 ? 'stderr' : 'stdout',
    line: Buffer.from(`${summary.name} ${text}`),
    partial: false,
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** A service that no dashboard calls: using it is a mistake of the test. */
function missing<T extends object>(): T {
  return new Proxy({} as T, {
    get(_target, name) {
      throw new TypeError(`the fake engine has no ${String(name)}`);
    },
  });
}
