import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewriteLayer } from '../../../src/engine/snapshot/rewrite-layer.ts';
import { isPlimsollError } from '../../../src/errors.ts';

const entry = {
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  linkName: '',
  major: 0,
  minor: 0,
  xattrs: [],
} as const;

test('folders that an archive leaves out count as its entries: a deep name makes many', () => {
  const rewriter = rewriteLayer({ opaqueXattr: 'trusted.overlay.opaque', entryLimit: 100 });
  rewriter.part({ entry: { ...entry, name: `${'a/'.repeat(60)}f` } });
  assert.throws(
    () => rewriter.part({ entry: { ...entry, name: `${'b/'.repeat(60)}f` } }),
    error => isPlimsollError(error, 'invalid-argument') && error.code === 'UNSAFE_ARCHIVE',
  );
});
