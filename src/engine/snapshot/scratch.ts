import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mountsBelow, unmount } from '../kernel/index.ts';
import type { Leases, Root } from '../store/index.ts';
import type { Trash } from './trash.ts';
import type { ScratchFolder } from './types.ts';

export interface ScratchOptions {
  readonly root: Root;
  readonly leases: Leases;
  readonly trash: Trash;
}

/** Makes a leased folder in `tmp`; see `SnapshotService.scratch`. */
export function makeScratch({ root, leases, trash }: ScratchOptions): ScratchFolder {
  const lease = leases.take('stage', '');
  const path = join(root.dataDir, 'tmp', lease.id);
  mkdirSync(path, { mode: 0o755 });
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      for (const target of mountsBelow(path).reverse()) await unmount(target, { lazy: true });
      await trash.delete(path);
      lease.release();
    },
  };
}
