import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { signRunFolder, sweepRunFolders } from '../../../src/engine/store/index.ts';

const later = Date.now() + 2 * 60 * 60_000;

/** Run folders in a place of their own, one of them ours. */
function openPlace(t: TestContext) {
  const base = mkdtempSync(join(tmpdir(), 'plimsoll-run-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const make = (id: string) => {
    const root = { id, dataDir: join(base, `root-${id}`), runDir: join(base, 'run', id), rootless: false };
    for (const folder of ['locks', 'exits', 'containers'])
      mkdirSync(join(root.runDir, folder), { recursive: true });
    mkdirSync(root.dataDir);
    signRunFolder(root);
    return root;
  };
  const left = () => readdirSync(join(base, 'run')).sort();
  return { base, make, left, own: make('00000000') };
}

test('the run folder of a deleted root goes, after an hour without a change', t => {
  const { make, left, own } = openPlace(t);
  const gone = make('00000001');
  make('00000002');
  rmSync(gone.dataDir, { recursive: true });
  assert.deepEqual(sweepRunFolders(own, Date.now()), [], 'it may be made again at once');
  assert.deepEqual(sweepRunFolders(own, later), ['00000001']);
  assert.deepEqual(left(), ['00000000', '00000002']);
});

test('our own stays, and what is no run folder', t => {
  const { base, left, own } = openPlace(t);
  rmSync(own.dataDir, { recursive: true });
  mkdirSync(join(base, 'run/other'));
  assert.deepEqual(sweepRunFolders(own, later), []);
  assert.deepEqual(left(), ['00000000', 'other']);
});

test('one stays that does not name its root, or that has something of a container', t => {
  const { make, left, own } = openPlace(t);
  const unsigned = make('00000001');
  rmSync(unsigned.dataDir, { recursive: true });
  rmSync(join(unsigned.runDir, 'root'));
  const unsettled = make('00000002');
  rmSync(unsettled.dataDir, { recursive: true });
  writeFileSync(join(unsettled.runDir, 'exits/abc'), '0');
  assert.deepEqual(sweepRunFolders(own, later), []);
  assert.deepEqual(left(), ['00000000', '00000001', '00000002']);
});

test('one stays while a process works with it', async t => {
  const { make, left, own } = openPlace(t);
  const busy = make('00000001');
  rmSync(busy.dataDir, { recursive: true });
  const process = spawn('sh', ['-c', 'echo here; read line', 'sh', join(busy.runDir, 'dns')]);
  t.after(() => process.kill());
  await once(process.stdout, 'data');
  assert.deepEqual(sweepRunFolders(own, later), []);
  process.stdin.end();
  await once(process, 'close');
  assert.deepEqual(sweepRunFolders(own, later), ['00000001']);
  assert.deepEqual(left(), ['00000000']);
});
