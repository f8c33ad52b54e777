import { type AdvisedContainer, coreLimit, type LoadLine, type ResourceLoad } from '../capacity/index.ts';
import type { ContainerUsage, StatsFrame, SystemInfo } from '../engine/index.ts';
import { exposition, type Metric } from './exposition.ts';

/** What is told of an engine, its machine and its containers. */
export interface MetricsSource {
  /** Of plimsoll. */
  readonly version: string;
  readonly info: SystemInfo;
  readonly line: LoadLine;
  readonly frame: StatsFrame;
  readonly advised: readonly AdvisedContainer[];
  /** The process that serves them, where it is one that stays. */
  readonly server?: ServerUsage;
}

/** What a serving process uses itself. */
export interface ServerUsage {
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  /** Seconds since the epoch. */
  readonly startSeconds: number;
}

/** Figures in cores, bytes and seconds: Prometheus' text format (0.0.4), or OpenMetrics' (1.0.0). */
export function formatMetrics(source: MetricsSource, { openMetrics = false } = {}): string {
  const metrics = [
    ...engineMetrics(source),
    ...serverMetrics(source.server),
    ...machineMetrics(source.line),
    ...containerMetrics(source),
  ];
  return exposition(metrics, { openMetrics });
}

function engineMetrics({ version, info }: MetricsSource): Metric[] {
  const { runtime, cgroupVersion, root, containers, images } = info;
  const labels = { version, runtime, cgroup: cgroupVersion, root: root.id };
  const states = Object.entries(containers).map(([state, value]) => ({ labels: { state }, value }));
  return [
    { name: 'plimsoll_engine', help: 'The engine', type: 'info', samples: [{ labels, value: 1 }] },
    { name: 'plimsoll_engine_containers', help: 'Containers by state', type: 'gauge', samples: states },
    { name: 'plimsoll_engine_images', help: 'Images', type: 'gauge', samples: [{ value: images }] },
  ];
}

/** By the names that every client library of Prometheus gives them. */
function serverMetrics(server: ServerUsage | undefined): Metric[] {
  if (server === undefined) return [];
  const { residentBytes, cpuSeconds, startSeconds } = server;
  const of = (name: string, type: Metric['type'], help: string, value: number): Metric => ({
    ...{ name: `process_${name}`, help, type, samples: [{ value }] },
  });
  return [
    of('resident_memory_bytes', 'gauge', 'Memory of the daemon', residentBytes),
    of('cpu_seconds_total', 'counter', 'CPU time of the daemon', cpuSeconds),
    of('start_time_seconds', 'gauge', 'When the daemon started, since the epoch', startSeconds),
  ];
}

function machineMetrics({ cpu, memory }: LoadLine): Metric[] {
  const parts: readonly (readonly [part: string, help: string, of: (load: ResourceLoad) => number])[] = [
    ['capacity', 'What the machine has', load => load.capacity],
    ['used', 'What the machine uses', load => load.used],
    ['containers', 'What its containers use', load => load.usedByContainers],
    ['neighbours', 'What containers of other engines on it use', load => load.usedByNeighbours],
    ['reserved_unused', 'What is set apart for containers that do not use it', load => load.reservedUnused],
    ['wasted', 'What nobody uses', load => load.wasted],
  ];
  return parts.flatMap(([part, help, of]): Metric[] => [
    { name: `plimsoll_machine_cpu_${part}_cores`, help, type: 'gauge', samples: [{ value: of(cpu) }] },
    { name: `plimsoll_machine_memory_${part}_bytes`, help, type: 'gauge', samples: [{ value: of(memory) }] },
  ]);
}

type Reading = (usage: ContainerUsage, row: AdvisedContainer) => number | undefined;

const readings: readonly (readonly [name: string, type: Metric['type'], help: string, of: Reading])[] = [
  ['cpu_used_cores', 'gauge', 'Cores in use', usage => usage.cpuCores],
  ['cpu_seconds_total', 'counter', 'CPU time used', ({ sample }) => sample.cpu.usageSeconds],
  ['cpu_periods_total', 'counter', 'Scheduling periods under a limit', ({ sample }) => sample.cpu.periods],
  [
    ...(['cpu_throttled_periods_total', 'counter', 'Those in which it had to wait'] as const),
    ({ sample }) => sample.cpu.throttledPeriods,
  ],
  ['cpu_limit_cores', 'gauge', 'Most cores it may use', (_, { limits }) => coreLimit(limits)],
  ['cpu_needed_cores', 'gauge', 'Cores that it needs by its history', (_, { advice }) => advice.cpu?.needed],
  [
    ...(['memory_working_set_bytes', 'gauge', 'Memory without inactive file cache'] as const),
    ({ memory }) => memory.workingSetBytes,
  ],
  [
    'memory_peak_bytes',
    'gauge',
    'Highest use that the kernel has recorded',
    ({ memory }) => memory.peakBytes,
  ],
  ['memory_limit_bytes', 'gauge', 'Most memory it may use', ({ memory }) => memory.limitBytes],
  [
    'memory_needed_bytes',
    'gauge',
    'Memory that it needs by its history',
    (_, { advice }) => advice.memory?.needed,
  ],
  ['oom_kills_total', 'counter', 'Processes killed for lack of memory', ({ memory }) => memory.oomKills],
];

function containerMetrics({ frame, advised }: MetricsSource): Metric[] {
  const running = advised.flatMap(row => {
    const usage = frame.containers.get(row.id) ?? frame.neighbours?.get(row.id);
    return usage === undefined ? [] : [{ row, usage }];
  });
  return readings.map(([name, type, help, of]): Metric => {
    const samples = running.flatMap(({ row, usage }) => {
      const value = of(usage, row);
      return value === undefined ? [] : [{ labels: { name: row.name, id: shortId(row.id) }, value }];
    });
    return { name: `plimsoll_container_${name}`, help, type, samples };
  });
}

/** Without the engine's name before it. */
function shortId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, 12);
}
