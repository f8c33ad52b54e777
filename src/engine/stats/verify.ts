import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CgroupHierarchy } from './cgroup/hierarchy.ts';
import { readOnce } from './kept-files.ts';
import type { ContainerUsage, KernelCheck, StatsFrame } from './types.ts';

/** What is checked, and how it is measured. */
export interface VerifyRequest {
  readonly frame: () => StatsFrame;
  /** Cgroups of the containers, by their ids. */
  readonly cgroupPaths: ReadonlyMap<string, string>;
  readonly cgroups: CgroupHierarchy;
  readonly proc: string;
  readonly intervalMs: number;
  readonly signal?: AbortSignal;
}

/** A figure may differ by this share: of itself; of the machine, where the kernel counts in ticks. */
const tolerance = 0.02;
const leastCores = 0.005;
const leastBytes = 1024 ** 2;

/**
 * Two frames, and around each of them what other files of the kernel say: CPU time of each core in place of the sum,
 * the root's cgroup in place of /proc/stat, the parent's cgroup in place of its children. Counters only grow, so that
 * what a frame has must lie between what was read before and after it.
 */
export async function verify(
  request: VerifyRequest,
): Promise<{ frame: StatsFrame; checks: readonly KernelCheck[] }> {
  const { frame: sample, intervalMs, signal } = request;
  const take = () => ({ before: readKernel(request), frame: sample(), after: readKernel(request) });
  const begin = take();
  await sleep(intervalMs, undefined, signal === undefined ? {} : { signal });
  const end = take();
  const { frame } = end;
  const rate = (of: (reading: Reading) => number | undefined, seconds: number) =>
    seconds > 0 ? bounds(begin, end, of, seconds) : undefined;
  const hostSeconds = (frame.host.time - begin.frame.host.time) / 1000;
  const machine = frame.host.cpuCores;
  const checks: (KernelCheck | undefined)[] = [
    exact('cores', 'cores of the machine', frame.host.cores, end.after.cores),
    exact('bytes', 'memory of the machine', frame.host.memoryTotalBytes, end.after.memoryTotal),
    check(
      'cores',
      'used by the machine',
      machine,
      rate(reading => reading.cpu.get(''), hostSeconds),
      {
        // /proc/stat counts in hundredths of a second, for each core.
        slack: frame.host.cores * (tolerance + 0.02 / Math.max(hostSeconds, 0.02)),
      },
    ),
    check(
      'bytes',
      'used by the machine',
      frame.host.memoryUsedBytes,
      span(end, reading => reading.memoryUsed),
    ),
  ];
  for (const [id, path] of request.cgroupPaths) {
    const [usage, previous] = [usageIn(frame, id), usageIn(begin.frame, id)];
    if (usage === undefined || previous === undefined) continue; // it began or ended meanwhile
    const seconds = (usage.time - previous.time) / 1000;
    const { workingSetBytes } = usage.memory;
    checks.push(
      check(
        'cores',
        id,
        usage.cpuCores,
        rate(reading => reading.cpu.get(path), seconds),
      ),
      check(
        'bytes',
        id,
        workingSetBytes,
        span(end, reading => reading.memory.get(path)),
      ),
    );
  }
  const sums = sumChecks(request, frame, rate, hostSeconds, parent => hasLost(parent, begin, end));
  return { frame, checks: [...checks, ...sums].flatMap(one => one ?? []) };
}

/** What the kernel says at one moment: seconds and bytes, by cgroup; '' is the root's. */
interface Reading {
  readonly cores: number;
  readonly memoryTotal: number;
  readonly memoryUsed: number;
  readonly cpu: ReadonlyMap<string, number>;
  readonly memory: ReadonlyMap<string, number>;
}

interface Moment {
  readonly before: Reading;
  readonly after: Reading;
}

/** The least and the most that it can have been. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

function readKernel({ cgroupPaths, cgroups, proc }: VerifyRequest): Reading {
  const paths = [...cgroupPaths.values()];
  const parents = [...new Set(paths.map(path => dirname(path)))];
  const cpuPaths = ['', ...parents, ...parents.flatMap(parent => childrenOf(cgroups, parent)), ...paths];
  const meminfo = readOnce(join(proc, 'meminfo')) ?? '';
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
  return {
    cores: (readOnce(join(proc, 'stat')) ?? '').split('\n').filter(line => /^cpu\d/.test(line)).length,
    memoryTotal: kilobytes('MemTotal'),
    memoryUsed: kilobytes('MemTotal') - kilobytes('MemAvailable'),
    cpu: readEach(cpuPaths, path => cpuSeconds(cgroups, path)),
    memory: readEach(paths, path => workingSet(cgroups, path)),
  };
}

function readEach(paths: readonly string[], read: (path: string) => number | undefined): Map<string, number> {
  return new Map(
    [...new Set(paths)].flatMap(path => {
      const value = read(path);
      return value === undefined ? [] : [[path, value] as const];
    }),
  );
}

function cpuSeconds(
  { version, v1, v2 = '/sys/fs/cgroup' }: CgroupHierarchy,
  path: string,
): number | undefined {
  if (version === 'v2') {
    const text = readOnce(join(v2, path, 'cpu.stat'));
    const microseconds = (name: string) =>
      Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text ?? '')?.[1] ?? 0);
    return text === undefined ? undefined : (microseconds('user_usec') + microseconds('system_usec')) / 1e6;
  }
  const text =
    v1.cpuacct === undefined ? undefined : readOnce(join(v1.cpuacct, path, 'cpuacct.usage_percpu'));
  return text === undefined
    ? undefined
    : text
        .trim()
        .split(/\s+/)
        .reduce((sum, nanoseconds) => sum + Number(nanoseconds), 0) / 1e9;
}

function workingSet(
  { version, v1, v2 = '/sys/fs/cgroup' }: CgroupHierarchy,
  path: string,
): number | undefined {
  const isV2 = version === 'v2';
  const folder = join(isV2 ? v2 : (v1.memory ?? ''), path);
  const usage = readOnce(join(folder, isV2 ? 'memory.current' : 'memory.usage_in_bytes'));
  const cache = /^(?:total_)?inactive_file (\d+)$/gm;
  const inactive = [...(readOnce(join(folder, 'memory.stat')) ?? '').matchAll(cache)].at(-1)?.[1];
  return usage === undefined ? undefined : Math.max(0, Number(usage) - Number(inactive ?? 0));
}

function childrenOf({ version, v1, v2 = '/sys/fs/cgroup' }: CgroupHierarchy, path: string): string[] {
  const folder = join(version === 'v2' ? v2 : (v1.cpuacct ?? ''), path);
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter(entry => entry.isDirectory()).map(({ name }) => join(path, name));
  } catch {
    return []; // the last container has ended, and taken it along
  }
}

/** True if a cgroup below it has gone meanwhile: what it used since its last reading nobody knows. */
function hasLost(parent: string, begin: Moment, end: Moment): boolean {
  const isLost = (path: string) => dirname(path) === parent && !end.after.cpu.has(path);
  return [begin.before, begin.after, end.before].some(({ cpu }) => [...cpu.keys()].some(isLost));
}

/** Rows together, against the cgroup above them less what else is in it; none where the sum cannot be known. */
function sumChecks(
  { cgroupPaths, cgroups }: VerifyRequest,
  frame: StatsFrame,
  rate: (of: (reading: Reading) => number | undefined, seconds: number) => Bounds | undefined,
  seconds: number,
  isUnknown: (parent: string) => boolean,
): (KernelCheck | undefined)[] {
  const rows = [...cgroupPaths].map(([id, path]) => ({
    path,
    parent: dirname(path),
    usage: usageIn(frame, id),
  }));
  return [...new Set(rows.map(({ parent }) => parent))].map(parent => {
    if (isUnknown(parent)) return undefined;
    const own = rows.filter(row => row.parent === parent && row.usage !== undefined);
    const shown = own.reduce((sum, { usage }) => sum + (usage?.cpuCores ?? 0), 0);
    const others = childrenOf(cgroups, parent).filter(path => !own.some(row => row.path === path));
    const rest = (reading: Reading) => {
      const all = reading.cpu.get(parent);
      if (all === undefined) return undefined;
      return others.reduce((sum, path) => sum - (reading.cpu.get(path) ?? 0), all);
    };
    return check('cores', 'containers together', shown, rate(rest, seconds));
  });
}

/** Of a container of ours, or of another engine's. */
function usageIn({ containers, neighbours }: StatsFrame, id: string): ContainerUsage | undefined {
  return containers.get(id) ?? neighbours?.get(id);
}

/** What a rate can have been, from readings around its two samples. */
function bounds(
  begin: Moment,
  end: Moment,
  of: (reading: Reading) => number | undefined,
  seconds: number,
): Bounds | undefined {
  const values = [begin.before, begin.after, end.before, end.after].map(of);
  const [first, second, third, fourth] = values;
  if (first === undefined || second === undefined || third === undefined || fourth === undefined)
    return undefined;
  return { low: Math.max(0, third - second) / seconds, high: Math.max(0, fourth - first) / seconds };
}

function span({ before, after }: Moment, of: (reading: Reading) => number | undefined): Bounds | undefined {
  const [first, last] = [of(before), of(after)];
  if (first === undefined || last === undefined) return undefined;
  return { low: Math.min(first, last), high: Math.max(first, last) };
}

function exact(unit: KernelCheck['unit'], figure: string, shown: number, kernel: number): KernelCheck {
  const difference = shown - kernel;
  return { figure, unit, shown, kernel, difference, isRight: difference === 0 };
}

/** The difference is what the figure is outside of the bounds. */
function check(
  unit: KernelCheck['unit'],
  figure: string,
  shown: number,
  within: Bounds | undefined,
  { slack = 0 } = {},
): KernelCheck | undefined {
  if (within === undefined) return undefined;
  const kernel = (within.low + within.high) / 2;
  const difference = shown > within.high ? shown - within.high : Math.min(0, shown - within.low);
  const least = unit === 'cores' ? leastCores : leastBytes;
  const allowed = Math.max(least, slack, kernel * tolerance);
  return { figure, unit, shown, kernel, difference, isRight: Math.abs(difference) <= allowed };
}
