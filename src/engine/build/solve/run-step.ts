import { join } from 'node:path';
import { resolveUser } from '../../runtime/index.ts';
import type { StagedLayer } from '../../snapshot/index.ts';
import { type CacheHit, explainMiss, type StepInputs } from '../cache/index.ts';
import { makeFolder } from '../copy/index.ts';
import type { CopyOperation, RunOperation, Vertex, WorkdirOperation } from '../plan/index.ts';
import type { SourceTree } from '../source/index.ts';
import type { StepDeps } from './build-deps.ts';
import { changesNothing } from './changes-nothing.ts';
import { executeRun } from './execute-run.ts';
import { prepareCopy } from './prepare-copy.ts';
import type { StepReport, StepState } from './step-state.ts';

/** What all steps of one build share. */
export interface BuildScope {
  readonly deps: StepDeps;
  readonly build: string;
  readonly context: SourceTree;
  /** Where the build comes from: steps of the same place are compared with each other. */
  readonly origin: string;
  readonly noCache: boolean;
  /** Takes layers that the cache no longer names, to be freed if nobody else does. */
  readonly replaced: (diffId: string) => void;
  /** Keeps what it is given until the build has ended. */
  readonly hold: (layer: Disposable) => void;
}

export interface StepRequest {
  readonly vertex: Vertex;
  readonly result: (id: number) => StepState;
  readonly signal: AbortSignal;
  readonly report: StepReport;
}

/** Carries out one step, or finds what an earlier build made of the same inputs. */
export async function runStep(scope: BuildScope, request: StepRequest): Promise<StepState> {
  const { vertex, result, report } = request;
  const { operation } = vertex;
  const parent = vertex.parent === undefined ? { layers: [], base: 'scratch' } : result(vertex.parent);
  switch (operation.kind) {
    case 'base':
      report.cached();
      return { layers: operation.image?.layers ?? [], base: operation.image?.id ?? 'scratch' };
    case 'stage':
    case 'metadata':
      report.cached();
      return { layers: parent.layers, base: parent.base };
    case 'run':
      return await layered(scope, request, parent, runInputs(parent, operation), staged =>
        executeRun(scope.deps, {
          rootfs: staged.target,
          operation,
          name: `build-${scope.build}-${vertex.id}`,
          bundle: join(scope.deps.root.runDir, 'builds', scope.build, String(vertex.id)),
          signal: request.signal,
          onOutput: report.output,
        }),
      );
    case 'workdir':
      return await layered(scope, request, parent, workdirInputs(parent, operation), async staged => {
        makeFolder(staged.target, operation.path, resolveUser(staged.target, operation.user));
      });
    case 'copy': {
      const fromLayers = layersOf(operation, result);
      const place = {
        context: scope.context,
        signal: request.signal,
        ...(fromLayers === undefined ? {} : { fromLayers }),
      };
      await using prepared = await prepareCopy(scope.deps, operation, place);
      const inputs = { ...copyInputs(parent, operation), ...prepared.content };
      return await layered(scope, request, parent, inputs, staged => prepared.apply(staged.target));
    }
  }
}

type Work = (staged: StagedLayer) => Promise<void>;

async function layered(
  { deps, noCache, origin, hold, replaced }: BuildScope,
  { vertex, signal, report }: StepRequest,
  parent: StepState,
  inputs: StepInputs,
  work: Work,
): Promise<StepState> {
  const hit = noCache ? undefined : deps.cache.find(inputs);
  if (hit !== undefined) {
    if (hit.diffId !== undefined) hold(deps.snapshots.hold(hit.diffId));
    report.cached();
    return stateAfter(parent, hit);
  }
  const step = `${origin}\n${vertex.identity}`;
  const cacheMiss = noCache ? 'the cache is off' : explainMiss(deps.cache.lastInputs(step), inputs);
  const made = await buildLayer(deps, parent, signal, hold, work);
  const before = deps.cache.record(step, inputs, made);
  if (before !== undefined) replaced(before);
  report.done({ cacheMiss, layerBytes: made.sizeBytes });
  return stateAfter(parent, made);
}

/** Stages, works and commits; a step that changed nothing leaves no layer. */
async function buildLayer(
  deps: StepDeps,
  parent: StepState,
  signal: AbortSignal,
  hold: BuildScope['hold'],
  work: Work,
): Promise<CacheHit> {
  await using staged = await deps.snapshots.stage(parent.layers, { signal });
  await work(staged);
  signal.throwIfAborted();
  const layer = await staged.commit();
  const created = deps.clock();
  const below = parent.layers.flatMap(diffId => deps.snapshots.layer(diffId)?.path ?? []);
  if (changesNothing(layer.path, below)) {
    layer[Symbol.dispose]();
    await deps.snapshots.removeLayer(layer.diffId);
    return { sizeBytes: 0, created };
  }
  hold(layer);
  return { diffId: layer.diffId, sizeBytes: layer.sizeBytes, created };
}

function stateAfter({ layers, base }: StepState, { diffId, created }: CacheHit): StepState {
  if (diffId === undefined) return { layers, base };
  return { layers: [...layers, diffId], base, added: { diffId, created } };
}

function layersOf({ from }: CopyOperation, result: StepRequest['result']): readonly string[] | undefined {
  if (from.kind === 'context') return undefined;
  return from.kind === 'stage' ? result(from.step).layers : from.image.layers;
}

function runInputs(parent: StepState, operation: RunOperation): StepInputs {
  const { args, env, buildArgs, cwd, user, network, script } = operation;
  return {
    base: parent.base,
    parents: parent.layers,
    instruction: JSON.stringify(['RUN', ...args, ...(script === undefined ? [] : [script])]),
    settings: { WORKDIR: cwd, USER: user, network },
    env,
    args: buildArgs,
  };
}

function workdirInputs(parent: StepState, { path, user }: WorkdirOperation): StepInputs {
  return {
    base: parent.base,
    parents: parent.layers,
    instruction: JSON.stringify(['WORKDIR', path]),
    settings: { USER: user },
    env: {},
    args: {},
  };
}

function copyInputs(parent: StepState, operation: CopyOperation): StepInputs {
  const { sources, destination, exclude, parents, unpack, chown = '', chmod = '' } = operation;
  return {
    base: parent.base,
    parents: parent.layers,
    instruction: JSON.stringify(['COPY', ...sources, destination, unpack, parents]),
    settings: { '--chown': chown, '--chmod': chmod, '--exclude': exclude.join(' ') },
    env: {},
    args: {},
  };
}
