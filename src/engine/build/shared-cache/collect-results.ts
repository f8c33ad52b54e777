import { type CacheHit, keyOf, type StepInputs } from '../cache/index.ts';
import type { BuildPlan, Vertex } from '../plan/index.ts';
import { type SharedRecord, stepName, withoutValues } from './document.ts';

/** Takes note of what the steps of one build came to. */
export interface CacheCollector {
  add(vertex: Vertex, inputs: StepInputs, result: CacheHit): void;
  /** Records of all steps (`max`), or of those whose layers are in the image (`min`), in the order of the plan. */
  records(mode: 'min' | 'max'): SharedRecord[];
}

export function collectResults(plan: BuildPlan): CacheCollector {
  const found = new Map<number, SharedRecord>();
  const inImage = resultSteps(plan);
  return {
    add: ({ id, identity }, inputs, { diffId, sizeBytes, created }) => {
      found.set(id, {
        ...{ key: keyOf(inputs), step: stepName(identity), sizeBytes, created },
        ...(diffId === undefined ? {} : { layer: diffId }),
        inputs: withoutValues(inputs),
      });
    },
    records: mode =>
      [...found]
        .filter(([id]) => mode === 'max' || inImage.has(id))
        .sort(([a], [b]) => a - b)
        .map(([, record]) => record),
  };
}

/** The steps from the result down to its base, and those whose layers are put on top of it. */
function resultSteps({ steps, result }: BuildPlan): ReadonlySet<number> {
  const chain = new Set<number>();
  for (
    let at = steps[result];
    at !== undefined;
    at = at.parent === undefined ? undefined : steps[at.parent]
  ) {
    chain.add(at.id);
    if (at.operation.kind === 'merge') chain.add(at.operation.layer);
  }
  return chain;
}
