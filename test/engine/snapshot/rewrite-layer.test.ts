import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewriteLayer } from '../../../src/engine/snapshot/rewrite-layer.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { blankEntry } from '../../../src/lib/tar/index.ts';

const entry = { ...blankEntry, type: 'file' } as const;

test('folders that an archive leaves out count as its entries: a deep name makes many', () => {
  const rewriter = rewriteLayer({ opaqueXattr: 'trusted.overlay.opaque', entryLimit: 100 });
  rewriter.part({ entry: { ...entry, name: `${'a/'.repeat(60)}f` } });
  assert.throws(
    () => rewriter.part({ entry: { ...entry, name: `${'b/'.repeat(60)}f` } }),
    error => isPlimsollError(error, 'invalid-argument') && error.code === 'UNSAFE_ARCHIVE',
  );
});
