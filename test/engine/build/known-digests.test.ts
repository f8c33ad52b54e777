import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { noFilter } from '../../../src/engine/build/patterns/index.ts';
import { digestFiles, openKnownDigests, selectFiles } from '../../../src/engine/build/source/index.ts';

const home = mkdtempSync(join(tmpdir(), 'plk-'));
after(() => rmSync(home, { recursive: true, force: true }));

let contexts = 0;

/** A folder of files that have been there for a while, and a way to digest it as a build would. */
function contextOf(count: number) {
  const folder = join(home, `context-${contexts}`);
  const place = join(home, 'known', `${contexts++}`);
  mkdirSync(folder);
  const write = (index: number, content: string) => writeFileSync(join(folder, `f${index}`), content);
  for (let index = 0; index < count; index++) write(index, 'x');
  const later = () => Date.now() + 60_000;
  /** Digests it all; returns the digest and how many files had to be read. */
  const digest = async (clock = later) => {
    const known = openKnownDigests(folder, place, clock);
    let read = 0;
    const counting = {
      ...known,
      find: (file: string, status: Parameters<typeof known.find>[1]) => {
        const found = known.find(file, status);
        if (found === undefined) read++;
        return found;
      },
    };
    const tree = { root: folder, filter: noFilter };
    const selections = await selectFiles({ tree, sources: ['/'], exclude: [], parents: false });
    const result = await digestFiles(selections, { ownersCount: false, known: counting });
    known.save();
    return { digest: result.digest, read };
  };
  return { folder, place, write, digest };
}

test('a context of 10 000 files with one changed file hashes only what changed', async () => {
  const { write, digest } = contextOf(10_000);
  const first = await digest();
  assert.equal(first.read, 10_000);
  assert.deepEqual(await digest(), { digest: first.digest, read: 0 });
  write(5000, 'y');
  const changed = await digest();
  assert.equal(changed.read, 1);
  assert.notEqual(changed.digest, first.digest);
  write(5000, 'x');
  assert.deepEqual(await digest(), { digest: first.digest, read: 1 });
});

test('an edit that keeps size and mtime is seen', async () => {
  const { folder, write, digest } = contextOf(3);
  const first = await digest();
  const { atimeMs, mtimeMs } = lstatSync(join(folder, 'f1'));
  write(1, 'y');
  utimesSync(join(folder, 'f1'), atimeMs / 1000, mtimeMs / 1000);
  const second = await digest();
  assert.equal(second.read, 1);
  assert.notEqual(second.digest, first.digest);
});

test('a file that has only just changed is not taken as known', async () => {
  const { digest } = contextOf(3);
  assert.equal((await digest(Date.now)).read, 3);
  assert.equal((await digest(Date.now)).read, 3, 'it could change again within the same tick of the clock');
});

test('known digests that are damaged or gone are worked out again', async () => {
  const { place, digest } = contextOf(3);
  const first = await digest();
  writeFileSync(place, readFileSync(place, 'utf8').replace(/[0-9a-f]{64}"/, `${'0'.repeat(64)}"`));
  assert.deepEqual(await digest(), { digest: first.digest, read: 3 });
  writeFileSync(place, '');
  assert.deepEqual(await digest(), { digest: first.digest, read: 3 });
});
