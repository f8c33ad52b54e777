import { copyFileSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { resolveInRoot } from '../../../kernel/index.ts';
import { noFilter } from '../../patterns/index.ts';
import type { MountOperation } from '../../plan/index.ts';
import { createPause, hiddenPaths, type SourceTree } from '../../source/index.ts';
import type { OpeningPlace, OpenMount } from './types.ts';

type BindOperation = Extract<MountOperation, { type: 'bind' }>;

/**
 * A file or folder of the context, a stage or an image. What the ignore file leaves out is not seen, and what a writable
 * one is written is lost: the source never changes.
 */
export async function openBind(operation: BindOperation, place: OpeningPlace): Promise<OpenMount> {
  const { from, source, target, readOnly } = operation;
  const tree = await place.files.tree(from);
  const path = resolveInRoot(tree.root, source);
  const isFolder = lstatSync(path).isDirectory(); // it is there: its digest is part of the step's key
  const shown = from.kind === 'context' ? await coverSource(tree, { path, isFolder, readOnly }, place) : path;
  return { mount: { type: 'bind', source: shown, target, readOnly, isFolder } };
}

interface Shown {
  readonly path: string;
  readonly isFolder: boolean;
  readonly readOnly: boolean;
}

/** A folder of the host as the step may see it. */
async function coverSource(
  tree: SourceTree,
  { path, isFolder, readOnly }: Shown,
  { deps, files, stack }: OpeningPlace,
): Promise<string> {
  const { signal } = files;
  if (!isFolder) {
    if (readOnly) return path;
    const copy = join(await files.scratch(), 'file');
    copyFileSync(path, copy);
    return copy;
  }
  const inside = path.slice(tree.root.length + 1);
  const hide = tree.filter === noFilter ? [] : await hiddenPaths(tree, inside, createPause(signal));
  if (readOnly && hide.length === 0) return path;
  return stack.use(await deps.snapshots.cover(path, { hide, signal })).target;
}
