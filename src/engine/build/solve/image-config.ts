import type { ImageConfig, ImageHistory } from '../../../oci/index.ts';
import type { BuildPlan, Vertex } from '../plan/index.ts';
import type { StepState } from './step-state.ts';

/**
 * The config of the image that a solved plan makes. Times are those of the layers, wherever they came from, so that a
 * build which finds everything in the cache makes the very same image again; a step without a layer has the time of
 * the layer below it. `sourceDate` (seconds) is what all times are that would be later, and that of the image.
 */
export function imageConfigOf(
  plan: BuildPlan,
  states: ReadonlyMap<number, StepState>,
  sourceDate?: number,
): ImageConfig {
  const chain = chainOf(plan);
  const base = chain.find(vertex => vertex.operation.kind === 'base')?.operation;
  const image = base?.kind === 'base' ? base.image?.config : undefined;
  const fixed = sourceDate === undefined ? undefined : new Date(sourceDate * 1000).toISOString();
  const history = (image?.history ?? []).map(entry => notAfter(fixed, entry));
  const [first] = chain.flatMap(vertex => states.get(vertex.id)?.added ?? []);
  const begun = first === undefined ? image?.created : new Date(first.created).toISOString();
  let time = fixed ?? begun ?? new Date(0).toISOString();
  for (const vertex of chain) {
    if (vertex.createdBy === undefined) continue;
    const layer = states.get(vertex.id)?.added;
    if (layer !== undefined && fixed === undefined) time = new Date(layer.created).toISOString();
    history.push({
      created: time,
      created_by: vertex.createdBy,
      comment: 'plimsoll',
      ...(layer === undefined ? { empty_layer: true } : {}),
    });
  }
  const { author, platform } = plan;
  return {
    created: time,
    ...(author === undefined ? {} : { author }),
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    config: plan.config,
    rootfs: { type: 'layers', diff_ids: states.get(plan.result)?.layers ?? [] },
    history,
  };
}

/** How many layers a plan's result has from the image that it begins with. */
export function baseLayersOf(plan: BuildPlan): number {
  const base = chainOf(plan).find(vertex => vertex.operation.kind === 'base')?.operation;
  return base?.kind === 'base' ? (base.image?.layers.length ?? 0) : 0;
}

/** A base that was made later than the build seems to be would give its time away. */
function notAfter(fixed: string | undefined, entry: ImageHistory): ImageHistory {
  if (fixed === undefined || entry.created === undefined) return entry;
  return Date.parse(entry.created) > Date.parse(fixed) ? { ...entry, created: fixed } : entry;
}

/** The steps that the image's filesystem came through, first one first. */
function chainOf(plan: BuildPlan): Vertex[] {
  const chain: Vertex[] = [];
  for (let at: number | undefined = plan.result; at !== undefined; ) {
    const vertex: Vertex | undefined = plan.steps[at];
    if (vertex === undefined) break;
    chain.unshift(vertex);
    at = vertex.parent;
  }
  return chain;
}
