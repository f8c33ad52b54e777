import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveUser } from '../../runtime/index.ts';
import type { StagedLayer } from '../../snapshot/index.ts';
import {
  checkOutGit,
  copyFiles,
  download,
  type GitAccess,
  isArchive,
  type Owner,
  parseModeChange,
  resolveGit,
  unpackArchive,
} from '../copy/index.ts';
import { noFilter } from '../patterns/index.ts';
import type { CopyOperation, CopySource } from '../plan/index.ts';
import { digestFiles, type FileEntry, type Selection, selectFiles } from '../source/index.ts';
import type { StepContent, StepFiles } from './step-files.ts';

/** A COPY or ADD whose content is known and which is ready to be carried out. */
export interface PreparedCopy {
  readonly content: StepContent;
  /** Copies into a layer that is staged, and detaches it; names of owners are looked up in `users`. */
  apply(staged: CopyTarget, users: string): Promise<void>;
}

/**
 * Finds and digests what a COPY or ADD would copy. What is immutable and known from before is not looked at: layers,
 * files of a known checksum, commits.
 */
export async function prepareCopy(
  operation: CopyOperation,
  files: StepFiles,
  git: GitAccess,
): Promise<PreparedCopy> {
  const sources = operation.sources.map(source => openSource(source, { operation, files, git }));
  const contents: StepContent[] = [];
  for (const source of sources) contents.push(await source.content());
  return {
    content: combined(contents, operation.inline),
    apply: (staged, users) => apply({ operation, files, sources, staged, users }),
  };
}

/** One source of the copy, made ready when it is asked for. */
interface OpenSource {
  readonly kind: CopySource['kind'];
  content(): Promise<StepContent>;
  selections(): Promise<Selection[]>;
}

interface SourcePlace {
  readonly operation: CopyOperation;
  readonly files: StepFiles;
  readonly git: GitAccess;
}

function openSource(source: CopySource, place: SourcePlace): OpenSource {
  switch (source.kind) {
    case 'path':
      return pathSource(source.path, place);
    case 'url':
      return urlSource(source.url, place);
    case 'git':
      return gitSource(source, place);
  }
}

function pathSource(path: string, { operation, files }: SourcePlace): OpenSource {
  const { from, exclude, parents, chown } = operation;
  const ownersCount = files.layersOf(from) !== undefined && chown === undefined;
  const request = { from, sources: [path], exclude, parents, ownersCount };
  const selections = once(() => files.select(request));
  const content = async () =>
    files.layersOf(from) === undefined
      ? await files.digestSelections(request, await selections())
      : await files.digest(request);
  return { kind: 'path', content, selections };
}

function urlSource(url: string, { operation, files }: SourcePlace): OpenSource {
  const { checksum } = operation;
  const { signal } = files;
  const selections = once(async () => {
    const folder = await files.scratch();
    const name = await download(url, folder, { signal, ...(checksum === undefined ? {} : { checksum }) });
    const tree = { root: folder, filter: noFilter };
    const found = await selectFiles({ tree, sources: [name], exclude: [], parents: false, signal });
    return found.map(selection => ({ ...selection, source: url }));
  });
  const content = async () => {
    if (checksum !== undefined) return { content: checksum };
    const { digest, files: each } = await digestFiles(await selections(), { ownersCount: false, signal });
    return { content: digest, files: each };
  };
  return { kind: 'url', content, selections };
}

function gitSource(
  { written, git: source }: Extract<CopySource, { kind: 'git' }>,
  { operation, files, git: access }: SourcePlace,
): OpenSource {
  const { signal } = files;
  const { checksum = source.checksum } = operation;
  const wanted = { ...source, ...(checksum === undefined ? {} : { checksum }) };
  const commit = once(() => resolveGit(wanted, access, signal));
  const selections = once(async () => {
    const folder = await files.scratch();
    const root = await checkOutGit(wanted, await commit(), { folder, access, signal });
    const tree = { root, filter: noFilter };
    return await selectFiles({ tree, sources: ['/'], exclude: operation.exclude, parents: false, signal });
  });
  const content = async () => {
    const id = await commit();
    const { subdir, keepGitDir = false, submodules } = source;
    return { content: JSON.stringify([id, subdir, keepGitDir, submodules]), files: { [written]: id } };
  };
  return { kind: 'git', content, selections };
}

/** One digest over all sources in their order, and over what is written in the Dockerfile itself. */
function combined(contents: readonly StepContent[], inline: CopyOperation['inline']): StepContent {
  const all = [...contents.map(({ content }) => content), inline];
  return {
    content: createHash('sha256').update(JSON.stringify(all)).digest('hex'),
    files: Object.assign({}, ...contents.map(({ files = {} }) => files)) as Record<string, string>,
  };
}

type CopyTarget = Pick<StagedLayer, 'target' | 'upper' | 'detach'> & Partial<Pick<StagedLayer, 'wrote'>>;

interface Application {
  readonly operation: CopyOperation;
  readonly files: StepFiles;
  readonly sources: readonly OpenSource[];
  readonly staged: CopyTarget;
  readonly users: string;
}

async function apply({ operation, files, sources, staged, users }: Application): Promise<void> {
  const { destination, chown, chmod, unpack } = operation;
  const fromLayers = files.layersOf(operation.from) !== undefined;
  const given = chown === undefined ? undefined : ownerOf(users, chown);
  const owner = given ?? (fromLayers ? undefined : { uid: 0, gid: 0 });
  const { signal } = files;
  const common = {
    root: staged.target,
    signal,
    ...(chmod === undefined ? {} : { mode: parseModeChange(chmod) }),
  };
  const into = destination.endsWith('/') ? destination : `${destination}/`;
  const plain: Selection[] = [];
  for (const source of sources) {
    for (const selection of await source.selections()) {
      const unpacks = unpack === 'always' || (unpack === 'archives' && source.kind === 'path');
      const unpacked = unpacks ? await unpackedSelections(selection, files) : undefined;
      if (unpacked === undefined) plain.push(selection);
      else {
        const owned = given === undefined ? {} : { owner: given };
        await copyFiles({ ...common, ...owned, selections: unpacked, destination: into, attributes: true });
      }
    }
  }
  plain.push(...(await inlineSelections(operation, files)));
  const owned = owner === undefined ? {} : { owner };
  const { wrote } = staged;
  const upper = {
    folder: staged.upper,
    detach: () => staged.detach(),
    ...(wrote === undefined ? {} : { wrote }),
  };
  await copyFiles({ ...common, ...owned, upper, selections: plain, destination, attributes: fromLayers });
}

/** What is in an archive; undefined if it is none, and to be copied as it is. */
async function unpackedSelections(selection: Selection, files: StepFiles): Promise<Selection[] | undefined> {
  const [entry] = selection.entries;
  if (selection.isFolder || entry === undefined || !entry.status.isFile() || !isArchive(entry.file))
    return undefined;
  const folder = await files.scratch();
  const { signal } = files;
  if (!(await unpackArchive(entry.file, folder, signal))) return undefined;
  const tree = { root: folder, filter: noFilter };
  const found = await selectFiles({ tree, sources: ['/'], exclude: [], parents: false, signal });
  return found.map(one => ({ ...one, entries: one.entries.filter(isContent) }));
}

/** As BuildKit does, ADD makes no devices and no pipes out of an archive. */
function isContent({ status, link }: FileEntry): boolean {
  return status.isFile() || status.isDirectory() || link !== undefined;
}

async function inlineSelections({ inline }: CopyOperation, files: StepFiles): Promise<Selection[]> {
  const { signal } = files;
  const selected: Selection[] = [];
  for (const [index, { name, content }] of inline.entries()) {
    const folder = join(await files.scratch(), String(index));
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

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
