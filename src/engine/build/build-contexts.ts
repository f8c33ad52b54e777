import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PlimsollError } from '../../errors.ts';
import { resolveInRoot } from '../kernel/index.ts';
import { checkOutGit, download, type GitAccess, isArchive, resolveGit, unpackArchive } from './copy/index.ts';
import { parseGitSource } from './dockerfile/index.ts';
import type { StepDeps } from './solve/index.ts';
import {
  type BuildContext,
  type KnownDigests,
  openContext,
  openFolder,
  type SourceTree,
} from './source/index.ts';
import type { BuildRequest } from './types.ts';

/** The contexts of a build, read in place or fetched; what was fetched goes when this is disposed of. */
export interface BuildContexts extends AsyncDisposable {
  readonly main: BuildContext & SourceTree;
  /** By name, as far as they are folders. */
  readonly named: ReadonlyMap<string, SourceTree>;
}

export interface ContextAccess {
  /** What is known of the files of a folder that stays. */
  readonly known: (folder: string) => KnownDigests;
  readonly snapshots: Pick<StepDeps['snapshots'], 'stage'>;
  readonly git: GitAccess;
}

/**
 * Opens the contexts of a request: a folder of this host; a git repository; the address of an archive or a Dockerfile; a
 * stream of either. Throws `not-found`, `permission-denied`, `invalid-argument` or `unavailable`.
 */
export async function openContexts(request: BuildRequest, access: ContextAccess): Promise<BuildContexts> {
  await using stack = new AsyncDisposableStack();
  const fetcher = new Fetcher(request, access, stack);
  const main = await openMain(request, fetcher);
  const named = new Map<string, SourceTree>();
  const remembering = <T extends SourceTree>(tree: T): T => {
    const known = access.known(tree.root);
    stack.defer(() => known.save());
    return { ...tree, known };
  };
  for (const [name, given] of Object.entries(request.contexts ?? {})) {
    if ('folder' in given) named.set(name, remembering(openFolder(given.folder)));
    else if ('address' in given) named.set(name, openFolder((await fetcher.fetch(given.address)).folder));
  }
  const opened = main.origin === main.root ? remembering(main) : main;
  const kept = stack.move();
  return { main: opened, named, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function openMain(request: BuildRequest, fetcher: Fetcher): Promise<BuildContext & SourceTree> {
  const { context, dockerfile, stream } = request;
  if (stream === undefined && !isAddress(context)) {
    const opened = openContext({ context, ...(dockerfile === undefined ? {} : { dockerfile }) });
    return { ...opened, root: opened.folder };
  }
  const fetched = await fetcher.fetch(stream ?? context);
  const path = fetched.dockerfile ?? resolveInRoot(fetched.folder, dockerfile ?? 'Dockerfile');
  const opened = openContext({ context: fetched.folder, dockerfile: path });
  return { ...opened, root: opened.folder, origin: context, dockerfile: dockerfile ?? 'Dockerfile' };
}

/** True for a context that has to be fetched. */
function isAddress(context: string): boolean {
  return /^https?:\/\//i.test(context) || gitSourceOf(context) !== undefined;
}

interface Fetched {
  readonly folder: string;
  /** A Dockerfile that came alone. */
  readonly dockerfile?: string;
}

class Fetcher {
  readonly #request: BuildRequest;
  readonly #access: ContextAccess;
  readonly #stack: AsyncDisposableStack;

  constructor(request: BuildRequest, access: ContextAccess, stack: AsyncDisposableStack) {
    this.#request = request;
    this.#access = access;
    this.#stack = stack;
  }

  async fetch(from: string | Readable): Promise<Fetched> {
    const git = typeof from === 'string' ? gitSourceOf(from) : undefined;
    if (git !== undefined) return { folder: await this.#checkOut(git) };
    const folder = await this.#scratch();
    const file = await this.#save(from, folder);
    const unpacked = join(folder, 'context');
    mkdirSync(unpacked);
    const { signal } = this.#request;
    if (isArchive(file) && (await unpackArchive(file, unpacked, signal))) return { folder: unpacked };
    if (readFileSync(file).includes(0)) throw unknownContent(from);
    return { folder: unpacked, dockerfile: file };
  }

  async #checkOut(source: NonNullable<ReturnType<typeof gitSourceOf>>): Promise<string> {
    const { signal, buildArgs = {} } = this.#request;
    const keepGitDir =
      source.keepGitDir ?? /^(1|t|true)$/i.test(buildArgs.BUILDKIT_CONTEXT_KEEP_GIT_DIR ?? '');
    const access = this.#access.git;
    const commit = await resolveGit(source, access, signal);
    const folder = await this.#scratch();
    return await checkOutGit({ ...source, keepGitDir }, commit, { folder, access, signal });
  }

  async #save(from: string | Readable, folder: string): Promise<string> {
    const { signal } = this.#request;
    const abort = signal === undefined ? {} : { signal };
    if (typeof from === 'string') return join(folder, await download(from, folder, abort));
    const file = join(folder, 'Dockerfile');
    await pipeline(from, createWriteStream(file), abort);
    return file;
  }

  async #scratch(): Promise<string> {
    const { signal } = this.#request;
    const staged = await this.#access.snapshots.stage([], signal === undefined ? {} : { signal });
    return this.#stack.use(staged).target;
  }
}

/** A folder that is there wins over a repository of its name. */
function gitSourceOf(text: string) {
  if (existsSync(text)) return undefined;
  try {
    return parseGitSource(text);
  } catch (error) {
    throw new PlimsollError('invalid-argument', `cannot build from "${text}": ${(error as Error).message}`, {
      code: 'CONTEXT_INVALID',
      hint: 'write it as https://host/repository.git#branch:folder',
    });
  }
}

function unknownContent(from: string | Readable): PlimsollError {
  const what = from instanceof Readable ? 'the input' : `"${from}"`;
  return new PlimsollError('invalid-argument', `${what} is neither an archive nor a Dockerfile`, {
    code: 'CONTEXT_INVALID',
    hint: 'give a tar, plain or compressed with gzip, bzip2, xz or zstd',
  });
}
