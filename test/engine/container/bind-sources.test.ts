import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeBindSources } from '../../../src/engine/container/bind-sources.ts';

test('makeBindSources() says why a folder cannot be made, not only the number of the error', t => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bind-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), '');
  const mount = (source: string) =>
    makeBindSources([{ type: 'bind', source, target: '/x', readOnly: false, createSource: true }]);
  assert.equal(mount(join(folder, 'new/one')).length, 1);
  assert.throws(() => mount(join(folder, 'file/x')), {
    code: 'MOUNT_SOURCE_MISSING',
    hint: 'a part of the path is a file: correct the path, or mount another',
  });
  assert.throws(() => mount('/proc/nowhere/x'), {
    hint: 'nothing can be made there: correct the path, or mount another',
  });
});
