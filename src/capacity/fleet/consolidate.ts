import { atOnce } from '../../lib/in-slices.ts';
import type { Prices } from '../price.ts';
import { type Bin, emptyingBins, type Item, type Packing } from './empty-bins.ts';
import { type FleetMachine, type FleetRow, fleetTable, worthOf } from './fleet-rows.ts';
import { lowerBound } from './lower-bound.ts';
import type { ContainerReport, MachineReport } from './machine-report.ts';

/** How full machines may become. */
export interface ConsolidationRule {
  /** The share of a machine (0..1) that stays free at P95. */
  readonly headroom: number;
  /** Room for the CPU peaks of all containers at once, too; of memory there always is. */
  readonly cpuPeaks: boolean;
}

export interface ConsolidationOptions extends ConsolidationRule {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly silentAfterMs: number;
  readonly prices?: Prices;
}

/** A container goes from one machine to another. */
export interface ContainerMove {
  readonly container: string;
  readonly from: string;
  readonly to: string;
  readonly cpu: ContainerReport['cpu'];
  readonly memory: ContainerReport['memory'];
}

/** What one machine would have to bear, as shares of it (0..1). */
export interface MachineAfter {
  readonly name: string;
  readonly cpuP95: number;
  readonly cpuPeak: number;
  readonly memoryP95: number;
  readonly memoryPeak: number;
}

/** Which machines could go, and what has to be moved for that. */
export interface Consolidation {
  readonly emptied: readonly FleetRow[];
  readonly moves: readonly ContainerMove[];
  /** Those that take something. */
  readonly after: readonly MachineAfter[];
  readonly freedCores: number;
  readonly freedBytes: number;
  readonly monthlySaving?: number;
  /** How many take part. */
  readonly machines: number;
  /** What is emptied, as a share (0..1) of what these are worth, and more than which no plan could free. */
  readonly freedShare: number;
  readonly mostFreedShare: number;
  /** The shortest time that what is known of one of them stands on; absent where no source tells. */
  readonly observedSeconds?: number;
  /** Those that are not to be emptied, and why. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
}

/** What the system of a machine may use of it; who uses more does something of use, which would be lost. */
const systemShare = 0.15;
const systemBytes = 2 * 1024 ** 3;

/** What is left free on a machine at P95: use of the rest is well above what clouds call under-used. */
export const defaultConsolidation: ConsolidationRule = { headroom: 0.2, cpuPeaks: false };

/**
 * Which machines could be emptied onto which others. A machine takes what leaves its headroom at P95 (cores and memory),
 * and whose memory fits if all containers have their peak at the same time, beside what else runs on it; replicas and
 * containers with one `plimsoll.apart` stay apart. What is emptied is chosen by its price, else by its size.
 */
export function consolidate(fleet: readonly FleetMachine[], options: ConsolidationOptions): Consolidation {
  return atOnce(consolidating(fleet, options));
}

/** The same as work that may be left and taken up again: 1,000 machines take seconds. Yields the share that is done. */
export function* consolidating(
  fleet: readonly FleetMachine[],
  { headroom, cpuPeaks, ...options }: ConsolidationOptions,
): Generator<number, Consolidation> {
  const table = fleetTable(fleet, options);
  const rows = new Map(table.rows.map(row => [row.name, row]));
  const taking = fleet.flatMap(machine => {
    const row = rows.get(machine.name);
    return row === undefined || whyLeftOut(machine, row) !== undefined ? [] : [{ machine, row }];
  });
  const leftOut = fleet.flatMap(machine => {
    const row = rows.get(machine.name);
    const why = row === undefined ? undefined : (whyLeftOut(machine, row) ?? whyKept(machine));
    return why === undefined ? [] : [{ name: machine.name, why }];
  });
  const packing = packingOf(taking, { headroom, cpuPeaks });
  const { emptied, placed, value } = yield* emptyingBins(packing);
  const worth = packing.bins.reduce((sum, bin) => sum + bin.value, 0);
  const containers = taking.flatMap(({ machine }) => machine.report?.containers ?? []);
  const nameOf = (bin: number | undefined) => taking[bin ?? -1]?.machine.name ?? '';
  const moves = containers.flatMap(({ name, cpu, memory }, i): ContainerMove[] => {
    const [from, to] = [packing.items[i]?.bin, placed[i]];
    return from === to ? [] : [{ container: name, from: nameOf(from), to: nameOf(to), cpu, memory }];
  });
  const gone = [...emptied].flatMap(bin => taking[bin]?.row ?? []);
  const sum = (of: (row: FleetRow) => number | undefined) =>
    gone.reduce((total, row) => total + (of(row) ?? 0), 0);
  return {
    emptied: gone,
    moves: moves.sort((a, b) => compare(a.from, b.from) || compare(a.container, b.container)),
    after: afterOf(taking, containers, placed, new Set(moves.map(({ to }) => to))),
    freedCores: sum(({ cpu }) => cpu?.capacity),
    freedBytes: sum(({ memory }) => memory?.capacity),
    ...(table.total.monthlyCost === undefined ? {} : { monthlySaving: sum(row => row.monthlyCost) }),
    machines: taking.length,
    freedShare: value / Math.max(worth, 1e-9),
    mostFreedShare: 1 - lowerBound(packing) / Math.max(worth, 1e-9),
    ...observedAtLeast(taking),
    leftOut,
  };
}

function observedAtLeast(taking: readonly Taking[]): Pick<Consolidation, 'observedSeconds'> {
  const known = taking.flatMap(({ machine }) => machine.report?.observedSeconds ?? []);
  return known.length === 0 ? {} : { observedSeconds: Math.min(...known) };
}

function whyLeftOut({ report }: FleetMachine, { status }: FleetRow): string | undefined {
  if (status !== 'answers') return 'it does not answer';
  if (report?.containers === undefined) return 'what its containers need is not known';
  return undefined;
}

/** Why a machine that may take containers is not to be emptied. */
function whyKept({ keep, report }: FleetMachine): string | undefined {
  if (report === undefined) return undefined;
  if (keep === true) return 'it is to be kept';
  if (report.containers?.some(({ pinned }) => pinned === true)) return 'it has a pinned container';
  const { cpuP95, memoryP95 } = restOf(report);
  const { cpu, memory } = report;
  const isMore =
    cpuP95 > cpu.capacity * systemShare || memoryP95 > Math.max(systemBytes, memory.capacity * systemShare);
  return isMore ? 'more than containers runs on it' : undefined;
}

interface Taking {
  readonly machine: FleetMachine;
  readonly row: FleetRow;
}

/** Dimensions: cores and bytes at P95, bytes at peak, and cores at peak if they are to fit. */
function packingOf(taking: readonly Taking[], { headroom, cpuPeaks }: ConsolidationRule): Packing {
  const bins = taking.map(({ machine, row }): Bin => {
    const { cpu, memory } = machine.report as MachineReport;
    const rest = restOf(machine.report as MachineReport);
    return {
      room: [
        cpu.capacity * (1 - headroom) - rest.cpuP95,
        memory.capacity * (1 - headroom) - rest.memoryP95,
        memory.capacity - rest.memoryPeak,
        ...(cpuPeaks ? [cpu.capacity - rest.cpuPeak] : []),
      ],
      value: worthOf(row),
      mayEmpty: whyKept(machine) === undefined,
    };
  });
  const items = taking.flatMap(({ machine }, bin) =>
    (machine.report?.containers ?? []).map(
      ({ cpu, memory, apart }): Item => ({
        bin,
        needs: [cpu.p95, memory.p95, memory.peak, ...(cpuPeaks ? [cpu.peak] : [])],
        ...(apart === undefined ? {} : { group: apart }),
      }),
    ),
  );
  return { bins, items };
}

/** What runs on a machine beside its containers; as it is now where nothing was recorded. */
function restOf({ cpu, memory }: MachineReport) {
  const now = (resource: MachineReport['cpu']) => Math.max(0, resource.used - resource.usedByContainers);
  return {
    cpuP95: cpu.restP95 ?? now(cpu),
    cpuPeak: cpu.restPeak ?? cpu.restP95 ?? now(cpu),
    memoryP95: memory.restP95 ?? now(memory),
    memoryPeak: memory.restPeak ?? memory.restP95 ?? now(memory),
  };
}

function afterOf(
  taking: readonly Taking[],
  containers: readonly ContainerReport[],
  placed: readonly number[],
  targets: ReadonlySet<string>,
): MachineAfter[] {
  const sums = taking.map(({ machine }) => restOf(machine.report as MachineReport));
  for (const [i, { cpu, memory }] of containers.entries()) {
    const sum = sums[placed[i] ?? -1];
    if (sum === undefined) continue;
    sum.cpuP95 += cpu.p95;
    sum.cpuPeak += cpu.peak;
    sum.memoryP95 += memory.p95;
    sum.memoryPeak += memory.peak;
  }
  return taking.flatMap(({ machine, row }, bin) => {
    const sum = sums[bin];
    const [cores, bytes] = [row.cpu?.capacity ?? 1, row.memory?.capacity ?? 1];
    if (sum === undefined || !targets.has(machine.name)) return [];
    const { cpuP95, cpuPeak, memoryP95, memoryPeak } = sum;
    return [
      {
        name: machine.name,
        ...{ cpuP95: cpuP95 / cores, cpuPeak: cpuPeak / cores },
        ...{ memoryP95: memoryP95 / bytes, memoryPeak: memoryPeak / bytes },
      },
    ];
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
