import { join } from 'node:path';
import { withLock } from '../../kernel/index.ts';
import type { KeptTree, SnapshotService } from '../../snapshot/index.ts';
import type { Root } from '../../store/index.ts';
import type { WorkingContainer } from './types.ts';

export interface WorkFolderOptions {
  readonly root: Root;
  readonly snapshots: Pick<SnapshotService, 'mount' | 'unmount'>;
}

/** The files of a working container while they are mounted. */
export interface MountedWork {
  readonly target: string;
  readonly upper: string;
  /** Unmounts: then `upper` may be written to. */
  detach(): Promise<void>;
}

/** Its files, as they are kept. */
export function workTree(
  { dataDir }: Pick<Root, 'dataDir'>,
  { id, layers, driver }: Pick<WorkingContainer, 'id' | 'layers' | 'driver'>,
): KeptTree {
  const folder = join(dataDir, 'works', id);
  return { layers, driver, upper: join(folder, 'upper'), work: join(folder, 'work') };
}

/** Mounts a working container, if it is not mounted yet. Returns the folder. */
export async function mountWork(
  { root, snapshots }: WorkFolderOptions,
  work: WorkingContainer,
): Promise<string> {
  const target = join(root.dataDir, 'works', work.id, 'rootfs');
  return await snapshots.mount({ ...workTree(root, work), target });
}

/** Works on the files of a working container, alone: others wait. What was mounted before is so afterwards. */
export async function withFiles<T>(
  options: WorkFolderOptions,
  work: WorkingContainer,
  signal: AbortSignal | undefined,
  action: (mounted: MountedWork) => Promise<T>,
): Promise<T> {
  const { root, snapshots } = options;
  return await alone(root, work, signal, async () => {
    const target = await mountWork(options, work);
    try {
      const { upper } = workTree(root, work);
      return await action({ target, upper, detach: () => snapshots.unmount(target) });
    } finally {
      if (work.isMounted) await mountWork(options, work);
      else await snapshots.unmount(target);
    }
  });
}

/** Keeps every other process from a working container meanwhile. */
export async function alone<T>(
  { runDir }: Pick<Root, 'runDir'>,
  { id }: Pick<WorkingContainer, 'id'>,
  signal: AbortSignal | undefined,
  action: () => Promise<T>,
): Promise<T> {
  const options = { timeoutMs: 2 ** 31 - 1, ...(signal === undefined ? {} : { signal }) };
  return await withLock(join(runDir, 'locks', `work-${id}`), action, options);
}
