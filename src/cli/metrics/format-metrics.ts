import { type AdvisedContainer, coreLimit, type LoadLine, type ResourceLoad } from '../../capacity/index.ts';
import type { ContainerUsage, StatsFrame } from '../../engine/index.ts';

/** What is told of a machine and its containers. */
export interface MetricsSource {
  readonly line: LoadLine;
  readonly frame: StatsFrame;
  readonly advised: readonly AdvisedContainer[];
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** Figures in Prometheus' text format (0.0.4), in cores, bytes and seconds. */
export function formatMetrics(source: MetricsSource): string {
  return [...machineMetrics(source.line), ...containerMetrics(source)].map(textOf).join('');
}

function machineMetrics({ cpu, memory }: LoadLine): Metric[] {
  const parts: readonly (readonly [part: string, help: string, of: (load: ResourceLoad) => number])[] = [
    ['capacity', 'What the machine has', load => load.capacity],
    ['used', 'What the machine uses', load => load.used],
    ['containers', 'What its containers use', load => load.usedByContainers],
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
    const usage = frame.containers.get(row.id);
    return usage === undefined ? [] : [{ row, usage }];
  });
  return readings.map(([name, type, help, of]): Metric => {
    const samples = running.flatMap(({ row, usage }) => {
      const value = of(usage, row);
      return value === undefined ? [] : [{ labels: { name: row.name, id: row.id.slice(0, 12) }, value }];
    });
    return { name: `plimsoll_container_${name}`, help, type, samples };
  });
}

function textOf({ name, help, type, samples }: Metric): string {
  if (samples.length === 0) return '';
  const lines = samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
