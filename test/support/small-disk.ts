import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noteLeftover } from './sweep.ts';

/** A file system of its own, small enough to be filled; unmounted and gone when it is disposed of. */
export interface SmallDisk extends Disposable {
  readonly folder: string;
  /** Takes every byte that is free now. */
  fill(): void;
  /** Gives back what `fill` took. */
  drain(): void;
  /** Bytes in use. */
  usedBytes(): number;
}

/** Why there can be no disk of that kind here; false if there can. */
export function noSmallDisk(kind: 'tmpfs' | 'ext4'): string | false {
  if (process.getuid?.() !== 0) return 'needs root: mounts a small disk';
  if (kind === 'tmpfs') return false;
  if (spawnSync('sh', ['-c', 'command -v mkfs.ext4']).status !== 0) return 'needs mkfs.ext4 (e2fsprogs)';
  return spawnSync('losetup', ['--find']).status === 0 ? false : 'needs a loop device';
}

/** Mounts a disk of that many megabytes. `options`: of mkfs.ext4. */
export function openSmallDisk(kind: 'tmpfs' | 'ext4', megabytes: number, options: string[] = []): SmallDisk {
  const place = mkdtempSync(join(tmpdir(), 'pld-'));
  noteLeftover({ folder: place });
  chmodSync(place, 0o755); // for whoever gets the disk
  const folder = join(place, 'disk');
  execFileSync('mkdir', [folder]);
  if (kind === 'tmpfs') {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', folder]);
  } else {
    const image = join(place, 'image');
    writeFileSync(image, '');
    truncateSync(image, megabytes * 1024 * 1024);
    execFileSync('mkfs.ext4', ['-q', '-m', '0', ...options, image]);
    execFileSync('mount', ['-o', 'loop', image, folder]);
  }
  const filler = join(folder, 'filler');
  return {
    folder,
    fill: () => writeUntilFull(filler),
    drain: () => rmSync(filler, { force: true }),
    usedBytes() {
      const { blocks, bfree, bsize } = statfsSync(folder);
      return (blocks - bfree) * bsize;
    },
    [Symbol.dispose]() {
      execFileSync('umount', ['--lazy', folder]); // a failed test may leave something that runs on it
      rmSync(place, { recursive: true });
    },
  };
}

/** In ever smaller pieces, so that not a block is left; to one file, since the names of many would need blocks too. */
function writeUntilFull(file: string): void {
  const descriptor = openSync(file, 'a');
  try {
    for (let size = 1024 * 1024; size >= 512; size /= 2) {
      try {
        while (writeSync(descriptor, Buffer.alloc(size)) > 0);
      } catch {
        // no room for a piece of this size
      }
    }
  } finally {
    closeSync(descriptor);
  }
}
