import { isPlimsollError, messageOf } from '../../errors.ts';
import { didYouMean } from '../../lib/near-misses.ts';
import { runTogether } from '../../lib/run-together.ts';
import { DockerfileError } from './dockerfile/index.ts';
import {
  type BaseImage,
  type BuildPlan,
  baseKey,
  type NeededImage,
  type PlanRequest,
  planBuild,
} from './plan/index.ts';

/** Finds an image that a plan needs. */
export type ResolveImage = (needed: NeededImage, signal: AbortSignal) => Promise<BaseImage>;

/**
 * Plans a build, looking up each image that the planning asks for, those that are known at one time side by side. An
 * image that is nowhere is an error of the line which names it.
 */
export async function planWithImages(
  request: Omit<PlanRequest, 'bases'>,
  resolve: ResolveImage,
  signal?: AbortSignal,
): Promise<BuildPlan> {
  const { target } = request.platforms;
  const bases = new Map<string, BaseImage>();
  for (;;) {
    const result = planBuild({ ...request, bases });
    if (result.kind === 'planned') return result.plan;
    const needed = new Map(result.images.map(one => [baseKey(one.name, one.platform, target), one]));
    const actions = [...needed].map(([key, one]) => async (stop: AbortSignal) => {
      bases.set(key, await resolveAt(request, one, () => resolve(one, stop)));
    });
    await runTogether(actions, signal);
  }
}

async function resolveAt(
  { source }: Omit<PlanRequest, 'bases'>,
  { start, end, name, stages }: NeededImage,
  resolve: () => Promise<BaseImage>,
): Promise<BaseImage> {
  try {
    return await resolve();
  } catch (error) {
    if (!isPlimsollError(error) || error.kind === 'cancelled') throw error;
    const { kind, code } = error;
    const hint = didYouMean(name, stages, stage => `the stage "${stage}"`) ?? error.hint;
    throw new DockerfileError(source, { start, end }, messageOf(error), {
      kind,
      code,
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
