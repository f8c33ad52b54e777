import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { cannotRunContainers } from '../support/busybox-rootfs.ts';
import { treeOf } from '../support/dockerfile-case.ts';

/*
 * Root of a container of CI, as Docker makes one: no CAP_SYS_ADMIN, so that nothing can be mounted and no container be
 * made. Builds with `--isolation chroot` work on copies there.
 */
const plimsoll = resolve(import.meta.dirname, '../../bin/plimsoll');
const usual =
  'chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap';
const few = [
  'setpriv',
  `--bounding-set=-all,${usual
    .split(' ')
    .map(name => `+${name}`)
    .join(',')}`,
  '--inh-caps=-all',
];

const dockerfile = `FROM scratch
COPY busybox /bin/sh
COPY busybox /bin/busybox
RUN busybox mkdir -p /d/sub /e /f && echo 1 > /d/a && echo 2 > /d/sub/b && echo 3 > /e/c && echo 4 > /f/g
RUN busybox ln -s a /d/link && busybox mkfifo /d/pipe && busybox ln /e/c /e/hard
RUN busybox rm -r /d/sub && busybox rm /e/c && busybox rm -r /f && echo file > /f
RUN busybox rm -r /e && busybox mkdir /e && echo new > /e/n && busybox chmod 700 /d && busybox chown 5:6 /d/a
RUN busybox rm /f && busybox mkdir /f && echo x > /f/y; echo quiet > /dev/null
RUN busybox touch -d @1 /d/a && echo 9 > /d/a && busybox touch -d @1 /d/a
COPY sub /d/sub
COPY sub/s /e/
RUN busybox ln /e/n /e/m && busybox test -s /etc/resolv.conf
USER 5:6
WORKDIR /w
RUN busybox id -u > who
`;

/** Calls plimsoll on a root in the folder. */
function call(folder: string, root: string, before: readonly string[], ...words: readonly string[]) {
  const [command = '', ...args] = [...before, plimsoll, '--root', join(folder, root), ...words];
  return spawnSync(command, args, { encoding: 'utf8', cwd: folder });
}

const chroot = ['build', '--isolation', 'chroot', '--network', 'host'];

function build(folder: string, name: string, before: readonly string[], text: string) {
  writeFileSync(join(folder, 'context/Dockerfile'), text);
  const output = ['--output', `type=tar,dest=${name}.tar`, 'context'];
  const { status, stderr } = call(folder, name, before, ...chroot, ...output);
  const tree = () => {
    const out = join(folder, `${name}.out`);
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out);
    execFileSync('tar', ['-C', out, '--numeric-owner', '-xpf', join(folder, `${name}.tar`)]);
    return treeOf(out);
  };
  return { status, stderr, tree };
}

test('a build works without CAP_SYS_ADMIN, and makes the same files', { skip: cannotRunContainers }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plt-few-'));
  try {
    mkdirSync(join(folder, 'context/sub'), { recursive: true });
    copyFileSync('/bin/busybox', join(folder, 'context/busybox'));
    writeFileSync(join(folder, 'context/sub/s'), 's\n');
    const [with_, without] = [
      build(folder, 'with', [], dockerfile),
      build(folder, 'without', few, dockerfile),
    ];
    assert.equal(with_.status, 0, with_.stderr);
    assert.equal(without.status, 0, without.stderr);
    const made = without.tree();
    assert.deepEqual(made, with_.tree());
    assert.equal(
      made.find(line => line.startsWith('d/a ')),
      'd/a 644 5:6 "9\\n"',
      'a file that was given its old time back',
    );
    const mount = 'FROM scratch\nCOPY busybox /bin/sh\nRUN --mount=target=/x true\n';
    const refused = build(folder, 'mounts', few, mount);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /Dockerfile:3: the mounts of this step need the right to mount/);

    // A folder that was deleted and made again is marked in its layer; that mark must be seen.
    writeFileSync(join(folder, 'context/Dockerfile'), dockerfile.split('COPY sub')[0] ?? '');
    const saved = call(folder, 'with', [], ...chroot, '-q', '-o', 'type=docker,dest=base.tar', 'context');
    assert.equal(saved.status, 0, saved.stderr);
    const loaded = call(folder, 'without', few, 'load', '-q', '-i', 'base.tar');
    assert.equal(loaded.status, 0, loaded.stderr);
    const base = loaded.stdout.trim().split(' ').at(-1);
    const list = `FROM ${base}\nRUN busybox ls /e > /list\n`;
    const listed = build(folder, 'without', few, list);
    assert.equal(listed.status, 0, listed.stderr);
    assert.ok(listed.tree().includes('list 644 0:0 "n\\n"'));
    writeFileSync(join(folder, 'context/Dockerfile'), 'FROM scratch\nCOPY busybox /other\n');
    const other = call(folder, 'with', few, ...chroot, 'context');
    assert.match(other.stderr, /were made with rights to mount/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
