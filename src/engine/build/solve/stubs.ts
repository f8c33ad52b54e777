import {
  closeSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { resolveInRoot } from '../../kernel/index.ts';

interface Stub {
  readonly path: string;
  readonly isFolder: boolean;
  readonly parent: string;
  readonly parentBefore: Stats;
  readonly parentAfter: number;
}

/**
 * Makes the places that a step's mounts need (`/proc/`, `/etc/hosts`) in its root filesystem where they are missing.
 * The function that it returns takes away those that are still empty, so that no mount leaves a trace in the layer;
 * a folder above gets its old mtime back unless the step itself changed it.
 */
export function makeStubs(root: string, places: readonly string[]): () => void {
  const stubs: Stub[] = [];
  for (const place of places) {
    const isFolder = place.endsWith('/');
    const path = resolveInRoot(root, place);
    if (exists(path)) continue;
    const parent = dirname(path);
    if (!exists(parent)) stubs.push(...makeStubParents(root, parent));
    stubs.push(makeStub(path, parent, isFolder));
  }
  return () => {
    for (const stub of stubs.reverse()) removeStub(stub);
  };
}

function makeStubParents(root: string, folder: string): Stub[] {
  const parent = dirname(folder);
  const above = exists(parent) ? [] : makeStubParents(root, parent);
  return [...above, makeStub(folder, parent, true)];
}

function makeStub(path: string, parent: string, isFolder: boolean): Stub {
  const parentBefore = lstatSync(parent);
  if (isFolder) mkdirSync(path, 0o755);
  else closeSync(openSync(path, 'wx', 0o644));
  return { path, isFolder, parent, parentBefore, parentAfter: lstatSync(parent).mtimeMs };
}

function removeStub({ path, isFolder, parent, parentBefore, parentAfter }: Stub): void {
  try {
    const untouched = lstatSync(parent).mtimeMs === parentAfter;
    if (isFolder) rmdirSync(path);
    else if (lstatSync(path).size === 0) unlinkSync(path);
    else return;
    if (untouched) lutimesSync(parent, parentBefore.atimeMs / 1000, parentBefore.mtimeMs / 1000);
  } catch {
    // The step put something there, or took it away: then it is the step's.
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
