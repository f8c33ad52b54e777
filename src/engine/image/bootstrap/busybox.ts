import { chmodSync, copyFileSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { isStaticElf, runOrThrow } from '../../kernel/index.ts';
import type { HeldLayer, SnapshotService } from '../../snapshot/index.ts';

export interface BaseLayer {
  readonly layer: HeldLayer;
  /** Seconds since the epoch: when what it was made of was made. */
  readonly created: number;
}

/**
 * Makes a root filesystem of the host's static busybox: the program, a link for each of its applets, and the files
 * and folders that programs take for granted. The same busybox always gives the same layer.
 */
export async function busyboxLayer(
  snapshots: SnapshotService,
  options: { readonly searchPath: string; readonly signal?: AbortSignal },
): Promise<BaseLayer> {
  const program = findStaticBusybox(options.searchPath);
  const created = Math.floor(statSync(program).mtimeMs / 1000);
  const abort = options.signal === undefined ? {} : { signal: options.signal };
  const { stdout } = await runOrThrow(program, ['--list-full'], abort);
  await using staged = await snapshots.stage([], abort);
  makeFiles(staged.target);
  copyFileSync(program, join(staged.target, 'bin/busybox'));
  chmodSync(join(staged.target, 'bin/busybox'), 0o755);
  for (const applet of stdout.split('\n')) linkApplet(staged.target, applet);
  return { layer: await staged.commit({ sourceDateEpoch: created }), created };
}

const folders: Readonly<Record<string, number>> = {
  bin: 0o755,
  dev: 0o755,
  etc: 0o755,
  home: 0o755,
  proc: 0o755,
  root: 0o700,
  run: 0o755,
  sbin: 0o755,
  sys: 0o755,
  tmp: 0o1777,
  'usr/bin': 0o755,
  'usr/sbin': 0o755,
  'var/log': 0o755,
  'var/spool/mail': 0o755,
  'var/tmp': 0o1777,
};

const files: Readonly<Record<string, string>> = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\n' +
    'www-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  'etc/group':
    'root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\ntty:x:5:\ndisk:x:6:\nmail:x:8:\nwww-data:x:33:\nusers:x:100:\nnobody:x:65534:\n',
  'etc/shadow': 'root:*:::::::\ndaemon:*:::::::\nbin:*:::::::\nwww-data:*:::::::\nnobody:*:::::::\n',
  'etc/hosts': '127.0.0.1\tlocalhost\n::1\tlocalhost\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

function makeFiles(target: string): void {
  for (const [name, mode] of Object.entries(folders)) {
    mkdirSync(join(target, name), { recursive: true });
    chmodSync(join(target, name), mode); // past the umask
  }
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(target, name), content);
    chmodSync(join(target, name), name === 'etc/shadow' ? 0o640 : 0o644);
  }
}

/** Applets come as paths without the leading slash (`usr/bin/awk`). */
function linkApplet(target: string, applet: string): void {
  if (!/^(?:(?:usr\/)?s?bin)\/[^/]+$/.test(applet) || applet === 'bin/busybox') return;
  mkdirSync(join(target, dirname(applet)), { recursive: true });
  symlinkSync('/bin/busybox', join(target, applet));
}

function findStaticBusybox(searchPath: string): string {
  const folders = [...searchPath.split(':').filter(folder => folder.startsWith('/')), '/usr/bin', '/bin'];
  const program = folders.map(folder => join(folder, 'busybox')).find(isStaticElf);
  if (program !== undefined) return program;
  throw new PlimsollError('unavailable', 'this machine has no statically linked busybox', {
    code: 'HOST_TOOL_MISSING',
    hint: 'install it with: apt-get install busybox-static',
    data: { command: 'busybox' },
  });
}
