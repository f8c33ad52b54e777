import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { identify } from '../../../src/engine/kernel/index.ts';
import { forgetEnded, releaseCreated } from '../../../src/engine/runtime/crun-state.ts';

test('releaseCreated() gives the waiting process its byte, and takes the fifo away', async t => {
  const folder = stateFolder(t);
  spawnSync('mkfifo', [join(folder, 'exec.fifo')]);
  const waiting = spawn('sh', ['-c', 'exec 3<>exec.fifo; echo ready; head -c1 <&3 | wc -c'], { cwd: folder });
  const words = (async () => {
    let text = '';
    for await (const chunk of waiting.stdout) {
      text += chunk;
      if (text === 'ready\n') assert.equal(releaseCreated(folder), true);
    }
    return text;
  })();
  assert.equal(await words, 'ready\n1\n');
  assert.equal(existsSync(join(folder, 'exec.fifo')), false);
});

test('releaseCreated() leaves to crun what waits at no fifo', t => {
  const folder = stateFolder(t);
  assert.equal(releaseCreated(folder), false, 'no fifo: it runs already');
  spawnSync('mkfifo', [join(folder, 'exec.fifo')]);
  assert.equal(releaseCreated(folder), false, 'no reader: it has died');
  assert.ok(existsSync(join(folder, 'exec.fifo')));
});

test('forgetEnded() forgets the ended only, and nothing that it does not understand', t => {
  const own = identify(process.pid);
  const status = {
    pid: process.pid,
    'process-start-time': own?.startTime,
    'cgroup-path': '/plimsoll-test-none',
    'systemd-cgroup': false,
  };
  const folder = stateFolder(t);
  const forgets = (text: string) => {
    writeFileSync(join(folder, 'status'), text);
    const forgotten = forgetEnded(folder);
    assert.equal(existsSync(folder), !forgotten);
    mkdirSync(folder, { recursive: true });
    return forgotten;
  };
  assert.equal(forgets(JSON.stringify(status)), false, 'it runs');
  const ended = { ...status, 'process-start-time': 1 }; // the number is another process's by now
  assert.equal(
    forgets(JSON.stringify({ ...ended, 'systemd-cgroup': true })),
    false,
    'a scope is for crun to stop',
  );
  assert.equal(forgets(JSON.stringify({ ...ended, pid: '7' })), false, 'of another version');
  assert.equal(forgets('{"pid": 4'), false, 'half-written');
  assert.equal(forgets(JSON.stringify(ended)), true);
});

function stateFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-crun-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
