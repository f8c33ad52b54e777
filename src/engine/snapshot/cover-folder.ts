import { lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, posix } from 'node:path';
import { throwIfAborted } from '../../errors.ts';
import { blankEntry, type TarEntry, tarEnd, writeTarHeader } from '../../lib/tar/index.ts';
import { mountOverlay, runOrThrow } from '../kernel/index.ts';
import { overlayOptions } from './overlay-options.ts';
import { makeScratch, type ScratchOptions } from './scratch.ts';
import type { CoveredFolder } from './types.ts';

/** See `SnapshotService.cover`. */
export async function coverFolder(
  context: ScratchOptions,
  folder: string,
  options: { readonly hide?: readonly string[]; readonly signal?: AbortSignal },
): Promise<CoveredFolder> {
  throwIfAborted(options.signal, 'covering a folder');
  const scratch = makeScratch(context);
  try {
    const [upper, work, target] = ['upper', 'work', 'merged'].map(name => join(scratch.path, name));
    if (upper === undefined || work === undefined || target === undefined)
      throw new RangeError('three names');
    for (const made of [upper, work, target]) mkdirSync(made, { mode: 0o755 });
    symlinkSync(folder, join(scratch.path, 'lower')); // a name without characters that a mount option cannot have
    await whiteOut(upper, folder, options.hide ?? []);
    await mountOverlay({
      lowerBase: scratch.path,
      lowers: ['lower'],
      upper,
      work,
      target,
      options: overlayOptions(context.root),
    });
    return { target, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}

/** Puts deletions into an upper folder: character devices 0:0, in folders like those below. tar(1) makes all at once. */
async function whiteOut(upper: string, folder: string, hide: readonly string[]): Promise<void> {
  if (hide.length === 0) return;
  const made = new Set<string>();
  const entries = hide.flatMap(path => [...foldersAbove(folder, path, made), whiteout(path)]);
  const input = Buffer.concat([...entries.map(entry => writeTarHeader(entry)), tarEnd]);
  await runOrThrow('tar', ['-C', upper, '--numeric-owner', '--delay-directory-restore', '-xpf', '-'], {
    input,
  });
}

function foldersAbove(root: string, path: string, made: Set<string>): TarEntry[] {
  const parent = posix.dirname(path);
  if (parent === '.' || made.has(parent)) return [];
  made.add(parent);
  const { mode, uid, gid, mtimeMs } = lstatSync(join(root, parent));
  const entry: TarEntry = {
    ...whiteout(parent),
    type: 'directory',
    mode: mode & 0o7777,
    uid,
    gid,
    mtime: Math.floor(mtimeMs / 1000),
  };
  return [...foldersAbove(root, parent, made), entry];
}

function whiteout(path: string): TarEntry {
  return { ...blankEntry, name: Buffer.from(path).toString('latin1'), type: 'character' };
}
