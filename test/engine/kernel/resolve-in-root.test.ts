import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { resolveInRoot } from '../../../src/engine/kernel/index.ts';

const root = mkdtempSync(join(tmpdir(), 'plr-'));
after(() => rmSync(root, { recursive: true }));

test('resolveInRoot() never leaves the root, whatever links say', () => {
  mkdirSync(join(root, 'etc'));
  symlinkSync('/../../../../etc', join(root, 'up'));
  symlinkSync('loop', join(root, 'loop'));
  assert.equal(resolveInRoot(root, '/up/passwd'), join(root, 'etc/passwd'));
  assert.throws(() => resolveInRoot(root, '/loop'), { code: 'SYMLINK_LOOP' });
  const part = fc.constantFrom('..', '.', '', 'etc', 'up', 'x', '/');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), parts => {
      const path = resolveInRoot(root, parts.join('/'));
      assert.ok(path === root || path.startsWith(`${root}/`), path);
    }),
  );
});
