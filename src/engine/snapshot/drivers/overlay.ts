import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { findMount, mountOverlay } from '../../kernel/index.ts';
import { disposableOverlayOptions, overlayOptions } from '../overlay-options.ts';
import type { MarkedRoot } from '../overlay-rights.ts';
import type { StorageDriver } from './types.ts';

/** The kernel's overlayfs: nothing is copied before it is changed, and nothing stands between a process and its files. */
export function overlayDriver(root: MarkedRoot): StorageDriver {
  return {
    name: 'overlay',
    open: async (place, { target, disposable }) => {
      if (findMount(target)?.type === 'overlay') return target;
      if (disposable) forgetUnwritten(place.work);
      const options = disposable ? disposableOverlayOptions(root) : overlayOptions(root);
      await mountOverlay({ ...place, target, options });
      return target;
    },
    changed: async ({ upper }) => upper,
  };
}

/** Overlayfs marks changes that may never have reached the disk, and refuses them from then on. */
function forgetUnwritten(work: string): void {
  rmSync(join(work, 'work', 'incompat', 'volatile'), { recursive: true, force: true });
}
