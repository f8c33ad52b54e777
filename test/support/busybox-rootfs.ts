import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from '../../src/engine/kernel/index.ts';

const busybox = ['/bin/busybox', '/usr/bin/busybox'].find(path => existsSync(path));

/** Why a test that really runs containers cannot run here, or false. Give it to node:test as `skip`. */
export const cannotRunContainers: string | false =
  process.getuid?.() !== 0
    ? 'needs root'
    : busybox === undefined
      ? 'needs a static busybox on the host'
      : ['crun', 'runc'].every(name => findExecutable(name) === undefined)
        ? 'needs crun or runc'
        : findExecutable('conmon') === undefined
          ? 'needs conmon'
          : false;

/** A root filesystem with the host's static busybox and a few of its commands. */
export function makeBusyboxRootfs(folder: string): string {
  for (const name of ['bin', 'etc', 'tmp', 'dev', 'proc', 'sys', 'root']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  copyFileSync(busybox ?? '', join(folder, 'bin/busybox'));
  const applets =
    'sh true false sleep mkdir unshare cat echo id ls ps kill seq yes head stty dd tail env pwd mount wget nc httpd touch rm';
  for (const applet of applets.split(' ')) {
    symlinkSync('busybox', join(folder, 'bin', applet));
  }
  writeFileSync(
    join(folder, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nsailor:x:1000:100:a:/home/sailor:/bin/sh\n',
  );
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nusers:x:100:\ncrew:x:200:sailor\n');
  return folder;
}
