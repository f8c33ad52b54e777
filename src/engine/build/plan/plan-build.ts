import { fail } from './fail.ts';
import type { BuildPlan, NeededImage, PlanRequest, PlanResult, Vertex } from './plan.ts';
import { type PlannedStage, StagePlanner } from './plan-stage.ts';
import { findStage, type StagedDockerfile, splitStages } from './split-stages.ts';
import { isProxyArg, platformArgs, WordExpander } from './variables.ts';

/**
 * From text to graph: the steps of the target stage and of all that it needs, and of nothing else. Asks for images
 * until it knows every one. Throws `DockerfileError` for any mistake that can be seen before something is built.
 */
export function planBuild(request: PlanRequest): PlanResult {
  const dockerfile = splitStages(request.source);
  const globals = globalArgs(request, dockerfile);
  const drafts: Vertex[] = [];
  const needed: NeededImage[] = [];
  const planner = new StagePlanner({ request, dockerfile, globals, drafts, needed });
  const planned = planner.plan(targetOf(request, dockerfile));
  if (planned === undefined) return { kind: 'needs-images', images: needed };
  return { kind: 'planned', plan: finish(request, drafts, planned, planner.usedArgs) };
}

/** ARGs before the first FROM, for use in FROM lines and as defaults of stages. */
function globalArgs(request: PlanRequest, dockerfile: StagedDockerfile): Map<string, string> {
  const { source, buildArgs } = request;
  const variables = platformArgs(request.platform);
  for (const name of [...variables.keys()]) {
    const given = buildArgs[name];
    if (given !== undefined) variables.set(name, given);
  }
  for (const instruction of dockerfile.globalArgs) {
    for (const { name, value } of instruction.arguments) {
      const expander = new WordExpander({ source, lines: instruction, escape: dockerfile.escape, variables });
      const result = buildArgs[name] ?? (value === undefined ? undefined : expander.word(value));
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
  const names = stages.map(({ from, index }) => from.alias ?? String(index)).join(', ');
  return fail(source, lines, `the Dockerfile has no stage "${target}"`, {
    kind: 'not-found',
    code: 'STAGE_NOT_FOUND',
    hint: `its stages are ${names}`,
  });
}

/** Numbers the steps in the order of the file, so that a list of them reads like it. */
function finish(
  request: PlanRequest,
  drafts: readonly Vertex[],
  target: PlannedStage,
  usedArgs: ReadonlySet<string>,
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
      operation:
        operation.kind === 'copy' && operation.from.kind === 'stage'
          ? { ...operation, from: { kind: 'stage' as const, step: renumber(operation.from.step) } }
          : operation,
    };
  });
  const { config, author } = target.state;
  const labels = { ...config.Labels, ...request.labels };
  return {
    steps,
    result: renumber(target.last),
    config: Object.keys(labels).length === 0 ? config : { ...config, Labels: labels },
    ...(author === undefined ? {} : { author }),
    unusedArgs: Object.keys(request.buildArgs).filter(name => !usedArgs.has(name) && !isProxyArg(name)),
  };
}
