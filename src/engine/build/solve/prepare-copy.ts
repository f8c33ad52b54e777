import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveUser } from '../../runtime/index.ts';
import type { StepInputs } from '../cache/index.ts';
import { copyFiles, download, isArchive, type Owner, parseModeChange, unpackArchive } from '../copy/index.ts';
import { isHttpSource } from '../dockerfile/index.ts';
import { noFilter } from '../patterns/index.ts';
import type { CopyOperation } from '../plan/index.ts';
import { digestFiles, type Selection, type SourceTree, selectFiles } from '../source/index.ts';
import type { StepDeps } from './build-deps.ts';

export interface CopyPlace {
  /** The build context. */
  readonly context: SourceTree;
  /** Layers that `--from` means; undefined for the context. */
  readonly fromLayers?: readonly string[];
  readonly signal: AbortSignal;
}

/** A COPY or ADD whose content is known and which is ready to be carried out. */
export interface PreparedCopy extends AsyncDisposable {
  readonly content: Pick<StepInputs, 'content' | 'files'>;
  apply(rootfs: string): Promise<void>;
}

/**
 * Finds and digests what a COPY or ADD would copy. Layers to copy from are mounted only if their digest is not known
 * from before, or when the copy is carried out.
 */
export async function prepareCopy(
  deps: StepDeps,
  operation: CopyOperation,
  place: CopyPlace,
): Promise<PreparedCopy> {
  const sources = new CopySources(deps, operation, place);
  try {
    const content = await digestOf(deps, operation, place, sources);
    return {
      content,
      apply: rootfs => apply(operation, { place, sources, rootfs }),
      [Symbol.asyncDispose]: () => sources[Symbol.asyncDispose](),
    };
  } catch (error) {
    await sources[Symbol.asyncDispose]();
    throw error;
  }
}

/** The selections of a copy, made when they are asked for, and whatever had to be mounted or downloaded for them. */
class CopySources implements AsyncDisposable {
  readonly #deps: StepDeps;
  readonly #operation: CopyOperation;
  readonly #place: CopyPlace;
  readonly #stack = new AsyncDisposableStack();
  #selections: Promise<Selection[]> | undefined;

  constructor(deps: StepDeps, operation: CopyOperation, place: CopyPlace) {
    this.#deps = deps;
    this.#operation = operation;
    this.#place = place;
  }

  selections(): Promise<Selection[]> {
    this.#selections ??= this.#select();
    return this.#selections;
  }

  /** An empty folder that goes when the copy is done. */
  async scratch(): Promise<string> {
    const staged = await this.#deps.snapshots.stage([], { signal: this.#place.signal });
    this.#stack.use(staged);
    return staged.target;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #select(): Promise<Selection[]> {
    const { sources, exclude, parents, checksum } = this.#operation;
    const { signal } = this.#place;
    const urls = sources.filter(isHttpSource);
    const paths = sources.filter(source => !isHttpSource(source));
    const selected: Selection[] = [];
    if (paths.length > 0) {
      selected.push(
        ...(await selectFiles({ tree: await this.#tree(), sources: paths, exclude, parents, signal })),
      );
    }
    for (const url of urls) {
      const folder = await this.scratch();
      const name = await download(url, folder, { signal, ...(checksum === undefined ? {} : { checksum }) });
      const tree = { root: folder, filter: noFilter };
      const files = await selectFiles({ tree, sources: [name], exclude: [], parents: false, signal });
      selected.push(...files.map(file => ({ ...file, source: url })));
    }
    return selected;
  }

  async #tree(): Promise<SourceTree> {
    const { fromLayers, context, signal } = this.#place;
    if (fromLayers === undefined) return context;
    const staged = this.#stack.use(await this.#deps.snapshots.stage(fromLayers, { signal }));
    return { root: staged.target, filter: noFilter };
  }
}

async function digestOf(
  deps: StepDeps,
  operation: CopyOperation,
  { fromLayers, signal }: CopyPlace,
  sources: CopySources,
): Promise<Pick<StepInputs, 'content' | 'files'>> {
  const { exclude, parents, chown, inline, checksum } = operation;
  const ownersCount = fromLayers !== undefined && chown === undefined;
  const digest = async () => {
    const { digest: content, files } = await digestFiles(await sources.selections(), { ownersCount, signal });
    return { content, files };
  };
  const withInline = (known: Pick<StepInputs, 'content' | 'files'>) => ({
    ...known,
    content: shortened(`${known.content}\n${JSON.stringify(inline)}`),
  });
  if (checksum !== undefined) return withInline({ content: checksum });
  if (fromLayers === undefined) return withInline(await digest());
  const question = JSON.stringify([fromLayers, operation.sources, exclude, parents, ownersCount]);
  const known = deps.cache.remembered(question);
  if (known !== undefined) return withInline(known);
  const found = await digest();
  deps.cache.remember(question, found);
  return withInline(found);
}

function shortened(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

interface Application {
  readonly place: CopyPlace;
  readonly sources: CopySources;
  readonly rootfs: string;
}

async function apply(operation: CopyOperation, application: Application): Promise<void> {
  const { place, sources, rootfs } = application;
  const { destination, chown, chmod } = operation;
  const fromLayers = place.fromLayers !== undefined;
  const given = chown === undefined ? undefined : ownerOf(rootfs, chown);
  const owner = given ?? (fromLayers ? undefined : { uid: 0, gid: 0 });
  const common = {
    root: rootfs,
    signal: place.signal,
    ...(chmod === undefined ? {} : { mode: parseModeChange(chmod) }),
  };
  const plain: Selection[] = [];
  for (const selection of await sources.selections()) {
    const unpacked = await unpackedSelections(operation, selection, sources, place.signal);
    if (unpacked === undefined) plain.push(selection);
    else {
      const folder = destination.endsWith('/') ? destination : `${destination}/`;
      const owned = given === undefined ? {} : { owner: given };
      await copyFiles({ ...common, ...owned, selections: unpacked, destination: folder, attributes: true });
    }
  }
  plain.push(...(await inlineSelections(operation, sources, place.signal)));
  const owned = owner === undefined ? {} : { owner };
  await copyFiles({ ...common, ...owned, selections: plain, destination, attributes: fromLayers });
}

/** What is in an archive that ADD unpacks; undefined if it is to be copied as it is. */
async function unpackedSelections(
  { unpack, sources: written }: CopyOperation,
  selection: Selection,
  sources: CopySources,
  signal: AbortSignal,
): Promise<Selection[] | undefined> {
  const [entry] = selection.entries;
  const downloaded = written.includes(selection.source) && isHttpSource(selection.source);
  if (unpack === 'never' || (downloaded && unpack !== 'always')) return undefined;
  if (selection.isFolder || entry === undefined || !entry.status.isFile() || !isArchive(entry.file))
    return undefined;
  const folder = await sources.scratch();
  if (!(await unpackArchive(entry.file, folder, signal))) return undefined;
  const tree = { root: folder, filter: noFilter };
  return await selectFiles({ tree, sources: ['/'], exclude: [], parents: false, signal });
}

async function inlineSelections(
  { inline }: CopyOperation,
  sources: CopySources,
  signal: AbortSignal,
): Promise<Selection[]> {
  const selected: Selection[] = [];
  for (const [index, { name, content }] of inline.entries()) {
    const folder = join(await sources.scratch(), String(index));
    mkdirSync(folder);
    writeFileSync(join(folder, name), content, { mode: 0o644 });
    const tree = { root: folder, filter: noFilter };
    selected.push(...(await selectFiles({ tree, sources: [name], exclude: [], parents: false, signal })));
  }
  return selected;
}

/** A number without a group means the group of that number (docs.docker.com/reference/dockerfile, COPY --chown). */
function ownerOf(rootfs: string, chown: string): Owner {
  const { uid, gid } = resolveUser(rootfs, chown);
  return { uid, gid: /^\d+$/.test(chown) ? uid : gid };
}
