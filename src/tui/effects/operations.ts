import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { BuildProgress, BuildRequest, ContainerSpec, Engine } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { type Command, failureNotice, type Msg, type Target } from '../model/index.ts';
import { outcomeWords } from './capacity.ts';

/** What an operation says of itself while it runs, and how it is cancelled. */
interface Reporter {
  readonly signal: AbortSignal;
  progress(text: string): void;
}

/** Things that take time, each with a line on the screen from its beginning to its end; none blocks the keys. */
export class Operations {
  readonly #dispatch: (msg: Msg) => void;
  readonly #running = new Map<number, AbortController>();
  readonly #builds = new Map<string, AbortController>();
  #next = 1;

  constructor(dispatch: (msg: Msg) => void) {
    this.#dispatch = dispatch;
  }

  /** Carries out a command that is an operation of the engine; false for any other. */
  start(engine: Engine, command: Command): boolean {
    switch (command.type) {
      case 'container':
        return this.#each(command.targets, progressive[command.verb], target =>
          engine.containers[command.verb](target.id),
        );
      case 'kill':
        return this.#each(command.targets, 'signalling', target =>
          engine.containers.kill(target.id, command.signal),
        );
      case 'remove-containers':
        return this.#each(command.targets, 'removing', target =>
          engine.containers.remove(target.id, { force: command.force }),
        );
      case 'remove-images':
        return this.#each(command.targets, 'removing', async target => {
          const { deleted, untagged } = await engine.images.remove(target.id, { force: command.force });
          return `Removed "${target.name}": ${untagged.length} names, ${deleted.length} layers and records`;
        });
      case 'change-limits':
        this.#run('changing limits', '', async () => {
          return `${outcomeWords(await engine.limits.change(command.requests), 'Changed')}; u gives them back`;
        });
        return true;
      case 'undo-limits':
        this.#run('giving limits back', '', async () => {
          return outcomeWords(await engine.limits.undo(command.changes), 'Gave back');
        });
        return true;
      case 'build':
        this.#run(`building ${nameOfBuild(command.request)}`, '', operation =>
          this.#build(engine, command.request, operation),
        );
        return true;
      case 'run':
        this.#run(`running ${command.spec.image}`, '', operation =>
          runContainer(engine, command.spec, operation),
        );
        return true;
      case 'bootstrap':
        this.#run(`bootstrapping ${command.source}`, '', operation =>
          bootstrap(engine, command.source, operation),
        );
        return true;
      case 'prune':
        this.#run(`pruning ${command.what}`, '', () => prune(engine, command.what));
        return true;
      default:
        return false;
    }
  }

  /** Runs anything as an operation; what it resolves with is the notice at its end. */
  #run(label: string, target: string, work: (operation: Reporter) => Promise<unknown>): void {
    const id = this.#next++;
    const controller = new AbortController();
    this.#running.set(id, controller);
    const started = Date.now();
    this.#dispatch({
      type: 'operation-began',
      operation: { id, label: cleanText(label, { maxLength: 80 }), target, started, cancellable: true },
    });
    const progress = (text: string): void =>
      this.#dispatch({ type: 'operation-moved', id, progress: cleanText(text, { maxLength: 80 }) });
    work({ signal: controller.signal, progress })
      .then(
        text =>
          this.#ended(
            id,
            typeof text === 'string'
              ? { tone: 'good', text: cleanText(text, { maxLength: 600 }), time: Date.now() }
              : undefined,
          ),
        (error: unknown) => this.#ended(id, failureNotice(error, Date.now())),
      )
      .finally(() => this.#running.delete(id));
  }

  /** Runs an operation given from outside (the demo), under its own label. */
  run(label: string, work: (operation: Reporter) => Promise<unknown>): void {
    this.#run(label, '', work);
  }

  cancelAll(): void {
    for (const controller of this.#running.values()) controller.abort();
  }

  /** Cancels a build that this process runs. False if another one does. */
  cancelBuild(build: string): boolean {
    const controller = this.#builds.get(build);
    controller?.abort();
    return controller !== undefined;
  }

  #ended(id: number, notice: Extract<Msg, { type: 'noticed' }>['notice'] | undefined): void {
    this.#dispatch(
      notice === undefined ? { type: 'operation-ended', id } : { type: 'operation-ended', id, notice },
    );
  }

  #each(targets: readonly Target[], label: string, work: (target: Target) => Promise<unknown>): boolean {
    for (const target of targets) this.#run(`${label} ${target.name}`, target.id, () => work(target));
    return true;
  }

  async #build(engine: Engine, request: BuildRequest, { signal, progress }: Reporter): Promise<string> {
    const controller = new AbortController();
    signal.addEventListener('abort', () => controller.abort());
    let planned: Extract<BuildProgress, { kind: 'planned' }> | undefined;
    let finished = 0;
    const resolved = {
      ...request,
      context: absolute(request.context),
      ...(request.dockerfile === undefined
        ? {}
        : { dockerfile: absolute(request.dockerfile, request.context) }),
      signal: controller.signal,
      onProgress: (event: BuildProgress) => {
        if (event.kind === 'planned') {
          planned = event;
          this.#builds.set(event.build, controller);
          this.#dispatch({ type: 'build-announced', build: event.build });
        } else if (event.kind === 'step-finished') finished++;
        const count = planned?.steps.length ?? 0;
        if (event.kind === 'step-started' || event.kind === 'step-finished') progress(`${finished}/${count}`);
      },
    };
    const { build, image } = await engine.builds.build(resolved);
    this.#builds.delete(build);
    return `Built ${nameOfBuild(request)}: ${image.replace(/^sha256:/, '').slice(0, 12)}`;
  }
}

const progressive = {
  start: 'starting',
  stop: 'stopping',
  restart: 'restarting',
  pause: 'pausing',
  unpause: 'resuming',
} as const;

function nameOfBuild(request: BuildRequest): string {
  return request.tags?.[0] ?? request.context;
}

/** A path as a person types it: `~` is their home. A Dockerfile is looked for in the context first. */
function absolute(path: string, folder?: string): string {
  const home = path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path;
  return folder === undefined ? resolve(home) : resolve(absolute(folder), home);
}

async function runContainer(engine: Engine, spec: ContainerSpec, { signal }: Reporter): Promise<string> {
  const mounts = spec.mounts?.map(mount =>
    mount.type === 'bind' ? { ...mount, source: absolute(mount.source) } : mount,
  );
  const made = await engine.containers.create(
    { ...spec, ...(mounts === undefined ? {} : { mounts }) },
    { signal },
  );
  try {
    const { warnings } = await engine.containers.start(made.id, { signal });
    return [`Running "${made.name}"`, ...warnings].join('; ');
  } catch (error) {
    await engine.containers.remove(made.id, { force: true });
    throw error;
  }
}

async function bootstrap(engine: Engine, source: string, { signal, progress }: Reporter): Promise<string> {
  const image = await engine.images.bootstrap({ source, signal, onProgress: progress });
  return `Made ${image.references[0] ?? source}, ${formatBytes(image.sizeBytes)}`;
}

async function prune(engine: Engine, what: 'containers' | 'images' | 'build-cache'): Promise<string> {
  if (what === 'build-cache') {
    const { records, reclaimedBytes } = await engine.builds.pruneCache();
    return `Freed ${formatBytes(reclaimedBytes)} of build cache in ${records} records`;
  }
  const { deleted, reclaimedBytes } = await engine[what].prune();
  return `Removed ${deleted.length} ${what}, freed ${formatBytes(reclaimedBytes)}`;
}
