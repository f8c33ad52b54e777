import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PlimsollError } from '../../errors.ts';
import type { CopySide, SideFacts, SideOptions } from './copy-side.ts';
import { lastPart } from './plan-copy.ts';

/** The files of this machine. What is written here is the caller's, unless owners are kept. */
export function localSide(cwd: string, { archive, signal, onBytes }: SideOptions): CopySide {
  return {
    stat: async (path, { follow }) => factsOf(resolveKeepingSlash(cwd, path), follow),
    read: async (path, name) => {
      const { packTree, TreeRoot } = await import('../../engine/index.ts');
      const absolute = resolve(cwd, path);
      const content = lastPart(path) === '.' || path.endsWith('/');
      const tree = await TreeRoot.open(content ? absolute : dirname(absolute));
      const inTree = content ? '/' : `/${latin1(lastPart(absolute))}`;
      return closing(tree, packTree({ tree, path: inTree, name: latin1(name), signal }));
    },
    write: async (folder, tar) => {
      const { TreeRoot, unpackTree } = await import('../../engine/index.ts');
      const path = resolve(cwd, folder);
      if (factsOf(path, true)?.type !== 'directory') throw noFolder(folder);
      using tree = await TreeRoot.open(path);
      const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
      const ownership = archive ? {} : { owner };
      await unpackTree({ tree, folder: '/', tar, ...ownership, keepKinds: true, signal, onBytes });
    },
  };
}

function factsOf(path: string, follow: boolean): SideFacts | undefined {
  const stats = (follow ? statSync : lstatSync)(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) return { type: 'symlink', linkTarget: readlinkSync(path) };
  const type = stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'other';
  return { type, linkTarget: '' };
}

/** A slash at the end says that a folder is meant. */
function resolveKeepingSlash(cwd: string, path: string): string {
  return path.endsWith('/') ? `${resolve(cwd, path)}/` : resolve(cwd, path);
}

async function* closing(tree: Disposable, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  using _open = tree;
  yield* pieces;
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function noFolder(folder: string): PlimsollError {
  return new PlimsollError('not-found', `there is no folder "${folder}" to copy into`, {
    code: 'PATH_NOT_FOUND',
    hint: 'make it first',
  });
}
