import type { Engine, Network } from '../engine/index.ts';
import { storageName } from './storage-name.ts';

/** The newest version of Docker's API that is served, and the oldest. */
export const apiVersion = '1.51';
export const minApiVersion = '1.24';

/** What `infoJson` is made of. */
export interface EngineFacts {
  readonly info: ReturnType<Engine['system']['info']>;
  readonly storage: Awaited<ReturnType<Engine['system']['storage']>>;
  readonly facts: Awaited<ReturnType<Engine['stats']['facts']>>;
  readonly networks: readonly Network[];
  readonly program: ProgramFacts;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What plimsoll is and runs on, as `process` and `os` have it. */
export interface ProgramFacts {
  /** plimsoll's own. */
  readonly version: string;
  readonly node: string;
  /** Node's word for the processor. */
  readonly arch: string;
  readonly kernel: string;
}

/** Node's words for processors, in uname's, and in Go's. */
const machines: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
const goArchitectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** plimsoll's own version and what it speaks, as `GET /version` answers. */
export function versionJson({ version, node, arch, kernel }: ProgramFacts): object {
  const common = {
    ApiVersion: apiVersion,
    MinAPIVersion: minApiVersion,
    GitCommit: '',
    GoVersion: `node-${node}`,
    Os: 'linux',
    Arch: goArchitectures[arch] ?? arch,
    KernelVersion: kernel,
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

/** The engine as a whole, as `GET /info` answers. */
export function infoJson({ info, storage, facts, networks, program, now }: EngineFacts): object {
  const { root, runtime, cgroupVersion, containers, images } = info;
  return {
    ID: root.id,
    Containers: containers.running + containers.paused + containers.stopped,
    ContainersRunning: containers.running,
    ContainersPaused: containers.paused,
    ContainersStopped: containers.stopped,
    Images: images,
    Driver: storageName(storage.driver),
    DriverStatus: storage.why === undefined ? [] : [['Reason', storage.why]],
    Plugins: {
      Volume: ['local'],
      Network: [...new Set(networks.map(({ driver }) => driver))],
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
    SystemTime: new Date(now).toISOString(),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: cgroupVersion === 'v2' ? '2' : '1',
    NEventsListener: 0,
    KernelVersion: facts.kernel,
    OperatingSystem: facts.os,
    OSVersion: '',
    OSType: 'linux',
    Architecture: machines[program.arch] ?? program.arch,
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
    ServerVersion: program.version,
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
