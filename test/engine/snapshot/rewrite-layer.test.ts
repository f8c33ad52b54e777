import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rewriteLayer } from '../../../src/engine/snapshot/rewrite-layer.ts';
import { unpackTar } from '../../../src/engine/snapshot/unpack-tar.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { blankEntry, type TarEntry } from '../../../src/lib/tar/index.ts';
import { tarOf } from '../../support/layer-root.ts';

const entry = { ...blankEntry, type: 'file' } as const;

test('folders that an archive leaves out count as its entries: a deep name makes many', () => {
  const rewriter = rewriteLayer({ opaqueXattr: 'trusted.overlay.opaque', entryLimit: 100 });
  rewriter.part({ entry: { ...entry, name: `${'a/'.repeat(60)}f` } });
  assert.throws(
    () => rewriter.part({ entry: { ...entry, name: `${'b/'.repeat(60)}f` } }),
    error => isPlimsollError(error, 'invalid-argument') && error.code === 'UNSAFE_ARCHIVE',
  );
});

test('names are resolved through the links of an archive as in a chroot, deep ones with many files too', () => {
  const rewriter = rewriteLayer({ opaqueXattr: 'trusted.overlay.opaque' });
  const made = (name: string, more: Partial<TarEntry> = {}) =>
    rewriter
      .part({ entry: { ...entry, name, ...more } })
      .flatMap(part => ('entry' in part ? part.entry.name : []));
  const link = (name: string, linkName: string) => made(name, { type: 'symlink', linkName });
  link('usr/lib64', 'lib');
  link('lib64', '/usr/lib64');
  link('up', '../../usr/./lib64//');
  assert.deepEqual(made('lib64/a'), ['usr/lib', 'usr/lib/a']);
  assert.deepEqual(made('up/b'), ['usr/lib/b']);
  made('usr/lib64', { type: 'directory' }); // takes the place of the link
  assert.deepEqual(made('lib64/c'), ['usr/lib64/c']);
  const deep = 'd/'.repeat(2000);
  assert.equal(made(`${deep}0`).length, 2001);
  for (let i = 1; i < 500; i++) assert.deepEqual(made(`${deep}${i}`), [`${deep}${i}`]);
});

test('nothing more is done to the files of a layer once its unpacking is called off', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'called-off-'));
  try {
    const stop = new AbortController();
    const tar = tarOf({ name: 'd', type: 'directory', mode: 0o711 });
    const recorder = {
      ...{ raw: () => {}, content: () => {}, lost: () => {} },
      flush: async () => {
        await sleep(20); // all has been read by then
        stop.abort();
      },
    };
    const source = new Readable({ read: () => {} });
    source.push(tar);
    source.push(null);
    const unpacking = unpackTar(source, {
      ...{ folder, opaqueXattr: 'user.overlay.opaque', recorder, signal: stop.signal },
    });
    await assert.rejects(unpacking, error => isPlimsollError(error, 'cancelled'));
    await sleep(20);
    assert.notEqual(statSync(join(folder, 'd'), { throwIfNoEntry: false })?.mode, 0o40711);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
