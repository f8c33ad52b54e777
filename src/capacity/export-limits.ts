import type { AdvisedContainer } from './advise-all.ts';
import { nameThere } from './measured-containers.ts';

/** Limits to write down: cores, and bytes in whole MiB. What is missing is not limited. */
export interface ExportedLimits {
  readonly name: string;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  /** The same for all that is scheduled: without it the CPU limit is only asked for, where that can be told apart. */
  readonly enforcesCpus?: boolean;
  readonly memoryReservationBytes?: number;
  /** Memory and swap together; -1: unlimited swap. Default: as much swap as memory, as docker has it. */
  readonly memorySwapBytes?: number;
  readonly cpuShares?: number;
  readonly cpusetCpus?: string;
  readonly pids?: number;
  readonly blockWeight?: number;
}

/** Limits as advised, by the names that containers have in their own engine; of those that there is advice for. */
export function advisedLimits(rows: readonly AdvisedContainer[]): ExportedLimits[] {
  return rows.flatMap(row => {
    const { cpu, memory } = row.advice;
    if (cpu === undefined || memory === undefined) return [];
    return [{ name: nameThere(row), cpus: cpu.needed, memoryBytes: memory.needed }];
  });
}

/** The forms in which limits can be taken elsewhere. */
export const limitForms = ['plimsoll', 'docker', 'compose', 'kubernetes'] as const;
export type LimitForm = (typeof limitForms)[number];

/** Limits as command lines, as one Compose file to merge in, or as pieces of Kubernetes manifests. */
export function exportLimits(list: readonly ExportedLimits[], form: LimitForm): string {
  if (list.length === 0) return '';
  const written = list.map(limits => write[form](limits)).join('');
  return form === 'compose' ? `services:\n${written}` : written;
}

const write: Readonly<Record<LimitForm, (limits: ExportedLimits) => string>> = {
  plimsoll: limits => `plimsoll update ${[...flags(limits), limits.name].join(' ')}\n`,
  // Docker refuses a memory limit above that of memory and swap as it is.
  docker: limits => `docker update ${[...flags({ ...swapOf(limits), ...limits }), limits.name].join(' ')}\n`,
  compose: limits => `  ${limits.name}:\n${composeLines(limits)}`,
  kubernetes: limits => `# container ${limits.name}\nresources:\n${kubernetesLines(limits)}`,
};

function swapOf({ memoryBytes }: ExportedLimits): Pick<ExportedLimits, 'memorySwapBytes'> {
  return memoryBytes === undefined ? {} : { memorySwapBytes: mebibytes(memoryBytes) * 2 * 1024 ** 2 };
}

/** docker update and plimsoll update share their options. */
function flags(limits: Partial<ExportedLimits>): string[] {
  const size = (bytes: number | undefined) => {
    if (bytes === undefined) return undefined;
    return bytes < 0 ? '-1' : `${mebibytes(bytes)}m`;
  };
  return given({
    '--cpus': limits.cpus,
    '--memory': size(limits.memoryBytes),
    '--memory-swap': size(limits.memorySwapBytes),
    '--memory-reservation': size(limits.memoryReservationBytes),
    '--cpu-shares': limits.cpuShares,
    '--cpuset-cpus': limits.cpusetCpus,
    '--pids-limit': limits.pids,
    '--blkio-weight': limits.blockWeight,
  }).map(([flag, value]) => `${flag} ${value}`);
}

/** The Compose specification, "deploy" and "services": what `deploy` lacks are keys of the service itself. */
function composeLines(limits: ExportedLimits): string {
  const size = (bytes: number | undefined) => (bytes === undefined ? undefined : `${mebibytes(bytes)}M`);
  const quoted = (value: string | number | undefined) => (value === undefined ? undefined : `"${value}"`);
  const { memorySwapBytes: swap } = limits;
  const own = given({
    cpu_shares: limits.cpuShares,
    cpuset: quoted(limits.cpusetCpus),
    memswap_limit: swap === -1 ? -1 : size(swap),
  });
  const most = given({ cpus: quoted(limits.cpus), memory: size(limits.memoryBytes), pids: limits.pids });
  const least = given({ memory: size(limits.memoryReservationBytes) });
  return lines(4, [
    ...own.map(([key, value]) => `${key}: ${value}`),
    ...(limits.blockWeight === undefined ? [] : ['blkio_config:', `  weight: ${limits.blockWeight}`]),
    ...(most.length + least.length === 0 ? [] : ['deploy:', '  resources:']),
    ...section('limits', most, '    '),
    ...section('reservations', least, '    '),
  ]);
}

/**
 * Requests are what the scheduler sets apart. A CPU limit of advice would only make a container wait for cores that
 * nobody uses, so it is written only where it is one already.
 */
function kubernetesLines(limits: ExportedLimits): string {
  const { cpus, memoryBytes, memoryReservationBytes = memoryBytes } = limits;
  const size = (bytes: number | undefined) => (bytes === undefined ? undefined : `${mebibytes(bytes)}Mi`);
  const cpu = cpus === undefined ? undefined : `${Math.ceil(cpus * 1000)}m`;
  const written = [
    ...section('requests', given({ cpu, memory: size(memoryReservationBytes) })),
    ...section('limits', given({ cpu: limits.enforcesCpus ? cpu : undefined, memory: size(memoryBytes) })),
  ];
  return lines(2, written.length > 0 ? written : ['{}']);
}

function section(name: string, entries: readonly (readonly [string, unknown])[], indent = ''): string[] {
  if (entries.length === 0) return [];
  return [`${indent}${name}:`, ...entries.map(([key, value]) => `${indent}  ${key}: ${value}`)];
}

function lines(indent: number, list: readonly string[]): string {
  return list.map(line => `${' '.repeat(indent)}${line}\n`).join('');
}

function given<T>(entries: Readonly<Record<string, T | undefined>>): [string, T][] {
  return Object.entries(entries).filter((entry): entry is [string, T] => entry[1] !== undefined);
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 ** 2);
}
