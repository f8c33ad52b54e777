import { existsSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, messageOf, PlimsollError } from '../../../errors.ts';
import { nearMisses } from '../../../lib/near-misses.ts';
import { shellWord } from '../../../lib/shell-word.ts';
import type { DockerfileSource } from '../dockerfile/index.ts';
import { noFilter, type PathFilter, parseIgnoreFile } from '../patterns/index.ts';
import type { SourceTree } from './select-files.ts';

/** A folder to build from, read in place. */
export interface BuildContext {
  readonly folder: string;
  /** As the user knows it: the folder, or where it was fetched from. */
  readonly origin: string;
  readonly dockerfile: string;
  readonly source: DockerfileSource;
  /** What the .dockerignore leaves out. */
  readonly filter: PathFilter;
}

/** A larger one is a mistake in the name of the file; its hundred thousand steps would take hours. */
const LARGEST_DOCKERFILE = 1024 * 1024;

/**
 * Opens the context of a build: checks the folder, reads the Dockerfile and the ignore file beside it
 * (`<Dockerfile>.dockerignore`, else `.dockerignore`). Throws `not-found`, `permission-denied` or `invalid-argument`.
 */
export function openContext(request: { context: string; dockerfile?: string }): BuildContext {
  const folder = checkedFolder(request.context);
  const dockerfile = request.dockerfile ?? defaultDockerfile(folder);
  const text = readDockerfile(dockerfile, folder);
  return {
    folder,
    origin: folder,
    dockerfile,
    source: { file: basename(dockerfile), text },
    filter: readIgnoreFile([`${dockerfile}.dockerignore`, join(folder, '.dockerignore')]),
  };
}

/** `Dockerfile`; where there is none what docker (`dockerfile`) and Buildah (`Containerfile`) take. */
function defaultDockerfile(folder: string): string {
  const names = ['Dockerfile', 'dockerfile', 'Containerfile'].map(name => join(folder, name));
  const [usual = ''] = names;
  return names.find(path => existsSync(path)) ?? usual;
}

/** Opens a further context: a folder, less what its .dockerignore leaves out. Throws like `openContext`. */
export function openFolder(path: string): SourceTree {
  const folder = checkedFolder(path);
  return { root: folder, filter: readIgnoreFile([join(folder, '.dockerignore')]) };
}

function checkedFolder(path: string): string {
  const folder = resolve(path);
  if (statOrThrow(folder).isDirectory()) return folder;
  throw new PlimsollError('invalid-argument', `the build context "${folder}" is not a folder`, {
    code: 'CONTEXT_NOT_FOLDER',
    hint: 'name the folder that holds the Dockerfile',
  });
}

function statOrThrow(folder: string): Stats {
  try {
    return statSync(folder);
  } catch (error) {
    throw unreadable(`the build context "${folder}"`, error, 'name the folder that holds the Dockerfile');
  }
}

function readDockerfile(path: string, folder: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length <= LARGEST_DOCKERFILE) return text;
  } catch (error) {
    if (errnoOf(error) === 'EISDIR') {
      throw new PlimsollError('invalid-argument', `the Dockerfile "${path}" is a folder`, {
        code: 'DOCKERFILE_UNREADABLE',
        hint: 'name a file with --file',
      });
    }
    throw unreadable(
      `the Dockerfile "${path}"`,
      error,
      otherFile(path, folder) ?? `put one into "${folder}", or name another file with --file`,
      'DOCKERFILE',
    );
  }
  throw new PlimsollError('invalid-argument', `the Dockerfile "${path}" is larger than 1 MiB`, {
    code: 'DOCKERFILE_TOO_LARGE',
    hint: 'name the right file with --file, or COPY what it writes from files of the context',
  });
}

/** A file that may have been meant: of nearly the same name, or of one that such files have, there or in the context. */
function otherFile(path: string, folder: string): string | undefined {
  const wanted = basename(path).toLowerCase();
  const isUsual = (name: string) => /^(dockerfile|containerfile)(\.\w+)?$|\.dockerfile$/i.test(name);
  const near = [...new Set([dirname(path), folder])].flatMap(place => {
    const names = filesIn(place).filter(name => join(place, name) !== path);
    const isAlike = (name: string) =>
      Math.abs(name.length - wanted.length) <= 2 && nearMisses(wanted, [name]).length > 0;
    const alike = names.filter(name => isAlike(name.toLowerCase()));
    return [...new Set([...alike, ...names.filter(isUsual)])].map(name => join(place, name));
  });
  return near[0] === undefined ? undefined : `did you mean --file ${shellWord(near[0])}?`;
}

function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter(entry => entry.isFile()).map(({ name }) => name);
  } catch {
    return []; // no such folder, or not for us
  }
}

function readIgnoreFile(paths: readonly string[]): PathFilter {
  for (const path of paths) {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') continue;
      throw unreadable(`the ignore file "${path}"`, error, 'make it a readable file, or take it away');
    }
    return parseIgnoreFile(text, basename(path));
  }
  return noFilter;
}

function unreadable(what: string, error: unknown, hint: string, code = 'CONTEXT'): PlimsollError {
  const missing = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR';
  if (missing)
    return new PlimsollError('not-found', `${what} does not exist`, {
      code: `${code}_NOT_FOUND`,
      hint,
      cause: error,
    });
  const denied = errnoOf(error) === 'EACCES';
  return new PlimsollError(
    denied ? 'permission-denied' : 'invalid-argument',
    denied ? `${what} cannot be read: permission denied` : `${what} cannot be read: ${messageOf(error)}`,
    {
      code: `${code}_UNREADABLE`,
      hint: denied ? 'give yourself permission to read it, or run as its owner' : hint,
      cause: error,
    },
  );
}
