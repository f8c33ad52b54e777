import { arch, release } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../engine/index.ts';
import { eventJson, parseFilters, parseQueryTime } from '../../wire/index.ts';
import { eventFilters, eventMatcher } from '../../words/index.ts';
import { apiVersion, minApiVersion } from '../api-version.ts';
import { followEvents } from '../follow-events.ts';
import { Query } from '../query.ts';
import { jsonLines, streamReply } from '../stream-reply.ts';

type Parts = Pick<Engine, 'system' | 'stats' | 'events' | 'networks'>;

/** What a client asks of the engine as a whole. */
export function systemRoutes(app: FastifyInstance, engine: Parts, version: string): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/_ping',
    handler: async (_request, reply) => {
      void reply.headers({
        'builder-version': '1',
        swarm: 'inactive',
        'cache-control': 'no-cache, no-store, must-revalidate',
        pragma: 'no-cache',
      });
      return reply.type('text/plain; charset=utf-8').send('OK');
    },
  });
  app.get('/version', async () => versionJson(version));
  app.get('/info', async () => await infoJson(engine, version));
  app.get('/events', async (request, reply) => {
    const query = new Query(request.query);
    const matches = eventMatcher(parseFilters(query.text('filters'), known));
    const since = parseQueryTime(query.text('since'));
    const until = parseQueryTime(query.text('until'));
    await streamReply(reply, { type: 'application/json' }, signal =>
      jsonLines(mapped(followEvents(engine.events, { since, until, matches, signal }), eventJson)),
    );
  });
}

/** Docker's other filters of events are about what there is not; of those no event passes. */
const known = [...eventFilters, 'scope', 'daemon', 'plugin', 'service', 'node', 'secret', 'config'];

async function* mapped<T>(source: AsyncIterable<T>, map: (value: T) => object): AsyncGenerator<object> {
  for await (const value of source) yield map(value);
}

/** Node's words for processors, in Go's. */
function architecture(): string {
  const words: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };
  return words[arch()] ?? arch();
}

function versionJson(version: string): object {
  const common = {
    ApiVersion: apiVersion,
    MinAPIVersion: minApiVersion,
    GitCommit: '',
    GoVersion: `node-${process.versions.node}`,
    Os: 'linux',
    Arch: architecture(),
    KernelVersion: release(),
    BuildTime: '',
  };
  return {
    Platform: { Name: 'plimsoll' },
    Components: [
      {
        Name: 'Engine',
        Version: version,
        Details: { ...common, Experimental: 'false' },
      },
    ],
    Version: version,
    ...common,
  };
}

async function infoJson({ system, stats, networks }: Parts, version: string): Promise<object> {
  const { root, runtime, cgroupVersion, containers, images } = system.info();
  const facts = await stats.facts();
  return {
    ID: root.id,
    Containers: containers.running + containers.paused + containers.stopped,
    ContainersRunning: containers.running,
    ContainersPaused: containers.paused,
    ContainersStopped: containers.stopped,
    Images: images,
    Driver: 'overlay2',
    DriverStatus: [],
    Plugins: {
      Volume: ['local'],
      Network: [...new Set(networks.list().map(({ driver }) => driver))],
      Authorization: [],
      Log: ['json-file'],
    },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    Debug: false,
    NFd: 0,
    OomKillDisable: cgroupVersion !== 'v2',
    NGoroutines: 0,
    SystemTime: new Date().toISOString(),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: cgroupVersion === 'v2' ? '2' : '1',
    NEventsListener: 0,
    KernelVersion: facts.kernel,
    OperatingSystem: facts.os,
    OSVersion: '',
    OSType: 'linux',
    Architecture: process.arch === 'x64' ? 'x86_64' : process.arch === 'arm64' ? 'aarch64' : process.arch,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: { InsecureRegistryCIDRs: ['127.0.0.0/8'], IndexConfigs: {}, Mirrors: [] },
    NCPU: facts.cores,
    MemTotal: facts.memoryBytes,
    GenericResources: [],
    DockerRootDir: root.dataDir,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: facts.hostname,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: version,
    Runtimes: { [runtime.split(/[\s/]/)[0] ?? 'runc']: { path: runtime } },
    DefaultRuntime: runtime.split(/[\s/]/)[0] ?? 'runc',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'catatonit',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    SecurityOptions: [...(root.rootless ? ['name=rootless'] : []), 'name=seccomp,profile=builtin'],
    Warnings: [],
  };
}
