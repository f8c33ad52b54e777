import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable, writeFileAtomic } from '../kernel/index.ts';

/**
 * Writes the program by which crun can create containers on a host with hybrid cgroups, and returns its path. crun
 * refuses `create` and `run` (not the other verbs) while it sees v2 controllers beside v1 ones; in a private mount
 * namespace, which dies with `create`, an empty tmpfs hides them. Slave propagation lets unmounts of the host
 * through, so that nothing stays pinned. (An `umount` instead of the tmpfs costs 50 ms more.) All programs in
 * it are one busybox where the host has it, most often a static one: that takes two thirds of the time.
 */
export function writeCreateWrapper(folder: string, runtimePath: string): string {
  const path = join(folder, 'create-with-v1-cgroups');
  const busybox = findExecutable('busybox');
  const [shell, prefix] = busybox === undefined ? ['/bin/sh', ''] : [`${busybox} sh`, `${busybox} `];
  const inner = `${prefix}mount -t tmpfs none /sys/fs/cgroup/unified && exec "$0" "$@"`;
  const outer = `exec ${prefix}unshare -m --propagation slave ${prefix}sh -c '${inner}' ${runtimePath} "$@"`;
  const script = `#!${shell}\n${outer}\n`;
  if (!existsSync(path) || readFileSync(path, 'utf8') !== script) {
    writeFileAtomic(path, script, 0o700);
    chmodSync(path, 0o700);
  }
  return path;
}
