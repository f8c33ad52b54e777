import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../../errors.ts';
import { TreeRoot } from '../../archive/index.ts';
import { isAlive, openPrivateMounts, type PrivateMounts, resolveInRoot } from '../../kernel/index.ts';
import { copyUp } from '../copy-up.ts';
import { volumeSource } from '../mount-source.ts';
import type { ContainerRecord } from '../records.ts';
import { isLive, lockContainer, pathsOf, treeOf, type World } from '../world.ts';

/** A container's files; dispose of it when done with them. */
export interface OpenFilesystem extends AsyncDisposable {
  readonly tree: TreeRoot;
}

export interface OpenOptions {
  /** The image and what was changed in it, without what is mounted into the container. */
  readonly bare?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The files of a container as its processes see (or would see) them, with volumes, binds and, while it runs, memory
 * file systems. One that does not run is mounted for the purpose, and cannot be started meanwhile. If this process
 * dies the next reconciliation takes the mount away.
 */
export async function openFilesystem(
  world: World,
  id: string,
  options: OpenOptions = {},
): Promise<OpenFilesystem> {
  const live = await openLive(world, world.records.find(id), options);
  if (live !== undefined) return live;
  await using stack = new AsyncDisposableStack();
  const { signal } = options;
  stack.use(await lockContainer(world, id, signal === undefined ? {} : { signal }));
  const record = world.records.find(id);
  const now = await openLive(world, record, options); // started while the lock was waited for
  if (now !== undefined) return now;
  const root = await mountStopped(world, record, options, stack);
  const tree = stack.use(await TreeRoot.open(root));
  const kept = stack.move();
  return { tree, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function openLive(
  world: World,
  { id, state }: ContainerRecord,
  { bare }: OpenOptions,
): Promise<OpenFilesystem | undefined> {
  if (!isLive(state) || state.process === undefined) return undefined;
  try {
    const tree = await TreeRoot.open(
      bare ? pathsOf(world.root, id).rootfs : `/proc/${state.process.pid}/root`,
    );
    // Asked after opening: the number may have become another process's before that.
    if (isAlive(state.process)) return { tree, [Symbol.asyncDispose]: async () => tree[Symbol.dispose]() };
    tree[Symbol.dispose]();
  } catch (error) {
    if (!['ENOENT', 'ESRCH', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
  }
  return undefined; // it has just ended
}

/** Mounts what a start would, in reverse order of what the stack undoes; returns the folder that is the root. */
async function mountStopped(
  world: World,
  record: ContainerRecord,
  { bare, signal }: OpenOptions,
  stack: AsyncDisposableStack,
): Promise<string> {
  const { rootfs, bundle } = pathsOf(world.root, record.id);
  const { resolved, spec } = record;
  mkdirSync(bundle, { recursive: true, mode: 0o700 });
  stack.defer(() => removeEmpty(bundle));
  stack.defer(async () => {
    await world.snapshots.unmount(rootfs);
    removeEmpty(rootfs);
  });
  const disposable = spec.autoRemove;
  await world.snapshots.mount({ ...treeOf(world.root, record), target: rootfs, disposable, signal });
  const binds = resolved.mounts.filter(mount => mount.type !== 'tmpfs');
  if (!bare && binds.some(({ type }) => type === 'volume')) {
    stack.defer(() => world.volumes.unmount(record.id));
    // Before the space is made, which sees nothing of what is mounted later.
    for (const mount of binds) if (mount.type === 'volume') await world.volumes.mount(mount.name);
  }
  if (bare || (binds.length === 0 && !spec.readOnlyRoot)) return rootfs;
  const space = stack.use(await openPrivateMounts());
  for (const mount of binds) await bindInto(world, space, rootfs, mount);
  if (spec.readOnlyRoot) await space.protect(rootfs); // last: mount points had to be made in it
  return join(space.root, rootfs);
}

async function bindInto(
  world: World,
  space: PrivateMounts,
  rootfs: string,
  mount: Exclude<ContainerRecord['resolved']['mounts'][number], { type: 'tmpfs' }>,
): Promise<void> {
  const source = mount.type === 'bind' ? mount.source : await volumeSource(world, mount);
  if (mount.type === 'volume' && !mount.noCopy && mount.subpath === undefined)
    await copyUp(rootfs, mount.target, source);
  const target = resolveInRoot(join(space.root, rootfs), mount.target);
  if (!existsSync(target)) makeMountPoint(target, statSync(source).isDirectory());
  await space.bind(source, target.slice(space.root.length), { readOnly: mount.readOnly });
}

function makeMountPoint(target: string, isFolder: boolean): void {
  mkdirSync(isFolder ? target : dirname(target), { recursive: true });
  if (!isFolder) writeFileSync(target, '');
}

/** Keeps a folder that somebody else needs: of a container that waits for its restart, for one. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EBUSY'].includes(errnoOf(error) ?? '')) throw error;
  }
}
