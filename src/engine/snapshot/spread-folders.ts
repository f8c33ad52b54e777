import { closeSync, existsSync, openSync } from 'node:fs';
import { preloadNative } from '../kernel/index.ts';

const spread = new Set<string>();

/**
 * Has the filesystem look for room anew for each folder that is made in `folder`, where it has a choice (ext2 to ext4).
 * Otherwise all go where the first one went; and where much was deleted lately, an ext4 without a journal, as virtual
 * machines like to have, takes twenty times as long to make a file: it looks at each inode that became free.
 */
export async function spreadFolders(folder: string): Promise<void> {
  if (spread.has(folder)) return;
  if (!existsSync(folder)) return; // the next time
  spread.add(folder);
  const native = await preloadNative().catch(() => undefined);
  if (native === undefined) return;
  const opened = openSync(folder, 'r');
  try {
    native.markTopDirectory(opened);
  } catch {
    // a filesystem without such a mark, or a folder of somebody else: then it is as it was
  } finally {
    closeSync(opened);
  }
}
