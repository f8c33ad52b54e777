import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mountTmpfs, unmount } from '../../../kernel/index.ts';
import type { ProcessMount } from '../../../runtime/index.ts';
import type { MountOperation } from '../../plan/index.ts';
import { openBind } from './open-bind.ts';
import { openCache } from './open-cache.ts';
import { openSsh } from './ssh-proxy.ts';
import type { MountPlace, OpeningPlace, OpenMount, OpenMounts } from './types.ts';
import { writeSecret } from './write-secret.ts';

/** Opens all mounts of a step; nothing is left if one of them fails. */
export async function openMounts(
  operations: readonly MountOperation[],
  place: MountPlace,
): Promise<OpenMounts> {
  await using stack = new AsyncDisposableStack();
  const opened: OpenMount[] = [];
  for (const [index, operation] of operations.entries())
    opened.push(await openMount(operation, index, { ...place, stack }));
  const mounts = opened.flatMap(({ mount }) => mount ?? []).sort((a, b) => depth(a.target) - depth(b.target));
  const kept = stack.move();
  return {
    mounts: mounts.map(({ isFolder: _, ...mount }) => mount),
    places: mounts.filter(mount => isOwnPlace(mount.target, mounts)).map(placeOf),
    env: Object.assign({}, ...opened.map(({ env }) => env)) as Record<string, string>,
    hidden: opened.flatMap(({ hidden = [] }) => hidden),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Puts a memory file system over a folder that is to hold secrets, so that no disk ever has them. */
export async function inMemory(folder: string): Promise<AsyncDisposable> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await mountTmpfs(folder, { sizeBytes: 64 * 1024 * 1024 });
  return { [Symbol.asyncDispose]: () => unmount(folder, { lazy: true }) };
}

async function openMount(operation: MountOperation, index: number, place: OpeningPlace): Promise<OpenMount> {
  switch (operation.type) {
    case 'bind':
      return await openBind(operation, place);
    case 'cache':
      return await openCache(operation, place);
    case 'tmpfs': {
      const { target, sizeBytes } = operation;
      const size = sizeBytes === undefined ? {} : { sizeBytes };
      return { mount: { type: 'tmpfs', target, exec: true, isFolder: true, ...size } };
    }
    case 'secret':
      return writeSecret(operation, join(place.folder, `secret-${index}`), place.secrets);
    case 'ssh':
      return await openSsh(operation, join(place.folder, `ssh-${index}`), place);
  }
}

/** The runtime makes the place of a mount that is below another one, or in one of its own file systems. */
function isOwnPlace(target: string, mounts: readonly ProcessMount[]): boolean {
  if (/^\/(dev|proc|sys)(\/|$)/.test(target)) return false;
  return !mounts.some(other => target.startsWith(`${other.target}/`));
}

function placeOf({ target, isFolder }: { readonly target: string; readonly isFolder: boolean }): string {
  return isFolder ? `${target}/` : target;
}

function depth(path: string): number {
  return path.split('/').length;
}
