import { join } from 'node:path';
import { withLock } from '../../kernel/index.ts';
import type { SnapshotService } from '../../snapshot/index.ts';
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

/** Where its changes are. */
export function upperOf({ dataDir }: Pick<Root, 'dataDir'>, id: string): string {
  return join(dataDir, 'works', id, 'upper');
}

/** Mounts a working container, if it is not mounted yet. Returns the folder. */
export async function mountWork(
  { root, snapshots }: WorkFolderOptions,
  { id, layers }: WorkingContainer,
): Promise<string> {
  const folder = join(root.dataDir, 'works', id);
  const target = join(folder, 'rootfs');
  await snapshots.mount({ layers, upper: upperOf(root, id), work: join(folder, 'work'), target });
  return target;
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
      return await action({ target, upper: upperOf(root, work.id), detach: () => snapshots.unmount(target) });
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
