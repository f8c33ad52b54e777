import type { StepInputs } from '../cache/index.ts';
import { noFilter } from '../patterns/index.ts';
import type { FileSource } from '../plan/index.ts';
import { digestFiles, type Selection, type SourceTree, selectFiles } from '../source/index.ts';
import type { StepDeps } from './build-deps.ts';

/** The folders that a build reads from. */
export interface ContextTrees {
  readonly main: SourceTree;
  readonly named: ReadonlyMap<string, SourceTree>;
}

export interface StepFilesOptions {
  readonly deps: StepDeps;
  readonly contexts: ContextTrees;
  /** DiffIDs of a finished step, base first. */
  readonly layersOfStep: (step: number) => readonly string[];
  readonly signal: AbortSignal;
}

/** Which files of a source are meant. */
export interface FilesRequest {
  readonly from: FileSource;
  readonly sources: readonly string[];
  readonly exclude: readonly string[];
  readonly parents: boolean;
  /** The files keep the owners that they have. */
  readonly ownersCount: boolean;
}

/** What decides a step besides its words. */
export type StepContent = Pick<StepInputs, 'content' | 'files'>;

/**
 * Files of other places for one step. Layers are mounted when they are first looked at, so that a step which the cache
 * serves mounts nothing; all of it goes when this is disposed of.
 */
export class StepFiles implements AsyncDisposable {
  readonly signal: AbortSignal;
  readonly #options: StepFilesOptions;
  readonly #stack = new AsyncDisposableStack();
  readonly #trees = new Map<string, Promise<SourceTree>>();

  constructor(options: StepFilesOptions) {
    this.#options = options;
    this.signal = options.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  /** Keeps something until the step has ended. */
  use<T extends AsyncDisposable>(resource: T): T {
    return this.#stack.use(resource);
  }

  /** An empty folder that goes when the step has ended. */
  async scratch(): Promise<string> {
    const { deps, signal } = this.#options;
    return this.use(await deps.snapshots.stage([], { signal })).target;
  }

  /** DiffIDs of what a source is made of; undefined for a folder of the host. */
  layersOf(from: FileSource): readonly string[] | undefined {
    if (from.kind === 'context') return undefined;
    return from.kind === 'stage' ? this.#options.layersOfStep(from.step) : from.image.layers;
  }

  tree(from: FileSource): Promise<SourceTree> {
    const { contexts } = this.#options;
    if (from.kind === 'context') {
      const named = from.name === undefined ? contexts.main : contexts.named.get(from.name);
      if (named === undefined) throw new RangeError(`no context "${from.name}"`);
      return Promise.resolve(named);
    }
    const layers = this.layersOf(from) ?? [];
    const known = this.#trees.get(layers.join());
    if (known !== undefined) return known;
    const opened = this.#mount(layers);
    this.#trees.set(layers.join(), opened);
    return opened;
  }

  async select({ from, sources, exclude, parents }: FilesRequest): Promise<Selection[]> {
    const { signal } = this;
    return await selectFiles({ tree: await this.tree(from), sources, exclude, parents, signal });
  }

  /** The digest of files; that of files in layers, which never change, is remembered by what was asked. */
  async digest(request: FilesRequest): Promise<StepContent> {
    const { cache } = this.#options.deps;
    const layers = this.layersOf(request.from);
    const { sources, exclude, parents, ownersCount } = request;
    const question = JSON.stringify([layers, sources, exclude, parents, ownersCount]);
    const remembered = layers === undefined ? undefined : cache.remembered(question);
    if (remembered !== undefined) return remembered;
    const { content, files } = await this.digestSelections(request, await this.select(request));
    if (layers !== undefined) cache.remember(question, { content, files });
    return { content, files };
  }

  /** The digest of files that were selected already. */
  async digestSelections(
    { from, ownersCount }: FilesRequest,
    selections: readonly Selection[],
  ): Promise<Required<StepContent>> {
    const { known } = await this.tree(from);
    const options = { ownersCount, signal: this.signal, ...(known === undefined ? {} : { known }) };
    const { digest: content, files } = await digestFiles(selections, options);
    return { content, files };
  }

  async #mount(layers: readonly string[]): Promise<SourceTree> {
    const { deps, signal } = this.#options;
    const staged = this.use(await deps.snapshots.stage(layers, { signal }));
    return { root: staged.target, filter: noFilter };
  }
}
