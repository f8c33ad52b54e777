import type { ContainerSummary, HostFacts, StatsFrame, UsageHistory } from '../../engine/index.ts';
import type { AdvisedContainer } from '../advise-all.ts';
import type { LoadLine, ResourceLoad } from '../load-line.ts';
import { percentilesOf } from '../percentiles.ts';
import type { ContainerReport, MachineReport, NeedReport, ResourceReport } from './machine-report.ts';

/** Labels by which containers say where they may be. */
const apartLabel = 'plimsoll.apart';
const pinnedLabel = 'plimsoll.pinned';

/** What a report is made of. */
export interface ReportSource {
  readonly facts: Pick<HostFacts, 'hostname' | 'machine'>;
  readonly frame: StatsFrame;
  readonly line: LoadLine;
  /** What was recorded, if it was read for this report. */
  readonly recorded?: RecordedFleetPart;
}

/** What a machine has recorded, for its report. */
export interface RecordedFleetPart {
  readonly machine: UsageHistory | undefined;
  readonly usage: ReadonlyMap<string, UsageHistory>;
  readonly containers: readonly Pick<ContainerSummary, 'id' | 'name' | 'labels'>[];
  readonly advised: readonly AdvisedContainer[];
}

/** What this machine says of itself to who watches the fleet. */
export function reportMachine({ facts, frame, line, recorded }: ReportSource): MachineReport {
  return {
    time: frame.host.time,
    hostname: facts.hostname,
    machine: facts.machine,
    cpu: resourceReport(line.cpu, recorded, 'cpu', 1e-3),
    memory: resourceReport(line.memory, recorded, 'memory', 1),
    running: frame.containers.size + (frame.neighbours?.size ?? 0),
    ...(recorded === undefined
      ? {}
      : { containers: containerReports(frame, recorded), ...observed(recorded) }),
  };
}

/** Of what is measured by the second each point of the machine's is a second. */
function observed({ machine }: RecordedFleetPart): Pick<MachineReport, 'observedSeconds'> {
  return { observedSeconds: machine?.cpu.count ?? 0 };
}

function resourceReport(
  load: ResourceLoad,
  recorded: RecordedFleetPart | undefined,
  of: 'cpu' | 'memory',
  unit: number,
): ResourceReport {
  const reserved = load.containers.reduce((sum, container) => sum + (container.reserved ?? 0), 0);
  const now = {
    capacity: rounded(load.capacity, unit),
    used: rounded(load.used, unit),
    usedByContainers: rounded(load.usedByContainers + load.usedByNeighbours, unit),
    reserved: rounded(reserved, unit),
  };
  const machine = recorded?.machine?.[of];
  if (recorded === undefined || machine === undefined) return now;
  const { p95, max } = percentilesOf(machine);
  const means = [...recorded.usage.values()].reduce((sum, usage) => sum + usage[of].mean, 0);
  return {
    ...now,
    p95: rounded(p95, unit),
    peak: rounded(max, unit),
    restP95: rounded(Math.max(0, p95 - means), unit),
    restPeak: rounded(Math.max(0, max - means), unit),
  };
}

function containerReports(
  frame: StatsFrame,
  { containers, usage, advised }: RecordedFleetPart,
): ContainerReport[] {
  const advice = new Map(advised.map(row => [row.id, row.advice]));
  return containers.flatMap(({ id, name, labels }) => {
    const now = frame.containers.get(id) ?? frame.neighbours?.get(id);
    if (now === undefined) return [];
    const need = (of: 'cpu' | 'memory', current: number, unit: number): NeedReport => {
      const histogram = usage.get(id)?.[of];
      const [p95, peak] = histogram ? [histogram.quantile(0.95), histogram.max] : [current, current];
      const needed = advice.get(id)?.[of]?.needed;
      return {
        p95: rounded(p95, unit),
        peak: rounded(peak, unit),
        ...(needed === undefined ? {} : { needed: rounded(needed, unit) }),
      };
    };
    const apart = labels[apartLabel] ?? replicaGroup(labels);
    return {
      name,
      cpu: need('cpu', now.cpuCores, 1e-3),
      memory: need('memory', now.memory.workingSetBytes, 1),
      ...(apart === undefined || apart === '' ? {} : { apart }),
      ...(labels[pinnedLabel] === undefined || labels[pinnedLabel] === 'false'
        ? {}
        : { pinned: true as const }),
    };
  });
}

/** Replicas of a Compose service are there so that one may be lost: a machine is to have one of them. */
function replicaGroup(labels: Readonly<Record<string, string>>): string | undefined {
  const [project, service] = [labels['com.docker.compose.project'], labels['com.docker.compose.service']];
  return project === undefined || service === undefined ? undefined : `${project}/${service}`;
}

/** Upwards, so that nothing is reported as less than it is. */
function rounded(value: number, unit: number): number {
  return unit === 1 ? Math.ceil(value) : Number((Math.ceil(value / unit - 1e-6) * unit).toFixed(3));
}
