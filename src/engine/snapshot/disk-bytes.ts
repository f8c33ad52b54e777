import { lstatSync, type Stats } from 'node:fs';
import { setImmediate as others } from 'node:timers/promises';
import { errnoOf } from '../../errors.ts';
import { walkTree } from './tree-tar.ts';

/** What a file, or a folder with all below it, takes on its disk, as `du` says: nothing for what is not there. */
export async function diskBytes(path: string): Promise<number> {
  const inodes = new Set<number>();
  let bytes = 0;
  const add = ({ blocks, nlink, ino }: Stats) => {
    if (nlink > 1 && inodes.has(ino)) return;
    inodes.add(ino);
    bytes += blocks * 512;
  };
  try {
    const top = lstatSync(path);
    add(top);
    if (!top.isDirectory()) return bytes;
    let slice = performance.now();
    for (const { stats } of walkTree(Buffer.from(path).toString('latin1'))) {
      add(stats);
      if (performance.now() - slice < 8) continue;
      await others();
      slice = performance.now();
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error; // somebody else deletes it too
  }
  return bytes;
}
