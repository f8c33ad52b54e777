import type {
  ContainerLimits,
  ContainerSummary,
  Neighbour,
  StatsFrame,
  UsageHistory,
} from '../engine/index.ts';
import { type AdviceRule, defaultRule } from './advice-rule.ts';
import { type Advice, advise } from './advise.ts';

/** A container and what is advised for it. */
export interface AdvisedContainer {
  readonly id: string;
  readonly name: string;
  /** The engine that it is of, if it is not ours: only that one changes it. */
  readonly elsewhere?: Pick<Neighbour, 'engine' | 'address'>;
  readonly limits: ContainerLimits;
  readonly advice: Advice;
  /** The larger of the two shares of the machine (0..1) that limits as advised would give back. */
  readonly freesShare: number;
}

/** What advice for many containers is made of; the maps are by container id. */
export interface AdviceFacts {
  readonly containers: readonly Pick<ContainerSummary, 'id' | 'name' | 'limits'>[];
  readonly usage: ReadonlyMap<string, UsageHistory>;
  /** What was recorded since the limits of a container were changed, where they were. */
  readonly sinceChange: ReadonlyMap<string, UsageHistory | undefined>;
  readonly frame: StatsFrame;
}

/** Advice for every container: first those that lack something, then by what would be saved. */
export function adviseAll(facts: AdviceFacts, rule: AdviceRule = defaultRule): AdvisedContainer[] {
  const { host } = facts.frame;
  const machine = { cores: host.cores, memoryBytes: host.memoryTotalBytes };
  const rows = facts.containers.map(({ id, name, limits }) => {
    const memory = (facts.frame.containers.get(id) ?? facts.frame.neighbours?.get(id))?.memory;
    const waits = facts.sinceChange.has(id)
      ? { waits: facts.sinceChange.get(id) ?? { periods: 0, throttledPeriods: 0 } }
      : {};
    const peakBytes = memory?.peakBytes ?? memory?.usageBytes ?? 0;
    const advice = advise({ usage: facts.usage.get(id), limits, machine, peakBytes, ...waits }, rule);
    const shares = [
      (advice.cpu?.frees ?? 0) / machine.cores,
      (advice.memory?.frees ?? 0) / Math.max(1, machine.memoryBytes),
    ];
    const neighbour = facts.frame.neighbours?.get(id)?.neighbour;
    const { engine, address } = neighbour ?? {};
    const whose = engine === undefined || address === undefined ? {} : { elsewhere: { engine, address } };
    return { id, name, ...whose, limits, advice, freesShare: Math.max(...shares) };
  });
  return rows.sort((a, b) => urgency(a) - urgency(b) || b.freesShare - a.freesShare);
}

function urgency({ advice: { verdict } }: AdvisedContainer): number {
  if (verdict === 'too small') return 0;
  return verdict === 'not enough data' ? 2 : 1;
}
