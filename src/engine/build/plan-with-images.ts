import { isPlimsollError, messageOf } from '../../errors.ts';
import { DockerfileError } from './dockerfile/index.ts';
import {
  type BaseImage,
  type BuildPlan,
  type NeededImage,
  type PlanRequest,
  planBuild,
} from './plan/index.ts';

/**
 * Plans a build, looking up each image that the planning asks for. An image that is not there is an error of the line
 * which names it.
 */
export function planWithImages(
  request: Omit<PlanRequest, 'bases'>,
  resolve: (name: string) => BaseImage,
): BuildPlan {
  const bases = new Map<string, BaseImage>();
  for (;;) {
    const result = planBuild({ ...request, bases });
    if (result.kind === 'planned') return result.plan;
    for (const needed of result.images) bases.set(needed.name, resolveAt(request, needed, resolve));
  }
}

function resolveAt(
  { source }: Omit<PlanRequest, 'bases'>,
  { name, start, end }: NeededImage,
  resolve: (name: string) => BaseImage,
): BaseImage {
  try {
    return resolve(name);
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    const { kind, code, hint } = error;
    throw new DockerfileError(source, { start, end }, messageOf(error), {
      kind,
      code,
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
