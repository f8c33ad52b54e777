import type { BuildProgress, StepCost } from '../types.ts';

/** What the steps of a build cost, in the order of its plan, from its journal. */
export async function stepCosts(journal: AsyncIterable<BuildProgress>): Promise<StepCost[]> {
  const names = new Map<number, string>();
  const started = new Map<number, number>();
  const costs = new Map<number, StepCost>();
  for await (const event of journal) {
    if (event.kind === 'planned') for (const { id, name } of event.steps) names.set(id, name);
    if (event.kind === 'step-started') started.set(event.step, event.time);
    if (event.kind !== 'step-finished') continue;
    const { step, time, outcome, cacheMiss, layerBytes } = event;
    costs.set(step, {
      name: names.get(step) ?? '',
      outcome,
      milliseconds: time - (started.get(step) ?? time),
      ...(cacheMiss === undefined ? {} : { cacheMiss }),
      ...(layerBytes === undefined ? {} : { layerBytes }),
    });
  }
  return [...costs].sort(([a], [b]) => a - b).map(([, cost]) => cost);
}
