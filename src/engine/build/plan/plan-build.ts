import { didYouMean } from '../../../lib/near-misses.ts';
import { fail } from './fail.ts';
import type {
  BuildPlan,
  FileSource,
  NeededImage,
  Operation,
  PlanRequest,
  PlanResult,
  Vertex,
} from './plan.ts';
import { StagePlanner } from './plan-stage.ts';
import type { PlannedStage } from './planning.ts';
import { findStage, type StagedDockerfile, splitStages } from './split-stages.ts';
import { givenArg, isBuilderArg, platformArgs, WordExpander } from './variables.ts';

/**
 * From text to graph: the steps of the target stage and of all that it needs, and of nothing else. Asks for images
 * until it knows every one. Throws `DockerfileError` for any mistake that can be seen before something is built.
 */
export function planBuild(request: PlanRequest): PlanResult {
  const dockerfile = splitStages(request.source);
  const globals = globalArgs(request, dockerfile);
  const drafts: Vertex[] = [];
  const needed: NeededImage[] = [];
  const warnings = new Set<string>();
  const planner = new StagePlanner({ request, dockerfile, globals, drafts, needed, warnings });
  const planned = planner.plan(targetOf(request, dockerfile));
  if (planned === undefined) return { kind: 'needs-images', images: needed };
  const unused = Object.keys(request.buildArgs).filter(
    name => !planner.usedArgs.has(name) && !isBuilderArg(name),
  );
  if (unused.length > 0) warnings.add(`no ARG declares the build argument ${unused.join(', ')}`);
  return { kind: 'planned', plan: finish(request, drafts, planned, [...warnings]) };
}

/** ARGs before the first FROM, for use in FROM lines and as defaults of stages. */
function globalArgs(request: PlanRequest, dockerfile: StagedDockerfile): Map<string, string> {
  const { source, buildArgs } = request;
  const variables = platformArgs(request.platforms, request.target);
  for (const name of [...variables.keys()]) {
    const given = givenArg(buildArgs, name);
    if (given !== undefined) variables.set(name, given);
  }
  for (const instruction of dockerfile.globalArgs) {
    for (const { name, value } of instruction.arguments) {
      const expander = new WordExpander({ source, lines: instruction, escape: dockerfile.escape, variables });
      const result = givenArg(buildArgs, name) ?? (value === undefined ? undefined : expander.word(value));
      if (result !== undefined) variables.set(name, result);
    }
  }
  return variables;
}

function targetOf({ source, target }: PlanRequest, { stages }: StagedDockerfile): number {
  if (target === undefined || target === '') return stages.length - 1;
  const stage = findStage(stages, target, stages.length);
  if (stage !== undefined) return stage.index;
  const lines = { start: 1, end: 1 };
  const names = stages.map(({ from, index }) => from.alias ?? String(index));
  return fail(source, lines, `the Dockerfile has no stage "${target}"`, {
    kind: 'not-found',
    code: 'STAGE_NOT_FOUND',
    hint: didYouMean(target, names) ?? `its stages are ${names.join(', ')}`,
  });
}

/** Numbers the steps in the order of the file, so that a list of them reads like it. */
function finish(
  request: PlanRequest,
  drafts: readonly Vertex[],
  target: PlannedStage,
  warnings: readonly string[],
): BuildPlan {
  const order = [...drafts].sort((a, b) => a.start - b.start || a.id - b.id);
  const idOf = new Map(order.map((vertex, index) => [vertex.id, index]));
  const renumber = (id: number) => idOf.get(id) ?? id;
  const steps = order.map(vertex => {
    const { operation } = vertex;
    return {
      ...vertex,
      id: renumber(vertex.id),
      dependsOn: vertex.dependsOn.map(renumber),
      ...(vertex.parent === undefined ? {} : { parent: renumber(vertex.parent) }),
      operation: renumbered(operation, renumber),
    };
  });
  const { config, author } = target.state;
  const labels = { ...config.Labels, ...request.labels };
  return {
    steps,
    result: renumber(target.last),
    config: Object.keys(labels).length === 0 ? config : { ...config, Labels: labels },
    ...(author === undefined ? {} : { author }),
    platform: target.state.platform,
    warnings,
  };
}

function renumbered(operation: Operation, renumber: (id: number) => number): Operation {
  const moved = <T extends { readonly from?: FileSource }>(one: T): T =>
    one.from?.kind === 'stage' ? { ...one, from: { kind: 'stage', step: renumber(one.from.step) } } : one;
  if (operation.kind === 'merge') return { kind: 'merge', layer: renumber(operation.layer) };
  if (operation.kind === 'copy') return moved(operation);
  if (operation.kind !== 'run') return operation;
  const mounts = operation.mounts.map(mount =>
    mount.type === 'bind' || mount.type === 'cache' ? moved(mount) : mount,
  );
  return { ...operation, mounts };
}
