import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { findMount, mountOverlay, mountTmpfs, unmount } from '../../../src/engine/kernel/index.ts';
import { noRoot } from '../../support/layer-root.ts';

describe('mounts', { skip: noRoot }, () => {
  it('puts the layers over each other, the topmost first, also where a path has commas and colons', async () => {
    using folder = scratch('a,b:c');
    const request = overlay(folder.path, ['top', 'middle', 'bottom']);
    await mountOverlay(request);
    try {
      assert.equal(readFileSync(join(request.target, 'who'), 'utf8'), 'top');
      writeFileSync(join(request.target, 'new'), 'x');
      assert.ok(existsSync(join(request.upper, 'new')));
      assert.equal(findMount(request.target)?.type, 'overlay');
    } finally {
      await unmount(request.target);
    }
    assert.equal(findMount(request.target), undefined);
    assert.ok(!existsSync(join(request.target, 'who')));
  });

  it('mounts more layers than one page of options can name', async () => {
    using folder = scratch('deep');
    const names = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(60, 'l'));
    const request = overlay(folder.path, names);
    await mountOverlay(request);
    try {
      assert.equal(readFileSync(join(request.target, 'who'), 'utf8'), names[0]);
    } finally {
      await unmount(request.target);
    }
  });

  it('says in a sentence what cannot be mounted, and leaves nothing', async () => {
    using folder = scratch('broken');
    const request = overlay(folder.path, ['top']);
    rmSync(request.work, { recursive: true });
    await assert.rejects(mountOverlay(request), {
      code: 'MOUNT_FAILED',
      message: /cannot mount the root filesystem/,
    });
    assert.equal(findMount(request.target), undefined);
  });

  it('gives memory of a bounded size to its owner alone', async () => {
    using folder = scratch('memory');
    await mountTmpfs(folder.path, { sizeBytes: 1024 * 1024 });
    try {
      const mount = findMount(folder.path);
      assert.equal(mount?.type, 'tmpfs');
      assert.match(mount?.options ?? '', /\bsize=1024k,mode=700\b/);
    } finally {
      await unmount(folder.path);
    }
  });

  it('will not take a mount from somebody who uses it, unless it may be lazy', async () => {
    using folder = scratch('busy');
    await mountTmpfs(folder.path, { sizeBytes: 1024 * 1024 });
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      await assert.rejects(unmount(folder.path), { code: 'MOUNT_BUSY' });
      await unmount(folder.path, { lazy: true });
    } finally {
      process.chdir(before);
    }
    assert.equal(findMount(folder.path), undefined);
    await unmount(folder.path); // which does nothing now
  });
});

function scratch(name: string) {
  const parent = mkdtempSync('/tmp/plimsoll-mount-');
  const path = join(parent, name);
  mkdirSync(path);
  return { path, [Symbol.dispose]: () => rmSync(parent, { recursive: true, force: true }) };
}

function overlay(folder: string, lowers: readonly string[]) {
  for (const name of ['upper', 'work', 'target', ...lowers]) mkdirSync(join(folder, name));
  for (const name of lowers) writeFileSync(join(folder, name, 'who'), name);
  const [upper, work, target] = ['upper', 'work', 'target'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ];
  return { lowerBase: folder, lowers, upper, work, target, options: [] };
}
