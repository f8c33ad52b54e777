import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTestRun } from './sweep.ts';

test('a run of tests takes away what killed ones have left, and nothing of those that live', {
  skip: process.getuid?.() === 0 ? false : 'needs root: it mounts',
}, async () => {
  const run = mkdtempSync(join(tmpdir(), 'plr-'));
  const script = `
    const { noteLeftover } = await import(${JSON.stringify(join(import.meta.dirname, 'sweep.ts'))});
    noteLeftover({ folder: process.argv[1] });
    console.log('noted');
    setInterval(() => {}, 1000);`;
  const made = await Promise.all(
    ['of a dead one', 'of a living one'].map(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'plx-'));
      mkdirSync(join(folder, 'disk'));
      spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(folder, 'disk')]);
      const left = spawn('sh', ['-c', 'sleep 1000; true', `${folder}/left`], { stdio: 'ignore' });
      const by = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
        env: { ...process.env, PLIMSOLL_TEST_RUN: run },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(by.stdout, 'data');
      return { folder, left, by };
    }),
  );
  const [dead, living] = made;
  const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8');
  try {
    const [byGone, leftGone] = [dead?.by, dead?.left].map(child => child && once(child, 'exit'));
    dead?.by.kill('SIGKILL');
    await byGone;
    writeFileSync(join(run, 'owner'), '4194304 1\n'); // more than any process can be called
    openTestRun()[Symbol.dispose]();
    await leftGone;
    assert.ok(!existsSync(dead?.folder ?? ''));
    assert.ok(!mounts().includes(dead?.folder ?? '?'));
    assert.ok(mounts().includes(living?.folder ?? '?'));
    assert.equal(living?.left.exitCode ?? living?.left.signalCode, null);
    assert.ok(existsSync(run), 'there is something to be swept later');
  } finally {
    for (const { folder, left, by } of made) {
      for (const child of [left, by]) child.kill('SIGKILL');
      spawnSync('umount', ['--lazy', join(folder, 'disk')], { stdio: 'ignore' });
      rmSync(folder, { recursive: true, force: true });
    }
    rmSync(run, { recursive: true, force: true });
  }
});
