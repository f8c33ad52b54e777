import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRootFolders, resolveRoot } from '../../../src/engine/store/index.ts';

test('createRootFolders() makes all folders, private, and again does nothing', t => {
  const base = mkdtempSync(join(tmpdir(), 'plimsoll-root-'));
  const root = { ...resolveRoot({ root: join(base, 'a/b'), env: {}, uid: 0 }), runDir: join(base, 'run/x') };
  t.after(() => rmSync(base, { recursive: true }));
  createRootFolders(root);
  createRootFolders(root);
  assert.equal(statSync(join(root.dataDir, 'layers')).mode & 0o777, 0o711);
  assert.equal(statSync(join(root.runDir, 'locks')).mode & 0o777, 0o700);
});

test('createRootFolders() says where no folder can be, at once', t => {
  const base = mkdtempSync(join(tmpdir(), 'plimsoll-root-'));
  t.after(() => rmSync(base, { recursive: true }));
  writeFileSync(join(base, 'file'), '');
  for (const folder of ['/proc/nowhere/root', join(base, 'file/root')]) {
    const root = { ...resolveRoot({ root: folder, env: {}, uid: 0 }), runDir: join(base, 'run') };
    assert.throws(() => createRootFolders(root), { code: 'ROOT_UNWRITABLE' });
  }
});
