import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join, posix } from 'node:path';
import { errnoOf, PlimsollError } from '../../../errors.ts';
import { nearMisses } from '../../../lib/near-misses.ts';
import { resolveInRoot } from '../../kernel/index.ts';
import {
  compileGlob,
  filterFromPatterns,
  hasWildcard,
  noFilter,
  type PathFilter,
} from '../patterns/index.ts';
import type { KnownDigests } from './known-digests.ts';
import { createPause } from './pause.ts';

/** Where COPY takes files from: the context folder, or the root filesystem of a stage or an image. */
export interface SourceTree {
  readonly root: string;
  /** What may not be seen of it; paths relative to `root`. */
  readonly filter: PathFilter;
  /** What earlier builds found out about its files. */
  readonly known?: KnownDigests;
}

export interface SelectRequest {
  readonly tree: SourceTree;
  /** Paths or patterns, relative to the root whether they begin with `/` or not. */
  readonly sources: readonly string[];
  readonly exclude: readonly string[];
  /** Keep the folders of the source path; those before `/./` are left out. */
  readonly parents: boolean;
  readonly signal?: AbortSignal;
}

/** One source after wildcards: a file, or a folder with all that is copied of it. */
export interface Selection {
  /** Relative to the root, as matched. */
  readonly source: string;
  readonly isFolder: boolean;
  /**
   * What is copied, folders before what they hold, sorted by path. `path` is relative to the destination folder: for a
   * file its name; for a folder's content the path below it, and `''` for the folder itself.
   */
  readonly entries: readonly FileEntry[];
}

export interface FileEntry {
  readonly path: string;
  /** On the host. */
  readonly file: string;
  readonly status: Stats;
  readonly link?: string;
}

/**
 * Finds the files that the sources of one COPY mean. A symlink named as a source is followed (never out of the root),
 * one inside a folder is copied as a link. Sockets are left out, as docker does. Throws `not-found` if a source
 * is not there; a pattern may match nothing, as with BuildKit (its copies have `AllowEmptyWildcard`).
 */
export async function selectFiles(request: SelectRequest): Promise<Selection[]> {
  const { tree, sources, exclude, parents } = request;
  const excluded = exclude.length === 0 ? noFilter : filterFromPatterns(exclude, '--exclude');
  const walker: Walker = { tree, excluded, pause: createPause(request.signal) };
  const selections: Selection[] = [];
  for (const written of sources) {
    const { pattern, pivot } = splitPivot(written, parents);
    const matches = hasWildcard(pattern) ? await expandPattern(walker, pattern, parents) : [pattern];
    let found = false;
    for (const match of matches) {
      const selection = await selectOne(walker, match, parents ? pivot : undefined);
      if (selection === undefined) continue;
      found = true;
      selections.push(selection);
    }
    if (!found && !hasWildcard(pattern)) throw nothingMatches(tree, written, pattern);
  }
  return selections;
}

interface Walker {
  readonly tree: SourceTree;
  readonly excluded: PathFilter;
  readonly pause: () => Promise<void> | undefined;
}

/** `a/b/./c/d` with --parents copies `c/d`; the part before the first `/./` is only where it is. */
function splitPivot(written: string, parents: boolean): { pattern: string; pivot: string } {
  const at = parents ? written.indexOf('/./') : -1;
  const clean = (path: string) => posix.normalize(`/${path}`).replace(/^\/+|\/+$/g, '');
  return { pattern: clean(written), pivot: at < 0 ? '' : clean(written.slice(0, at)) };
}

/** Paths that match, segment by segment, sorted; folders that cannot match are not read. */
async function expandPattern(walker: Walker, pattern: string, doubleStar: boolean): Promise<string[]> {
  if (doubleStar && pattern.includes('**')) return expandDeep(walker, pattern);
  let found = [''];
  for (const segment of pattern.split('/')) {
    const glob = compileGlob(segment, { doubleStar: false });
    if (glob === undefined) throw badPattern(pattern);
    const next: string[] = [];
    for (const folder of found) {
      await walker.pause();
      const names = hasWildcard(segment)
        ? namesIn(walker.tree, folder).filter(name => glob.test(name))
        : [segment];
      next.push(...names.map(name => posix.join(folder, name)));
    }
    found = next;
  }
  return found;
}

async function expandDeep(walker: Walker, pattern: string): Promise<string[]> {
  const glob = compileGlob(pattern, { doubleStar: true });
  if (glob === undefined) throw badPattern(pattern);
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const name of namesIn(walker.tree, folder)) {
      await walker.pause();
      const path = posix.join(folder, name);
      if (glob.test(path)) found.push(path);
      else if (lstatSync(join(walker.tree.root, path)).isDirectory()) await visit(path);
    }
  };
  await visit('');
  return found;
}

function namesIn({ root, filter }: SourceTree, folder: string): string[] {
  if (folder !== '' && filter.excludes(folder) && !filter.mayIncludeBelow(folder)) return [];
  try {
    return readdirSync(resolveInRoot(root, folder)).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}

async function selectOne(
  walker: Walker,
  source: string,
  pivot: string | undefined,
): Promise<Selection | undefined> {
  const { tree, excluded } = walker;
  const file = resolveInRoot(tree.root, source);
  let status: Stats;
  try {
    status = lstatSync(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  const target = file === tree.root ? '' : file.slice(tree.root.replace(/\/$/, '').length + 1);
  const hidden = target !== '' && (tree.filter.excludes(source) || tree.filter.excludes(target));
  const prefix = pivot === undefined ? undefined : posix.relative(`/${pivot}`, `/${source}`);
  if (!status.isDirectory()) {
    const name = prefix ?? posix.basename(source);
    if (hidden || status.isSocket() || excluded.excludes(posix.basename(source))) return undefined;
    return { source, isFolder: false, entries: [{ path: name, file, status }] };
  }
  if (hidden && !tree.filter.mayIncludeBelow(target)) return undefined;
  const entries: FileEntry[] = [{ path: prefix ?? '', file, status }];
  await walk(walker, { file, inTree: target, below: '', into: prefix ?? '' }, entries);
  if (hidden && entries.length === 1) return undefined;
  return { source, isFolder: true, entries };
}

interface Place {
  readonly file: string;
  /** Path for the filter. */
  readonly inTree: string;
  /** Path below the source, for `--exclude`. */
  readonly below: string;
  /** Path below the destination. */
  readonly into: string;
}

/** Adds what a folder holds; a folder that the filter leaves out comes in only for what is let in below it. */
async function walk(walker: Walker, place: Place, entries: FileEntry[]): Promise<void> {
  const { tree, excluded, pause } = walker;
  for (const name of readdirSync(place.file).sort()) {
    await pause();
    const inner: Place = {
      file: join(place.file, name),
      inTree: posix.join(place.inTree, name),
      below: posix.join(place.below, name),
      into: posix.join(place.into, name),
    };
    const left = tree.filter.excludes(inner.inTree) || excluded.excludes(inner.below);
    const deeper = tree.filter.mayIncludeBelow(inner.inTree) || excluded.mayIncludeBelow(inner.below);
    if (left && !deeper) continue;
    const status = lstatSync(inner.file);
    if (status.isSocket()) continue;
    if (!status.isDirectory()) {
      if (left) continue;
      const link = status.isSymbolicLink() ? { link: readlinkSync(inner.file) } : {};
      entries.push({ path: inner.into, file: inner.file, status, ...link });
      continue;
    }
    const before = entries.length;
    entries.push({ path: inner.into, file: inner.file, status });
    await walk(walker, inner, entries);
    if (left && entries.length === before + 1) entries.pop();
  }
}

function nothingMatches(tree: SourceTree, written: string, pattern: string): PlimsollError {
  const ignored = pattern !== '' && tree.filter.excludes(pattern);
  return new PlimsollError(
    'not-found',
    ignored ? `"${written}" is left out by the ignore file` : `"${written}" is not there to be copied`,
    {
      code: 'SOURCE_NOT_FOUND',
      hint: ignored ? ignoredHint(tree, written, pattern) : missingHint(tree, written, pattern),
    },
  );
}

function ignoredHint({ filter }: SourceTree, written: string, pattern: string): string {
  const reason = filter.reason?.(pattern);
  const remedy = `let it in with a line "!${written.replace(/^\/+/, '')}" below it`;
  return reason === undefined ? 'let it in with a line that begins with "!"' : `${reason}: ${remedy}`;
}

/** What may have been meant: in the deepest folder of the path that is there, a name that is nearly the one that is not. */
function missingHint(tree: SourceTree, written: string, pattern: string): string {
  if (/^\.\.(\/|$)/.test(posix.normalize(written)))
    return 'a build sees nothing above its context: build with the folder above as the context (-f says where the Dockerfile is), or give that folder with --build-context NAME=FOLDER and take it with --from=NAME';
  const segments = pattern.split('/');
  const isThere = (path: string) => lstatSync(resolveInRoot(tree.root, path), { throwIfNoEntry: false });
  const at = segments.findIndex((_, index) => !isThere(segments.slice(0, index + 1).join('/')));
  const above = segments.slice(0, Math.max(at, 0)).join('/');
  const names = namesIn(tree, above);
  const wrong = segments[at] ?? '';
  const sameLetters = names.filter(name => name.toLowerCase() === wrong.toLowerCase());
  const near = sameLetters.length > 0 ? sameLetters : nearMisses(wrong, names, 2);
  const slash = written.startsWith('/') ? '/' : '';
  const meant = near.map(
    name => `"${slash}${[...segments.slice(0, at), name, ...segments.slice(at + 1)].join('/')}"`,
  );
  if (meant.length > 0) return `did you mean ${meant.join(' or ')}?`;
  return 'paths are relative to the build context (or to the root of the stage or image with --from)';
}

function badPattern(pattern: string): PlimsollError {
  return new PlimsollError('invalid-argument', `the pattern "${pattern}" is malformed`, {
    code: 'PATTERN_INVALID',
    hint: 'close each "[" with a "]"',
  });
}
