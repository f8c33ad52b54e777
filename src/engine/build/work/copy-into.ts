import { posix } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { parseGitSource } from '../dockerfile/index.ts';
import { noFilter } from '../patterns/index.ts';
import type { CopyOperation, CopySource, FileSource } from '../plan/index.ts';
import type { WorkCopyRequest, WorkingContainer } from './types.ts';

/** A copy into a working container as if a Dockerfile had it as a COPY or ADD. */
export function copyOperation(
  { config }: WorkingContainer,
  request: WorkCopyRequest,
  from: FileSource,
): CopyOperation {
  const { sources, destination = '', chown, chmod, exclude = [], checksum, add = false } = request;
  const absolute = posix.resolve('/', config.WorkingDir ?? '/', destination);
  const isFolder = destination === '' || /(^|\/)\.{0,2}$/.test(destination) || sources.length > 1;
  return {
    kind: 'copy',
    from,
    sources: sources.map(source => (add ? addSource(source) : { kind: 'path', path: source })),
    inline: [],
    destination: isFolder && absolute !== '/' ? `${absolute}/` : absolute,
    exclude,
    parents: false,
    unpack: add ? 'archives' : 'never',
    link: false,
    ...(chown === undefined ? {} : { chown }),
    ...(chmod === undefined ? {} : { chmod }),
    ...(checksum === undefined ? {} : { checksum }),
  };
}

/** What ADD takes beside paths. */
function addSource(source: string): CopySource {
  const git = gitSource(source);
  if (git !== undefined) return { kind: 'git', written: source, git };
  return /^https?:\/\//i.test(source) ? { kind: 'url', url: source } : { kind: 'path', path: source };
}

function gitSource(source: string) {
  try {
    return parseGitSource(source);
  } catch (error) {
    throw new PlimsollError('invalid-argument', `cannot take "${source}": ${(error as Error).message}`, {
      code: 'SOURCE_INVALID',
      hint: 'write it as https://host/repository.git?branch=NAME&subdir=FOLDER',
    });
  }
}

/** A folder as a source of files, whole: an ignore file in it is a file like others. */
export function wholeFolder(root: string) {
  return { root, filter: noFilter };
}
