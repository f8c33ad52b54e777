import { type Grade, gradeOf } from '../grade.ts';
import { monthlyCost, type Prices } from '../price.ts';
import type { MachineReport, ResourceReport } from './machine-report.ts';

/** What is known of one machine of the fleet. */
export interface FleetMachine {
  readonly name: string;
  /** The last that it said. */
  readonly report?: MachineReport;
  /** When that was, by the clock of who watches: milliseconds since the epoch. */
  readonly seen?: number;
  /** Why it does not answer now. */
  readonly problem?: string;
  /** What it costs a month, where that is known better than by its size. */
  readonly monthlyPrice?: number;
  /** It is not to be emptied. */
  readonly keep?: true;
}

/** `waiting`: has not answered yet; `silent`: has, but does not any more, or never could. */
export type MachineStatus = 'answers' | 'silent' | 'waiting';

/** One machine as a line of the fleet's table. */
export interface FleetRow {
  readonly name: string;
  readonly status: MachineStatus;
  /** Milliseconds since it answered; absent if it never has. */
  readonly ageMs?: number;
  readonly problem?: string;
  readonly hostname?: string;
  readonly machine?: string;
  readonly running?: number;
  /** In cores. */
  readonly cpu?: FleetResource;
  /** In bytes. */
  readonly memory?: FleetResource;
  readonly grade?: Grade;
  /** In prices' currency a month: the machine, and what of it is wasted. */
  readonly monthlyCost?: number;
  readonly monthlyWaste?: number;
}

/** A resource of a machine, or of all that have told theirs. */
export interface FleetResource {
  readonly capacity: number;
  readonly used: number;
  /** Over days; absent where it was not recorded. */
  readonly usedP95?: number;
  readonly reserved: number;
  /** capacity - used. */
  readonly wasted: number;
}

/** The fleet as a table. */
export interface FleetTable {
  /** The largest waste first, those without figures last. */
  readonly rows: readonly FleetRow[];
  readonly total: FleetTotal;
}

/** All machines that have told their figures, together; the last figures of those that are silent now count. */
export interface FleetTotal {
  readonly machines: number;
  readonly answering: number;
  readonly cpu: FleetResource;
  readonly memory: FleetResource;
  readonly monthlyCost?: number;
  readonly monthlyWaste?: number;
}

export interface FleetOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** A machine that has said nothing for so long is silent. */
  readonly silentAfterMs: number;
  readonly prices?: Prices;
}

/** What clouds ask for a core is what they ask for so many bytes of memory. */
const bytesPerCore = 7.5 * 1024 ** 3;

/** The machines of a fleet as a table, by what they waste: in money where prices are known, else in cores. */
export function fleetTable(machines: readonly FleetMachine[], options: FleetOptions): FleetTable {
  const rows = machines.map(machine => rowOf(machine, options));
  rows.sort((a, b) => wasteOf(b) - wasteOf(a) || (a.name < b.name ? -1 : 1));
  return { rows, total: totalOf(rows) };
}

function rowOf(machine: FleetMachine, { now, silentAfterMs, prices }: FleetOptions): FleetRow {
  const { name, report, seen, problem } = machine;
  const ageMs = seen === undefined ? undefined : Math.max(0, now - seen);
  const isLate = ageMs !== undefined && ageMs > silentAfterMs;
  const status: MachineStatus =
    problem !== undefined || isLate ? 'silent' : ageMs === undefined ? 'waiting' : 'answers';
  const row = {
    ...{ name, status },
    ...(ageMs === undefined ? {} : { ageMs }),
    ...(problem === undefined ? {} : { problem }),
  };
  if (report === undefined) return row;
  const [cpu, memory] = [resourceOf(report.cpu), resourceOf(report.memory)];
  const { hostname, machine: kind, running } = report;
  return {
    ...{ ...row, hostname, machine: kind, running, cpu, memory, grade: gradeOf(cpu, memory) },
    ...costsOf(machine, { cpu, memory }, prices),
  };
}

function resourceOf({ capacity, used, reserved, p95 }: ResourceReport): FleetResource {
  const usedP95 = p95 === undefined ? {} : { usedP95: Math.min(p95, capacity) };
  return { capacity, used, ...usedP95, reserved, wasted: Math.max(0, capacity - used) };
}

function costsOf(
  { monthlyPrice }: FleetMachine,
  { cpu, memory }: { readonly cpu: FleetResource; readonly memory: FleetResource },
  prices: Prices | undefined,
): Pick<FleetRow, 'monthlyCost' | 'monthlyWaste'> {
  if (monthlyPrice !== undefined) {
    const share = (cpu.wasted / cpu.capacity + memory.wasted / memory.capacity) / 2;
    return { monthlyCost: monthlyPrice, monthlyWaste: monthlyPrice * share };
  }
  if (prices === undefined) return {};
  return {
    monthlyCost: monthlyCost(prices, { cores: cpu.capacity, bytes: memory.capacity }),
    monthlyWaste: monthlyCost(prices, { cores: cpu.wasted, bytes: memory.wasted }),
  };
}

/** What a machine is worth, for telling which one is better gone: its price, else its size in cores. */
export function worthOf({ monthlyCost: price, cpu, memory }: FleetRow): number {
  return price ?? (cpu?.capacity ?? 0) + (memory?.capacity ?? 0) / bytesPerCore;
}

/** Money and cores do not compare: a fleet has prices, or it has not. Without figures: below all others. */
function wasteOf({ monthlyWaste, cpu, memory }: FleetRow): number {
  if (cpu === undefined || memory === undefined) return -1;
  return monthlyWaste ?? cpu.wasted + memory.wasted / bytesPerCore;
}

function totalOf(rows: readonly FleetRow[]): FleetTotal {
  const sum = (of: (row: FleetRow) => number | undefined) =>
    rows.reduce((total, row) => total + (of(row) ?? 0), 0);
  const resource = (of: (row: FleetRow) => FleetResource | undefined): FleetResource => ({
    capacity: sum(row => of(row)?.capacity),
    used: sum(row => of(row)?.used),
    reserved: sum(row => of(row)?.reserved),
    wasted: sum(row => of(row)?.wasted),
  });
  const isPriced = rows.some(({ monthlyCost: cost }) => cost !== undefined);
  return {
    machines: rows.length,
    answering: rows.filter(({ status }) => status === 'answers').length,
    cpu: resource(({ cpu }) => cpu),
    memory: resource(({ memory }) => memory),
    ...(isPriced
      ? { monthlyCost: sum(row => row.monthlyCost), monthlyWaste: sum(row => row.monthlyWaste) }
      : {}),
  };
}
