import { join } from 'node:path';
import { isPlimsollError } from '../../../errors.ts';
import { resolveUser } from '../../runtime/index.ts';
import type { HeldLayer, SnapshotService, StagedLayer } from '../../snapshot/index.ts';
import { type CacheHit, explainMiss, type StepInputs } from '../cache/index.ts';
import { type GitAccess, makeFolder } from '../copy/index.ts';
import type { CopyOperation, RunOperation, Vertex, WorkdirOperation } from '../plan/index.ts';
import type { StepDeps } from './build-deps.ts';
import { changesNothing } from './changes-nothing.ts';
import { executeRun, type RunSettings } from './execute-run.ts';
import { prepareCopy } from './prepare-copy.ts';
import { runInputs } from './run-inputs.ts';
import { sameFiles } from './same-files.ts';
import { type ContextTrees, StepFiles } from './step-files.ts';
import type { StepReport, StepState } from './step-state.ts';

/** What all steps of one build share. */
export interface BuildScope {
  readonly deps: StepDeps;
  readonly build: string;
  readonly contexts: ContextTrees;
  readonly settings: RunSettings;
  readonly git: GitAccess;
  /** Where the build comes from: steps of the same place are compared with each other. */
  readonly origin: string;
  readonly noCache: boolean;
  /** Caches of other builds. */
  readonly imported: ImportedResults;
  /** Told what each step came to. */
  readonly collect: (vertex: Vertex, inputs: StepInputs, result: CacheHit) => void;
  /** Seconds since the epoch that no file of a layer is newer than. */
  readonly sourceDate?: number;
  /** Takes layers that the cache no longer names, to be freed if nobody else does. */
  readonly replaced: (diffId: string) => void;
  /** Keeps what it is given until the build has ended. */
  readonly hold: (layer: Disposable) => void;
}

/** What other builds' caches have for a step: its result, here now; or why there is none, if that is known. */
export interface ImportedResults {
  serve(
    identity: string,
    inputs: StepInputs,
    signal: AbortSignal,
  ): Promise<{ readonly hit: CacheHit; readonly layer?: Disposable } | { readonly why: string } | undefined>;
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
    case 'merge': {
      const { layers, added } = result(operation.layer);
      report.cached();
      return {
        layers: [...parent.layers, ...layers],
        base: parent.base,
        ...(added === undefined ? {} : { added }),
      };
    }
    case 'run':
      return await runCommand(scope, request, parent, operation);
    case 'workdir':
      return await layered(scope, request, parent, workdirInputs(parent, operation), async staged => {
        makeFolder(staged.target, operation.path, resolveUser(staged.target, operation.user));
      });
    case 'copy':
      return operation.link
        ? await linkFiles(scope, request, parent, operation)
        : await copyOver(scope, request, parent, operation);
  }
}

async function runCommand(
  scope: BuildScope,
  request: StepRequest,
  parent: StepState,
  operation: RunOperation,
): Promise<StepState> {
  const { deps, build, settings } = scope;
  const { vertex, report } = request;
  await using files = filesFor(scope, request);
  const inputs = await runInputs(parent, operation, files);
  return await layered(scope, request, parent, inputs, staged =>
    executeRun(deps, {
      rootfs: staged.target,
      ...{ operation, settings, files },
      name: `build-${build}-${vertex.id}`,
      bundle: join(deps.root.runDir, 'builds', build, String(vertex.id)),
      onOutput: report.output,
    }),
  );
}

async function copyOver(
  scope: BuildScope,
  request: StepRequest,
  parent: StepState,
  operation: CopyOperation,
): Promise<StepState> {
  await using files = filesFor(scope, request);
  const prepared = await prepareCopy(operation, files, scope.git);
  const inputs = { ...copyInputs(parent, operation), ...prepared.content };
  return await layered(scope, request, parent, inputs, staged => prepared.apply(staged, staged.target));
}

/** COPY --link: a layer of its own, which stays when what is below it changes. Only names of owners need what is below. */
async function linkFiles(
  scope: BuildScope,
  request: StepRequest,
  parent: StepState,
  operation: CopyOperation,
): Promise<StepState> {
  await using files = filesFor(scope, request);
  const prepared = await prepareCopy(operation, files, scope.git);
  const named = operation.chown !== undefined && !/^\d+(:\d+)?$/.test(operation.chown);
  const alone: StepState = { layers: [], base: named ? parent.base : 'scratch' };
  const users = named ? parent.layers : [];
  const inputs = { ...copyInputs({ ...alone, layers: users }, operation), ...prepared.content };
  const state = await layered(scope, request, alone, inputs, async staged => {
    await using below = await scope.deps.snapshots.stage(users, { signal: request.signal });
    await prepared.apply(staged, below.target);
  });
  return { ...state, layers: [...parent.layers, ...state.layers], base: parent.base };
}

function filesFor({ deps, contexts }: BuildScope, { result, signal }: StepRequest): StepFiles {
  return new StepFiles({ deps, contexts, signal, layersOfStep: step => result(step).layers });
}

type Work = (staged: StagedLayer) => Promise<unknown>;

/** The step's layer: what the cache has, also what another build puts there just now; else what `work` makes. */
async function layered(
  scope: BuildScope,
  request: StepRequest,
  parent: StepState,
  given: StepInputs,
  work: Work,
): Promise<StepState> {
  const inputs = dated(scope, given);
  const { vertex, report, signal } = request;
  const { deps, noCache, hold, imported, collect } = scope;
  const serve = (hit: CacheHit): StepState => {
    collect(vertex, inputs, hit);
    report.cached();
    return stateAfter(parent, hit);
  };
  const find = (): CacheHit | undefined => {
    const hit = deps.cache.find(inputs);
    if (hit?.diffId === undefined) return hit;
    const layer = holdIfThere(deps.snapshots, hit.diffId);
    if (layer !== undefined) hold(layer);
    return layer && hit;
  };
  if (noCache || vertex.noCache) {
    return await makeLayer(scope, request, parent, { inputs, work, cacheMiss: 'the cache is off' });
  }
  const hit = find();
  if (hit !== undefined) return serve(hit);
  const onWait = () => report.output('stderr', Buffer.from('waiting for another build that does the same\n'));
  using _claim = await deps.cache.claim(inputs, { signal, onWait });
  const late = find();
  if (late !== undefined) return serve(late);
  const step = stepOf(scope, vertex);
  const before = deps.cache.lastInputs(step);
  const other = await imported.serve(vertex.identity, inputs, signal);
  if (other !== undefined && 'hit' in other) {
    using _held = other.layer;
    const replaced = deps.cache.record(step, inputs, other.hit);
    if (replaced !== undefined) scope.replaced(replaced);
    if (other.hit.diffId !== undefined) hold(deps.snapshots.hold(other.hit.diffId));
    return serve(other.hit);
  }
  const why = before === undefined ? other?.why : undefined;
  return await makeLayer(scope, request, parent, {
    ...{ inputs, work },
    cacheMiss: why ?? explainMiss(before, inputs),
  });
}

/** A layer whose times are rewritten is another one. */
function dated({ sourceDate }: BuildScope, inputs: StepInputs): StepInputs {
  if (sourceDate === undefined) return inputs;
  return { ...inputs, settings: { ...inputs.settings, SOURCE_DATE_EPOCH: String(sourceDate) } };
}

/** Steps of the same place are compared with each other. */
function stepOf({ origin }: BuildScope, { identity }: Vertex): string {
  return `${origin}\n${identity}`;
}

async function makeLayer(
  scope: BuildScope,
  { vertex, signal, report }: StepRequest,
  parent: StepState,
  { inputs, work, cacheMiss }: { inputs: StepInputs; work: Work; cacheMiss: string },
): Promise<StepState> {
  const { deps, noCache, replaced, collect } = scope;
  const step = stepOf(scope, vertex);
  const fresh = await buildLayer(scope, parent, signal, work);
  const again =
    noCache || vertex.noCache ? undefined : await earlierLayer(scope, { step, inputs, fresh, signal });
  const made = again ?? fresh;
  collect(vertex, inputs, made);
  const before = deps.cache.record(step, inputs, made);
  if (before !== undefined) replaced(before);
  if (fresh.diffId !== undefined && fresh.diffId !== made.diffId) replaced(fresh.diffId);
  const why = again === undefined ? cacheMiss : `${cacheMiss}; it made the same files as before`;
  report.done({ cacheMiss: why, layerBytes: made.sizeBytes });
  return stateAfter(parent, made);
}

interface Remade {
  readonly step: string;
  readonly inputs: StepInputs;
  readonly fresh: CacheHit;
  readonly signal: AbortSignal;
}

/**
 * The layer that the same step left before in the same place, if the fresh one differs from it in times alone. To go on
 * with the old one makes all later steps find what they left on top of it. Not where the cache is off: who asks for a
 * fresh build gets fresh times too.
 */
async function earlierLayer(
  { deps, hold }: BuildScope,
  { step, inputs, fresh, signal }: Remade,
): Promise<CacheHit | undefined> {
  const { cache, snapshots } = deps;
  const own = fresh.diffId === undefined ? undefined : snapshots.layer(fresh.diffId);
  if (own === undefined) return undefined;
  for (const hit of cache.earlier(step, inputs, own.sizeBytes)) {
    if (hit.diffId === own.diffId) return hit;
    const held = holdIfThere(snapshots, hit.diffId);
    if (held === undefined) continue;
    hold(held);
    if (await sameFiles(held.path, own.path, signal)) return hit;
  }
  return undefined;
}

/** Undefined where another build has just thrown the layer out of the cache. */
function holdIfThere(snapshots: Pick<SnapshotService, 'hold'>, diffId: string): HeldLayer | undefined {
  try {
    return snapshots.hold(diffId);
  } catch (error) {
    if (isPlimsollError(error) && error.code === 'LAYER_MISSING') return undefined;
    throw error;
  }
}

/** Stages, works and commits; a step that changed nothing leaves no layer. */
async function buildLayer(
  { deps, hold, sourceDate }: BuildScope,
  parent: StepState,
  signal: AbortSignal,
  work: Work,
): Promise<CacheHit> {
  await using staged = await deps.snapshots.stage(parent.layers, { signal });
  await work(staged);
  signal.throwIfAborted();
  const layer = await staged.commit(sourceDate === undefined ? {} : { sourceDateEpoch: sourceDate });
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
  const { sources, destination, exclude, parents, unpack, link, chown = '', chmod = '' } = operation;
  const words = sources.map(one =>
    one.kind === 'path' ? one.path : one.kind === 'url' ? one.url : one.written,
  );
  return {
    base: parent.base,
    parents: parent.layers,
    instruction: JSON.stringify(['COPY', ...words, destination, { unpack, parents, link }]),
    settings: { '--chown': chown, '--chmod': chmod, '--exclude': exclude.join(' ') },
    env: {},
    args: {},
  };
}
