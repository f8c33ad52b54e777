import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readFileSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { deviceNumbers, preloadNative } from '../../../kernel/index.ts';
import type { ProcessMount } from '../../../runtime/index.ts';
import { devices } from './chroot-script.ts';

/**
 * What a root folder gets in place of mounts where nobody may mount: device files of its own, as far as they may be made,
 * and the text of the files (names, resolver) that would be mounted. All of it is as it was when the result is disposed
 * of. There is nothing that could stand in for /proc and /sys.
 */
export async function standIns(rootfs: string, mounts: readonly ProcessMount[]): Promise<Disposable> {
  using stack = new DisposableStack();
  const native = await preloadNative();
  const folder = openSync(join(rootfs, 'dev'), constants.O_DIRECTORY);
  stack.defer(() => closeSync(folder));
  for (const name of devices) {
    if (existsSync(join(rootfs, 'dev', name))) continue;
    const { rdev } = lstatSync(`/dev/${name}`);
    try {
      native.mknodat(folder, Buffer.from(name), constants.S_IFCHR | 0o666, deviceNumbers(rdev));
    } catch {
      continue; // no CAP_MKNOD, or a device cgroup that forbids it
    }
    stack.defer(() => remove(join(rootfs, 'dev', name)));
  }
  for (const mount of mounts) {
    if (mount.type !== 'bind') continue;
    const place = join(rootfs, mount.target);
    const { atime, mtime } = lstatSync(place);
    const before = readFileSync(place);
    const shown = readFileSync(mount.source);
    writeFileSync(place, shown);
    stack.defer(() => {
      if (!existsSync(place) || !readFileSync(place).equals(shown)) return; // the step has its own
      writeFileSync(place, before);
      utimesSync(place, atime, mtime);
    });
  }
  return stack.move();
}

function remove(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isCharacterDevice()) unlinkSync(path);
}
