import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { adopt } from '../../../src/engine/kernel/adopt.ts';
import { type CgroupTree, cgroupOfRoot } from '../../../src/engine/kernel/cgroup-tree.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root: an ordinary user has no such cgroups';
const scope = 'machine.slice/plimsoll-00c0ffee.scope';

test('a root is a delegated scope where systemd runs the machine, else a folder at the top', () => {
  assert.equal(cgroupOfRoot('00c0ffee', { systemd: true }), `/${scope}`);
  assert.equal(cgroupOfRoot('00c0ffee', { systemd: false }), '/plimsoll-00c0ffee');
});

test('adopt() asks systemd for the scope once, and moves each process into it', { skip }, async t => {
  const { tree, asked, members } = machine(t, { version: 'v2', systemdRun: 'exec "$@"' });
  await Promise.all([adopt('00c0ffee', 4141, tree), adopt('00c0ffee', 4242, tree)]);
  assert.equal(members(`${scope}/monitors`), '4242');
  await adopt('00c0ffee', 4343, tree);
  assert.equal(members(`${scope}/monitors`), '4343');
  const words = asked();
  assert.equal(words.length, 1);
  for (const word of [
    '--scope',
    '--unit=plimsoll-00c0ffee.scope',
    '--property=Delegate=yes',
    '--property=TasksMax=infinity',
  ])
    assert.ok(words[0]?.includes(word), word);
});

test('adopt() asks again while systemd takes the last scope away', { skip }, async t => {
  const refuseTwice = '[ $(wc -l < "$asked") -gt 2 ] || exit 1; exec "$@"';
  const { tree, asked, members } = machine(t, { version: 'v2', systemdRun: refuseTwice });
  await adopt('00c0ffee', 4242, tree);
  assert.equal(asked().length, 3);
  assert.equal(members(`${scope}/monitors`), '4242');
});

test('adopt() makes the cgroup itself where systemd does not', { skip }, async t => {
  const { tree, members } = machine(t, { version: 'v2', systemdRun: 'exit 1' });
  await adopt('00c0ffee', 4242, tree);
  assert.equal(members(`${scope}/monitors`), '4242');
});

test('adopt() moves a process in each tree by which systemd knows it, on older machines', {
  skip,
}, async t => {
  const { tree, members } = machine(t, { version: 'hybrid', systemdRun: 'exec "$@"' });
  await adopt('00c0ffee', 4242, tree);
  assert.equal(members(`systemd/${scope}/monitors`), '4242');
  assert.equal(members(`unified/${scope}/monitors`), '4242');
});

test('adopt() does nothing where systemd does not run the machine', { skip }, async t => {
  const { tree } = machine(t, { version: 'v2', systemdRun: 'exec "$@"' });
  await adopt('00c0ffee', 4242, { ...tree, systemd: false });
  assert.ok(!existsSync(join(tree.mount, 'machine.slice')));
});

/** Cgroups that are folders, and a systemd-run that notes what it is asked and does what the script says. */
function machine(
  t: TestContext,
  { version, systemdRun }: { version: CgroupTree['version']; systemdRun: string },
) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-adopt-'));
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });
  const asked = join(folder, 'asked');
  const script = `#!/bin/sh\nasked=${asked}\necho "$*" | tr '\\n' ' ' >> $asked; echo >> $asked\nwhile [ "$1" != -- ]; do shift; done; shift\n${systemdRun}\n`;
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/systemd-run'), script, { mode: 0o755 });
  process.env.PATH = `${folder}/bin:${path}`;
  const tree: CgroupTree = { mount: join(folder, 'cgroup'), version, systemd: true };
  return {
    tree,
    asked: () => readFileSync(asked, 'utf8').trim().split('\n'),
    members: (cgroup: string) => readFileSync(join(tree.mount, cgroup, 'cgroup.procs'), 'utf8').trim(),
  };
}
