import type { ContainerLimits } from '../runtime/index.ts';

/** Counters of one container as the kernel has them. Seconds and bytes; counters only grow within one run. */
export interface ContainerSample {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly cpu: {
    readonly usageSeconds: number;
    readonly throttledSeconds: number;
    readonly throttledPeriods: number;
    readonly periods: number;
  };
  readonly memory: {
    /** All that is charged to the cgroup, with file cache. */
    readonly usageBytes: number;
    /** usage less inactive file cache: Docker's "MEM USAGE". */
    readonly workingSetBytes: number;
    readonly anonBytes: number;
    readonly fileBytes: number;
    readonly shmemBytes: number;
    readonly kernelBytes: number;
    /** Highest usage the kernel has recorded, where it does. */
    readonly peakBytes?: number;
    readonly limitBytes?: number;
    readonly oomKills: number;
  };
  /** Over all interfaces but lo; absent with the host's network. */
  readonly network?: { readonly rxBytes: number; readonly txBytes: number };
  readonly blockIo: { readonly readBytes: number; readonly writeBytes: number };
  readonly pids: { readonly current: number; readonly limit?: number };
  /** Share of time (0..1) some task waited, over the last 10 s; only cgroup v2 has it. */
  readonly pressure?: { readonly cpu: number; readonly memory: number; readonly io: number };
}

/** Counters of the whole machine. */
export interface HostSample {
  readonly time: number;
  readonly cores: number;
  /** Seconds summed over all cores since boot. */
  readonly cpu: { readonly busySeconds: number; readonly idleSeconds: number; readonly stealSeconds: number };
  readonly memory: {
    readonly totalBytes: number;
    /** What could be given out without swapping (MemAvailable). */
    readonly availableBytes: number;
    readonly cacheBytes: number;
    /** What the kernel holds for itself and cannot drop. */
    readonly kernelBytes: number;
    readonly swapTotalBytes: number;
    readonly swapFreeBytes: number;
  };
  readonly loadAverage: readonly [number, number, number];
  readonly pressure?: { readonly cpu: number; readonly memory: number; readonly io: number };
}

/** What one container uses now, from two samples. */
export interface ContainerUsage {
  readonly id: string;
  readonly time: number;
  /** Cores in use, such as 0.25; 0 until there are two samples. */
  readonly cpuCores: number;
  /** Of the whole VM, 0..100. */
  readonly cpuPercentOfHost: number;
  /** Docker's figure: 100 is one core. */
  readonly cpuPercent: number;
  /** Share of scheduling periods that were throttled, 0..1. */
  readonly throttledShare: number;
  readonly memory: ContainerSample['memory'];
  readonly memoryPercentOfHost: number;
  readonly networkRxPerSecond: number;
  readonly networkTxPerSecond: number;
  readonly blockReadPerSecond: number;
  readonly blockWritePerSecond: number;
  readonly sample: ContainerSample;
}

/** A container as the sampler has to know it. */
export interface RunningContainer {
  readonly id: string;
  /** Relative to the cgroup mounts; absent where there is none (rootless without delegation). */
  readonly cgroupPath?: string;
  /** The init process. */
  readonly pid?: number;
  /** `host` has no network counters of its own. */
  readonly network: string;
}

/** A container of another engine on this machine: measured as our own are, changed by that engine alone. */
export interface Neighbour extends RunningContainer {
  /** `docker:ID`: its name in frames and in the history. */
  readonly id: string;
  /** Whose it is: `docker` or `podman`. */
  readonly engine: string;
  /** How that engine is reached, as `--host` takes it. */
  readonly address: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits: ContainerLimits;
  /** When it was started, in milliseconds since the epoch. */
  readonly startedAt?: number;
}

/** What another engine has told of a container; Docker's words. */
export interface NeighbourEvent {
  /** Grows with each event of these engines. */
  readonly seq: number;
  /** As of the `Neighbour`, which may be gone by now. */
  readonly id: string;
  /** `docker/web`. */
  readonly name: string;
  readonly action: 'start' | 'die' | 'oom' | 'kill' | 'stop' | 'restart' | 'destroy';
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Of `die`. */
  readonly exitCode?: string;
  /** Of `oom`: what it was allowed to have, where that is known. */
  readonly limitBytes?: number;
}

/** What a neighbour uses now. */
export interface NeighbourUsage extends ContainerUsage {
  readonly neighbour: Neighbour;
}

/** The other engines of this machine, asked now and then for what they run. */
export interface Neighbours extends Disposable {
  /** What runs, as was last heard. Cheap: asked for each frame; what is old is asked for anew behind it. */
  running(): readonly Neighbour[];
  /** What happened to their containers after the event of that number, of the last thousand. */
  happened(after: number): readonly NeighbourEvent[];
  /** Resolves when each was asked once, or does not answer in time. Never rejects. */
  ready(): Promise<void>;
}

export interface HostUsage {
  readonly time: number;
  readonly cores: number;
  readonly cpuCores: number;
  readonly stealCores: number;
  readonly memoryTotalBytes: number;
  /** total - available. */
  readonly memoryUsedBytes: number;
  readonly sample: HostSample;
}

export interface StatsFrame {
  readonly host: HostUsage;
  /** Running and paused containers, by id. */
  readonly containers: ReadonlyMap<string, ContainerUsage>;
  /** Those of other engines on this machine, by `ENGINE:ID`; absent where none is known. */
  readonly neighbours?: ReadonlyMap<string, NeighbourUsage>;
  /** What happened to containers of other engines since the frame before; absent where nothing did. */
  readonly happened?: readonly NeighbourEvent[];
}

export interface HostFacts {
  readonly hostname: string;
  readonly os: string;
  readonly kernel: string;
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** `physical`, or the hypervisor's or cloud's name. */
  readonly machine: string;
  readonly diskTotalBytes: number;
  readonly diskFreeBytes: number;
}

/** A figure beside what the kernel says of it in other files. */
export interface KernelCheck {
  /** `used by the machine`, `containers together`, or the id of a container. */
  readonly figure: string;
  readonly unit: 'cores' | 'bytes';
  readonly shown: number;
  readonly kernel: number;
  /** How far `shown` is from what the kernel's counters allow; 0: they allow it. */
  readonly difference: number;
  /** The difference is within 2 %, or too small to be told. */
  readonly isRight: boolean;
}

/** Reads the kernel's files; never asks a daemon. */
export interface StatsService {
  /**
   * A frame every `intervalMs` (default 1000), the first at once (rates 0); ends when the signal fires. Less often, down
   * to one in ten seconds, if this process would else use more than `coreShare` of a core.
   */
  stream(options: {
    intervalMs?: number;
    coreShare?: number;
    /** Without the containers of other engines on this machine. */
    own?: boolean;
    signal: AbortSignal;
  }): AsyncIterable<StatsFrame>;
  /** Two samples `intervalMs` apart (default 200), as one frame with true rates. */
  once(options?: { intervalMs?: number; signal?: AbortSignal }): Promise<StatsFrame>;
  /** A frame with true rates, and each of its figures checked against other files of the kernel. */
  verify(options?: {
    intervalMs?: number;
    signal?: AbortSignal;
  }): Promise<{ readonly frame: StatsFrame; readonly checks: readonly KernelCheck[] }>;
  /** What the machine is, from systeminformation; slow (tens of ms), never needed for a first frame. */
  facts(): Promise<HostFacts>;
}
