import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { foldersIn, namesIn } from '../../../src/engine/kernel/index.ts';

test('a folder is listed that another process makes and deletes all the time', async () => {
  using place = openPlace();
  const folder = join(place.path, 'comes-and-goes');
  const script = 'for (;;) { fs.mkdirSync(process.argv[1]); fs.rmdirSync(process.argv[1]); }';
  const other = spawn(process.execPath, ['-e', script, folder], { stdio: 'ignore' });
  try {
    const seen = new Set<number>();
    for (let i = 0; i < 50_000; i++) seen.add(namesIn(folder).length + foldersIn(folder).length);
    assert.deepEqual([...seen], [0]);
  } finally {
    other.kill();
    await once(other, 'exit');
  }
});

test('of a folder its folders are listed, of what is none nothing', () => {
  using place = openPlace();
  mkdirSync(join(place.path, 'folder'));
  writeFileSync(join(place.path, 'file'), '');
  assert.deepEqual(namesIn(place.path).sort(), ['file', 'folder']);
  assert.deepEqual(foldersIn(place.path), ['folder']);
  assert.deepEqual(namesIn(join(place.path, 'file')), []);
  assert.deepEqual(foldersIn(join(place.path, 'nothing')), []);
});

function openPlace(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'plt-list-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
