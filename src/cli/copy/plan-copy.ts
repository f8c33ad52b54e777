import { posix } from 'node:path';
import { PlimsollError } from '../../errors.ts';

/** What is known of both ends before anything is copied. */
export interface CopyQuestion {
  readonly source: { readonly path: string; readonly isFolder: boolean };
  /** `found`: what is at the path, links followed. */
  readonly target: { readonly path: string; readonly found: 'folder' | 'file' | undefined };
}

/** Where to unpack, and what the file or folder is called there; `.`: only what is in it. */
export interface CopyPlan {
  readonly folder: string;
  readonly name: string;
}

/**
 * Where a copy goes, by docker's rules (docs.docker.com/reference/cli/docker/container/cp): into a folder under its own
 * name, onto a file, or to a name that does not exist yet; `SOURCE/.` means the content of a folder. Throws
 * `invalid-argument` (`CANNOT_COPY`) or `not-found` (`PATH_NOT_FOUND`).
 */
export function planCopy({ source, target }: CopyQuestion): CopyPlan {
  const name = lastPart(source.path);
  if (target.found === 'folder') return { folder: target.path, name };
  const plan = { folder: posix.dirname(target.path), name: posix.basename(target.path) };
  if (target.found === undefined) {
    if (source.isFolder || !target.path.endsWith('/')) return plan;
    throw new PlimsollError('not-found', `the folder "${target.path}" does not exist`, {
      code: 'PATH_NOT_FOUND',
      hint: 'make it first, or leave out the slash at its end to copy to that name',
    });
  }
  if (source.isFolder || target.path.endsWith('/')) {
    const what = source.isFolder ? 'a folder cannot be copied onto it' : 'it is not a folder';
    throw new PlimsollError('invalid-argument', `"${target.path}" is a file: ${what}`, {
      code: 'CANNOT_COPY',
      hint: 'name a folder, or a name that does not exist yet',
    });
  }
  return plan;
}

/** What a path is called: `.` if it names the content of a folder by its form (`/srv/.`, `/`, `..`). */
export function lastPart(path: string): string {
  const last =
    path
      .replace(/(.)\/+$/, '$1')
      .split('/')
      .at(-1) ?? '';
  return last === '' || last === '..' ? '.' : last;
}
