import type { ContainerLimits, UsageHistory } from '../engine/index.ts';
import { formatBytes } from '../lib/format-bytes.ts';
import { formatCores } from '../lib/format-cores.ts';
import { formatDuration } from '../lib/format-duration.ts';
import { formatPercent } from '../lib/format-percent.ts';
import { type AdviceRule, defaultRule } from './advice-rule.ts';
import { coreLimit } from './core-limit.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';

/** What the figures say of a container; the first that holds, in this order. */
export type Verdict = 'not enough data' | 'too small' | 'idle' | 'too large' | 'unlimited' | 'fits';

/** One resource of one container: cores or bytes. */
export interface ResourceAdvice extends Percentiles {
  readonly limit?: number;
  readonly needed: number;
  /** What a limit as needed would give back of the limit as it is; 0 without a limit. */
  readonly frees: number;
  /** The container came up against its limit. */
  readonly isShort: boolean;
  /** How `needed` came about: a sentence for each step that raised it. */
  readonly why: readonly string[];
}

export interface Advice {
  readonly verdict: Verdict;
  /** Seconds from the first to the last measurement, how many seconds of them were measured, and by how many points. */
  readonly spanSeconds: number;
  readonly measuredSeconds: number;
  readonly points: number;
  /** Absent without enough data. */
  readonly cpu?: ResourceAdvice;
  readonly memory?: ResourceAdvice;
  /** Share of the measured time (0..1) in which it used more cores than are advised. */
  readonly throttledShare?: number;
  /** It has no limit and has taken more than half of the machine's cores. */
  readonly isNoisy: boolean;
}

export interface AdviceInput {
  /** Undefined if nothing was recorded. */
  readonly usage: UsageHistory | undefined;
  readonly limits: ContainerLimits;
  readonly machine: { readonly cores: number; readonly memoryBytes: number };
  /** The kernel's record of this moment, which may be higher than what was written down last. */
  readonly peakBytes?: number;
  /** What was counted since the CPU limit is what it is. Default: all of `usage`. */
  readonly waits?: Pick<UsageHistory, 'periods' | 'throttledPeriods'>;
}

/** Seconds of quiet after which a container is called idle, and what counts as quiet: cores at P95, bytes a second. */
const idleSeconds = 7 * 86_400;
const idleCores = 0.01;
const idleBytesPerSecond = 1000;
/** Waiting in more than this share of its periods, a container's use tells its limit rather than its need. */
const throttledTooMuch = 0.05;
/** A limit is worth changing from this share on. */
const worthwhile = 0.1;
const MiB = 1024 ** 2;

/**
 * What a container needs, from what it has used.
 *
 * - Cores: a percentile of the use with headroom; more where it has to wait under its limit. Never more than there are.
 * - Memory: the highest use with headroom; never less than the highest use that the kernel has recorded, file
 *   cache included; more than that where it ran out. A limit that was raised since is not raised once more for it.
 * - A short history adds a margin, and one that is too short gives no advice.
 */
export function advise(input: AdviceInput, rule: AdviceRule = defaultRule): Advice {
  const { usage, machine } = input;
  const grounds = groundsOf(usage);
  if (usage === undefined || grounds.points < rule.leastPoints || grounds.measuredSeconds < rule.leastSeconds)
    return { ...grounds, verdict: 'not enough data', isNoisy: false };
  const margin = 1 + rule.ageMargin / (grounds.measuredSeconds / 86_400);
  const cpu = reassured(cpuAdvice(usage, input, margin, rule), formatCores);
  const memory = reassured(memoryAdvice(usage, input, margin, rule), formatBytes);
  const isNoisy = cpu.limit === undefined && cpu.p99 > machine.cores / 2;
  const throttledShare = usage.cpu.shareAbove(cpu.needed);
  const verdict = verdictOf(usage, grounds.measuredSeconds, cpu, memory);
  return { ...grounds, verdict, cpu, memory, throttledShare, isNoisy };
}

/** Says why a need above the limit is no lack: the headroom would be new, nothing was missed without it. */
function reassured(advice: ResourceAdvice, inWords: (value: number) => string): ResourceAdvice {
  const { limit, needed, isShort, why } = advice;
  if (isShort || limit === undefined || needed <= limit) return advice;
  return { ...advice, why: [...why, `the limit of ${inWords(limit)} is less, but was enough so far`] };
}

function groundsOf(usage: UsageHistory | undefined) {
  if (usage === undefined) return { spanSeconds: 0, measuredSeconds: 0, points: 0 };
  const { first, last, points, cpu } = usage;
  return { spanSeconds: (last - first) / 1000, measuredSeconds: cpu.count, points };
}

function cpuAdvice(
  usage: UsageHistory,
  { limits, machine, waits = usage }: AdviceInput,
  margin: number,
  rule: AdviceRule,
): ResourceAdvice {
  const { cpu } = usage;
  const limit = coreLimit(limits);
  const waited = waits.periods === 0 ? 0 : waits.throttledPeriods / waits.periods;
  const isShort = limit !== undefined && waited > throttledTooMuch;
  const seen = cpu.quantile(rule.cpuPercentile);
  const steps: Step[] = [
    {
      value: seen * rule.cpuHeadroom * margin,
      why: `${percentileName(rule.cpuPercentile)} of ${formatCores(seen)} cores${marginWords(rule.cpuHeadroom, margin, cpu.count)}`,
    },
    { value: rule.floorCores, why: `nothing below ${formatCores(rule.floorCores)} cores is advised` },
  ];
  if (isShort)
    steps.push({
      value: limit * rule.shortageFactor,
      why: `had to wait in ${formatPercent(waited * 100)} of its time under a limit of ${formatCores(limit)} cores: that and ${added(rule.shortageFactor)}`,
    });
  const most = { value: machine.cores, why: `the machine has ${formatCores(machine.cores)} cores` };
  return { ...percentilesOf(cpu), ...raised(steps, { unit: 0.01, limit, most }), isShort };
}

function memoryAdvice(
  { memory, oomKills, ...usage }: UsageHistory,
  { limits, machine, peakBytes = 0 }: AdviceInput,
  margin: number,
  rule: AdviceRule,
): ResourceAdvice {
  const limit = memoryLimit(limits);
  const peak = Math.max(usage.peakBytes, peakBytes);
  const steps: Step[] = [
    {
      value: memory.max * rule.memoryHeadroom * margin,
      why: `highest use ${formatBytes(memory.max)}${marginWords(rule.memoryHeadroom, margin, memory.count)}`,
    },
    { value: peak, why: `the kernel has recorded ${formatBytes(peak)}, with file cache` },
    { value: rule.floorBytes, why: `nothing below ${formatBytes(rule.floorBytes)} is advised` },
  ];
  // Its highest use is what it had when it ran out; the limit may have been raised since.
  const had = peak > 0 ? peak : Math.max(limit ?? 0, memory.max);
  if (oomKills > 0)
    steps.push({
      value: had * rule.shortageFactor,
      why: `ran out of memory (${oomKills} kills) with ${formatBytes(had)}: that and ${added(rule.shortageFactor)}`,
    });
  const most = {
    value: machine.memoryBytes,
    why: `the machine has ${formatBytes(machine.memoryBytes)}`,
  };
  const need = raised(steps, { unit: MiB, limit, most });
  const isShort = oomKills > 0 && limit !== undefined && need.needed > limit + MiB;
  return { ...percentilesOf(memory), ...need, isShort };
}

function memoryLimit({ memoryBytes }: ContainerLimits): number | undefined {
  return memoryBytes !== undefined && memoryBytes > 0 ? memoryBytes : undefined;
}

/** A value that the need is not below, and why. */
interface Step {
  readonly value: number;
  readonly why: string;
}

interface Bounds {
  readonly unit: number;
  readonly limit: number | undefined;
  readonly most: Step;
}

/** The need: the highest step, rounded up to whole units, or all there is; and the steps that raised it. */
function raised(steps: readonly Step[], { unit, limit, most }: Bounds) {
  let highest = 0;
  const why: string[] = [];
  for (const step of steps) {
    if (step.value <= highest) continue;
    highest = step.value;
    why.push(step.why);
  }
  if (highest > most.value) {
    highest = most.value;
    why.push(`${most.why}: no more can be given`);
  }
  const needed = Number((Math.ceil(highest / unit - 1e-9) * unit).toFixed(2));
  return {
    needed,
    frees: Math.max(0, (limit ?? 0) - needed),
    why,
    ...(limit === undefined ? {} : { limit }),
  };
}

function percentileName(share: number): string {
  return share >= 1 ? 'the highest' : `P${Number((share * 100).toFixed(1))}`;
}

function marginWords(headroom: number, margin: number, seconds: number): string {
  const room = headroom > 1 ? ` + ${added(headroom)} headroom` : '';
  return margin < 1.005
    ? room
    : `${room} + ${added(margin)} for ${formatDuration(seconds * 1000)} of history`;
}

function added(factor: number): string {
  return formatPercent((factor - 1) * 100);
}

function verdictOf(
  usage: UsageHistory,
  seconds: number,
  cpu: ResourceAdvice,
  memory: ResourceAdvice,
): Verdict {
  if (cpu.isShort || memory.isShort) return 'too small';
  const isQuiet = cpu.p95 < idleCores && usage.networkBytes / seconds < idleBytesPerSecond;
  if (isQuiet && seconds >= idleSeconds) return 'idle';
  const resources = [cpu, memory];
  if (resources.some(({ limit, frees }) => limit !== undefined && frees > limit * worthwhile))
    return 'too large';
  return resources.some(({ limit }) => limit === undefined) ? 'unlimited' : 'fits';
}
