import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import {
  errnoOf,
  firstFailure,
  isPlimsollError,
  messageOf,
  PlimsollError,
  withContext,
} from '../../errors.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import type { ImageConfig } from '../../oci/index.ts';
import { type Attestation, inlineField } from '../image/index.ts';
import { caller } from '../kernel/index.ts';
import { type BuildMaterial, provenance, provenanceType, sbom, sbomType } from './attest/index.ts';
import { type BaseFinder, createBaseFinder } from './bases/index.ts';
import type { BuildAccess } from './build-access.ts';
import type { BuildContexts } from './build-contexts.ts';
import type { BuildImages } from './build-images.ts';
import type { CacheTrimmed } from './cache/index.ts';
import { checkDockerfile } from './check-build.ts';
import { commandHint, freeSpace } from './command-hint.ts';
import { DockerfileError } from './dockerfile/index.ts';
import { type BuildJournal, createSideSteps, type SideSteps } from './journal/index.ts';
import type {
  BuildPlan,
  BuildPlatforms,
  MountOperation,
  NamedContext,
  PlanRequest,
  Vertex,
} from './plan/index.ts';
import { planWithImages } from './plan-with-images.ts';
import {
  collectResults,
  exportCaches,
  type ImportedCaches,
  importCaches,
  inlineRecords,
} from './shared-cache/index.ts';
import {
  type BuildScope,
  baseLayersOf,
  CommandFailed,
  imageConfigOf,
  runStep,
  type StepDeps,
  type StepReport,
  type StepState,
  solveGraph,
} from './solve/index.ts';
import { sourceDateOf } from './source-date.ts';
import { squashImage } from './squash-image.ts';
import type { BuildRequest, FailedStep } from './types.ts';

export interface BuildRun {
  readonly id: string;
  readonly request: BuildRequest;
  readonly contexts: BuildContexts;
  readonly access: BuildAccess;
  readonly journal: BuildJournal;
  readonly deps: StepDeps;
  readonly images: BuildImages;
  readonly platforms: BuildPlatforms;
  /** Told the step at which the build fails. */
  readonly onFailedStep: (step: FailedStep) => void;
  /** Brings the cache within its limits, at the end; undefined where nothing had to go. */
  readonly trimCache: () => Promise<CacheTrimmed | undefined>;
}

/** One build from its text to its image: plan, solve, record. Returns the image's id; nothing is left if it throws. */
export async function runBuild(run: BuildRun): Promise<string> {
  const { images, request, journal, deps } = run;
  const steps = createSideSteps({ journal, build: run.id, clock: deps.clock });
  const host = run.platforms.build;
  const bases = createBaseFinder({ images, request, steps, clock: deps.clock, host });
  const plan = await planWithImages(planRequest(run), bases.find, request.signal);
  const { signal, cacheFrom = [] } = request;
  const note = (message: string) => journal.write({ kind: 'warned', time: deps.clock(), message });
  using imported = await importCaches({ from: cacheFrom, images, steps, signal, warn: note });
  announce(steps, plan, bases);
  warn(run, plan);
  const replaced: string[] = [];
  try {
    const started = deps.clock();
    const image = await solve(run, plan, {
      steps,
      imported,
      note,
      replaced: diffId => void replaced.push(diffId),
    });
    await attest(run, image, { started, materials: bases.materials });
    return image;
  } finally {
    await images.freeLayers(replaced);
    if (!request.signal?.aborted) await tidyUp(run, steps, note);
  }
}

/** Says what of the cache had to go; what goes wrong with it is no failure of the build. */
async function tidyUp(
  { trimCache }: BuildRun,
  steps: SideSteps,
  note: (sentence: string) => void,
): Promise<void> {
  try {
    const trimmed = await trimCache();
    if (trimmed === undefined) return;
    const { layers, mounts, reclaimedBytes, unusedMs, keptBytes } = trimmed;
    const counted = [
      layers > 0 ? plural(layers, 'layer') : [],
      mounts > 0 ? plural(mounts, 'cache mount') : [],
    ];
    const limit = `free ${formatBytes(reclaimedBytes)} of the build cache, to keep it within ${formatBytes(keptBytes)}`;
    const step = steps.begin(
      `${limit}: ${counted.flat().join(' and ')}, not used for ${formatDuration(unusedMs)}`,
    );
    step.done('');
  } catch (error) {
    note(`the build cache was not brought within its limits: ${messageOf(error)}`);
  }
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function planRequest({ request, contexts: opened, platforms }: BuildRun): Omit<PlanRequest, 'bases'> {
  const { contexts = {}, target } = request;
  return {
    source: opened.main.source,
    buildArgs: request.buildArgs ?? {},
    labels: request.labels ?? {},
    platforms,
    network: request.network ?? 'bridge',
    hosts: request.hosts ?? [],
    allow: new Set(request.allow),
    secrets: new Set(Object.keys(request.secrets ?? {})),
    ssh: new Set(Object.keys(request.ssh ?? {})),
    contexts: new Map(Object.entries(contexts).map(([name, one]) => [name, namedContext(one)])),
    noCacheStages: request.noCacheStages ?? [],
    ...(target === undefined ? {} : { target }),
  };
}

function namedContext(given: NonNullable<BuildRequest['contexts']>[string]): NamedContext {
  return 'image' in given ? { kind: 'image', reference: given.image } : { kind: 'folder' };
}

interface Solving {
  readonly steps: SideSteps;
  readonly imported: ImportedCaches;
  readonly note: (sentence: string) => void;
  readonly replaced: (diffId: string) => void;
}

async function solve(
  run: BuildRun,
  plan: BuildPlan,
  { steps, imported, note, replaced }: Solving,
): Promise<string> {
  const { id, request, contexts, access, journal, deps, images } = run;
  const { main } = contexts;
  const sourceDate = sourceDateOf(request);
  const results = collectResults(plan);
  using held = new DisposableStack();
  const scope: BuildScope = {
    deps,
    build: id,
    contexts,
    settings: access.settings,
    git: access.git,
    origin: `${main.origin}\n${main.dockerfile}`,
    noCache: request.noCache ?? false,
    imported,
    collect: results.add,
    ...(sourceDate !== undefined && request.rewriteTimestamp === true ? { sourceDate } : {}),
    replaced,
    hold: (layer: Disposable) => void held.use(layer),
  };
  const states = await solveGraph<Vertex, StepState>({
    steps: plan.steps,
    jobs: request.jobs ?? availableParallelism(),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    execute: async (vertex, result, signal) => {
      const report = reportOf(journal, deps.clock, vertex);
      try {
        return await runStep(scope, { vertex, result, signal, report });
      } catch (error) {
        if (!signal.aborted) run.onFailedStep(failedStep(run, plan, vertex, result));
        throw report.failed(stepError(run, vertex, error), signal);
      }
    },
  });
  request.signal?.throwIfAborted();
  const { cacheTo: to = [], signal, tags: references = [] } = request;
  await exportCaches({ to, results, images, steps, signal, warn: note });
  const inline = inlineRecords(to, results);
  const carried: object = inline === undefined ? {} : { [inlineField]: inline };
  const config = await finalConfig(run, plan, { states, sourceDate, hold: layer => void held.use(layer) });
  return images.create({ config: { ...config, ...carried }, references });
}

async function finalConfig(
  { request, deps }: BuildRun,
  plan: BuildPlan,
  {
    states,
    sourceDate,
    hold,
  }: {
    readonly states: ReadonlyMap<number, StepState>;
    readonly sourceDate: number | undefined;
    readonly hold: (layer: Disposable) => void;
  },
): Promise<ImageConfig> {
  const config = imageConfigOf(plan, states, sourceDate);
  if (request.squash !== true) return config;
  const { snapshots } = deps;
  const { signal, rewriteTimestamp } = request;
  const dated = rewriteTimestamp === true ? { sourceDate } : {};
  const squashed = await squashImage({ config, baseLayers: baseLayersOf(plan), snapshots, signal, ...dated });
  if (squashed.layer !== undefined) hold(squashed.layer);
  return squashed.config;
}

/** Says of an image what was asked to be said. */
async function attest(
  { id, request, contexts, deps, images, platforms }: BuildRun,
  image: string,
  { started, materials }: { readonly started: number; readonly materials: readonly BuildMaterial[] },
): Promise<void> {
  const attestations: Attestation[] = [];
  const { source, origin, dockerfile } = contexts.main;
  if (request.provenance !== undefined) {
    const facts = { build: id, request, mode: request.provenance, materials, host: platforms.build };
    const times = { started, finished: deps.clock() };
    const file = { name: basename(dockerfile), text: source.text };
    const predicate = provenance({ ...facts, ...times, context: origin, dockerfile: file });
    attestations.push({ predicateType: provenanceType, predicate });
  }
  if (request.sbom === true) {
    const { layers } = images.resolve(image);
    await using staged = await deps.snapshots.stage(layers, request.signal ? { signal: request.signal } : {});
    const predicate = sbom({ rootfs: staged.target, image, created: deps.clock() });
    attestations.push({ predicateType: sbomType, predicate });
  }
  if (attestations.length > 0) images.attest(image, attestations);
}

function announce(steps: SideSteps, plan: BuildPlan, bases: BaseFinder): void {
  const shown = plan.steps.map(({ id, name, stage, line, dependsOn, operation }) => {
    const image = operation.kind === 'base' ? operation.image?.id : undefined;
    const fetched = image === undefined ? undefined : bases.fetchedBy(image);
    return { id, name, stage, line, dependsOn: fetched === undefined ? dependsOn : [fetched, ...dependsOn] };
  });
  steps.announce(shown);
}

/** Says what the plan and the lint rules have to say; throws where the Dockerfile wants to fail for it. */
function warn(
  { journal, deps, contexts, request, platforms, images }: BuildRun,
  { warnings }: BuildPlan,
): void {
  const { main } = contexts;
  const buildArgs = request.buildArgs ?? {};
  const report = checkDockerfile({ context: main, buildArgs, platforms, images });
  for (const message of warnings) journal.write({ kind: 'warned', time: deps.clock(), message });
  for (const { description: _, ...warning } of report.warnings)
    journal.write({ kind: 'warned', time: deps.clock(), ...warning });
  const [first] = report.warnings;
  if (!report.isError || first === undefined) return;
  const { line: start = 1, endLine: end = start } = first;
  throw new DockerfileError(main.source, { start, end }, `${first.rule}: ${first.message}`, {
    code: 'LINT_FAILED',
    hint: `${first.fix}; "error=true" of the check makes this an error`,
  });
}

/** Tells the journal what happens to a step; the last of `cached`, `done` and `failed` is its end. */
function reportOf(journal: BuildJournal, clock: () => number, { id: step }: Vertex) {
  journal.write({ kind: 'step-started', time: clock(), step });
  const report: StepReport & { failed: (error: Error, signal: AbortSignal) => Error } = {
    output: (stream, chunk) => journal.output(step, stream, chunk),
    cached: () => journal.write({ kind: 'step-finished', time: clock(), step, outcome: 'cached' }),
    done: facts => journal.write({ kind: 'step-finished', time: clock(), step, outcome: 'done', ...facts }),
    failed: (error, signal) => {
      const outcome = signal.aborted ? 'cancelled' : 'failed';
      const said = outcome === 'failed' ? { error: summaryOf(error) } : {};
      journal.write({ kind: 'step-finished', time: clock(), step, outcome, ...said });
      return error;
    },
  };
  return report;
}

/** What a step began with, as far as somebody who looks into its failure wants to see it. */
function failedStep(
  run: BuildRun,
  plan: BuildPlan,
  vertex: Vertex,
  result: (id: number) => StepState,
): FailedStep {
  const { name, parent, operation } = vertex;
  const begun = { name, layers: parent === undefined ? [] : result(parent).layers, platform: plan.platform };
  if (operation.kind !== 'run') return { ...begun, env: {}, cwd: '/', user: '' };
  const { env, buildArgs, proxyArgs, cwd, user, args } = operation;
  const { mounts, network, hosts, privileged } = operation;
  const { main } = run.contexts;
  const contexts = Object.entries(run.request.contexts ?? {}).flatMap(([name, given]) =>
    'folder' in given ? [[name, given.folder] as const] : [],
  );
  return {
    ...begun,
    env: { ...proxyArgs, ...buildArgs, ...env },
    ...{ cwd, user, command: args },
    run: {
      mounts: mounts.map(mount => withoutSteps(mount, plan, result)),
      ...{ network, hosts, privileged },
      context: main.origin,
      dockerfile: main.dockerfile,
      contexts: Object.fromEntries(contexts),
    },
  };
}

/** A stage is known to its build alone; its layers are known to everybody. */
function withoutSteps(
  mount: MountOperation,
  { platform: { os, architecture } }: BuildPlan,
  result: (id: number) => StepState,
): MountOperation {
  if ((mount.type !== 'bind' && mount.type !== 'cache') || mount.from?.kind !== 'stage') return mount;
  const { layers } = result(mount.from.step);
  const rootfs = { type: 'layers', diff_ids: layers } as const;
  return {
    ...mount,
    from: {
      kind: 'image',
      image: { id: '', layers, config: { os, architecture, config: {}, rootfs, history: [] } },
    },
  };
}

/** Whatever went wrong in a step is told with its lines; a cancel is not the Dockerfile's fault. */
function stepError({ contexts }: BuildRun, vertex: Vertex, thrown: unknown): Error {
  const error = firstFailure(thrown);
  const lines = { start: vertex.start, end: vertex.end };
  if (error instanceof CommandFailed) {
    const args = vertex.operation.kind === 'run' ? vertex.operation.args : [];
    return new DockerfileError(contexts.main.source, lines, error.message, {
      code: error.code,
      cause: error,
      output: error.output,
      exitCode: error.exitCode,
      hint: commandHint({ output: error.output, exitCode: error.exitCode, args }),
    });
  }
  if (error instanceof DockerfileError || isPlimsollError(error, 'cancelled')) return error;
  if (!isPlimsollError(error) && (errnoOf(error) === undefined || errnoOf(error) === 'ABORT_ERR')) {
    return error instanceof Error ? error : new Error(String(error)); // ours to mend, not the user's
  }
  const { kind, code, hint, message } = isPlimsollError(error) ? error : systemError(error);
  return new DockerfileError(contexts.main.source, lines, message, {
    kind,
    code,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What the kernel refused, such as a full disk, in words. */
function systemError(error: unknown): PlimsollError {
  const path = (error as { path?: unknown }).path;
  const file = typeof path === 'string' ? `"${path}"` : 'a file of this step';
  const [message, hint] = {
    ENOSPC: ['the disk is full', freeSpace],
    EDQUOT: ['the disk quota is used up', freeSpace],
    EACCES: [`${file} cannot be read: permission denied`, 'make it readable, or name it in .dockerignore'],
    ENOENT: [`${file} is not there any more`, 'let nothing change the files while they are copied'],
  }[errnoOf(error) ?? ''] ?? [withContext('the step cannot be carried out', error).message];
  if (errnoOf(error) === 'EINVAL' && /chown/.test(String((error as { syscall?: unknown }).syscall)))
    return noOwner(error);
  const { kind, code } = withContext('', error);
  return new PlimsollError(kind, message ?? '', {
    code,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The kernel has no such number in the user's namespace. */
function noOwner(cause: unknown): PlimsollError {
  const why = caller().oneUser ? 'you have no sub-ids to give away' : 'its number is none of your sub-ids';
  return new PlimsollError('unavailable', `a file cannot be given to another owner: ${why}`, {
    code: 'SUB_IDS_MISSING',
    cause,
    hint: "'plimsoll doctor' says how to get some; or leave --chown and USER out",
  });
}

/** An error in one line, for lists. */
export function summaryOf(error: unknown): string {
  return error instanceof DockerfileError ? error.summary : messageOf(error);
}
