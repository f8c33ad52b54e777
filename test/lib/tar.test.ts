import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { isPlimsollError } from '../../src/errors.ts';
import {
  blankEntry,
  readTar,
  type TarEntry,
  type TarType,
  tarEnd,
  tarPadding,
  tarReader,
  writeTarHeader,
} from '../../src/lib/tar/index.ts';

const part = fc.stringMatching(/^[a-z\u0080-\u00ff ]{1,60}$/).filter(text => !text.startsWith('.'));
const name = fc.array(part, { minLength: 1, maxLength: 5 }).map(parts => parts.join('/'));
const xattrs = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^user\.[a-z]{1,10}$/), fc.uint8Array({ maxLength: 200 })), {
    selector: ([key]) => key,
    maxLength: 3,
  })
  .map(list => list.map(([name, value]) => ({ name, value: Buffer.from(value) })))
  .map(list => list.sort((a, b) => (a.name < b.name ? -1 : 1)));

const entry: fc.Arbitrary<TarEntry> = fc
  .record({
    name,
    type: fc.constantFrom<TarType>('file', 'link', 'symlink', 'character', 'block', 'directory', 'fifo'),
    mode: fc.nat(0o7777),
    uid: fc.nat(0xfffffffe),
    gid: fc.nat(0xfffffffe),
    size: fc.nat(3000),
    mtime: fc.integer({ min: -1e12, max: 1e12 }),
    linkName: name,
    major: fc.nat(4095),
    minor: fc.nat(0o7777777),
    xattrs,
  })
  .map(value => ({
    ...value,
    size: value.type === 'file' ? value.size : 0,
    linkName: value.type === 'link' || value.type === 'symlink' ? value.linkName : '',
  }));

/** A header block with a size in GNU's base 256, which may be negative. */
function sizedHeader(flag: string, size: number): Buffer {
  const block = writeTarHeader({ ...plainFile, name: 'n' });
  block.write(flag, 156, 'latin1');
  block.fill(size < 0 ? 0xff : 0, 124, 136);
  block.writeInt32BE(size, 132);
  if (size >= 0) block[124] = 0x80;
  block.write('        ', 148, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

const plainFile: TarEntry = { ...blankEntry, name: 'f', type: 'file', mode: 0o644 };

for (const flag of ['x', 'g', 'L', 'K', 'V', '0']) {
  test(`readTar() refuses a header "${flag}" of negative size, which would lead back to itself`, async () => {
    await assert.rejects(
      readAll(Buffer.concat([sizedHeader(flag, -512), tarEnd]), 4096),
      error => isPlimsollError(error, 'invalid-argument') && error.code === 'BAD_ARCHIVE',
    );
  });
}

test('tarReader() refuses a sparse file with a piece of negative length', () => {
  const block = sizedHeader('S', 200);
  const put = (at: number, value: number) => {
    block.fill(value < 0 ? 0xff : 0, at, at + 12);
    if (value >= 0) block[at] = 0x80;
    block.writeInt32BE(value, at + 8);
  };
  for (const [index, value] of [0, 100, 100, -50, 50, 150].entries()) put(386 + index * 12, value);
  put(483, 200);
  block.write('        ', 148, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const tar = Buffer.concat([block, Buffer.alloc(512), tarEnd]);
  assert.throws(() => [...tarReader({ sparse: true }).push(tar)], /map of a sparse file/);
});

for (const flag of ['x', 'g']) {
  test(`readTar() holds no more than so much for headers "${flag}" that follow one another`, async () => {
    const filled = 'v'.repeat(600_000);
    const headers = Array.from({ length: flag === 'x' ? 2 : 300 }, (_, i) => {
      const value = flag === 'x' ? filled : 'v';
      const rest = `key${String(i).padStart(4, '0')}=${value}\n`;
      const digits = String(rest.length + 4).length;
      const record = Buffer.from(`${rest.length + 1 + digits} ${rest}`);
      return Buffer.concat([
        sizedHeader(flag, record.length),
        record,
        Buffer.alloc(tarPadding(record.length)),
      ]);
    });
    await assert.rejects(
      readAll(Buffer.concat([...headers, writeTarHeader(plainFile), tarEnd]), 65536),
      /larger than 1 MiB/,
    );
  });
}

test('readTar() reads back what writeTarHeader() writes, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 6 }),
      fc.integer({ min: 1, max: 2000 }),
      async (entries, size) => {
        const tar = Buffer.concat([
          ...entries.flatMap(value => [writeTarHeader(value), filler(value)]),
          tarEnd,
        ]);
        const read = await readAll(tar, size);
        assert.deepEqual(read.entries, entries);
        assert.equal(
          read.contentBytes,
          entries.reduce((sum, value) => sum + value.size, 0),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('readTar() takes any bytes without anything but BAD_ARCHIVE', async () => {
  await fc.assert(
    fc.asyncProperty(entry, fc.array(fc.tuple(fc.nat(), fc.nat(255))), async (value, edits) => {
      const tar = Buffer.concat([writeTarHeader(value), filler(value), tarEnd]);
      for (const [at, byte] of edits) tar[at % tar.length] = byte;
      try {
        await readAll(tar, 512);
      } catch (error) {
        assert.ok(isPlimsollError(error, 'invalid-argument') && error.code === 'BAD_ARCHIVE', String(error));
      }
    }),
    { numRuns: 200 },
  );
});

test('GNU tar understands what writeTarHeader() writes', () => {
  const long = `${'d'.repeat(80)}/${'f'.repeat(120)}`;
  const plain = {
    mode: 0o640,
    uid: 5,
    gid: 3_000_000,
    size: 0,
    mtime: 1_700_000_000,
    linkName: '',
    major: 0,
    minor: 0,
    xattrs: [],
  };
  const tar = Buffer.concat([
    writeTarHeader({ ...plain, name: long, type: 'file', size: 3 }),
    filler({ size: 3 }),
    writeTarHeader({ ...plain, name: 'link', type: 'symlink', linkName: long }),
    tarEnd,
  ]);
  const listed = execFileSync('tar', ['-tvf', '-', '--numeric-owner', '--utc'], {
    input: tar,
    encoding: 'utf8',
  });
  assert.match(listed, new RegExp(`-rw-r----- 5/3000000 +3 2023-11-14 22:13 ${long}\n`));
  assert.match(listed, new RegExp(`link -> ${long}\n`));
});

for (const format of ['v7', 'ustar', 'gnu', 'posix']) {
  test(`readTar() reads the ${format} format as GNU tar writes it`, async () => {
    const tar = execFileSync(
      'tar',
      [
        '-c',
        `--format=${format}`,
        '--owner=7',
        '--group=8',
        '--numeric-owner',
        '-f',
        '-',
        'package.json',
        'bin/node',
      ],
      {
        cwd: process.cwd(),
      },
    );
    const { entries } = await readAll(tar, 700);
    assert.deepEqual(
      entries.map(({ name, uid, gid, type }) => ({ name, uid, gid, type })),
      [
        { name: 'package.json', uid: 7, gid: 8, type: 'file' },
        { name: 'bin/node', uid: 7, gid: 8, type: 'file' },
      ],
    );
  });
}

test('readTar() names the compression of an archive that is not a tar', async () => {
  await assert.rejects(readAll(gzipSync(randomBytes(2000)), 512), /compressed with gzip/);
});

test('readTar() says that an archive breaks off', async () => {
  const value = {
    name: 'a',
    type: 'file',
    mode: 0,
    uid: 0,
    gid: 0,
    size: 2000,
    mtime: 0,
    linkName: '',
    major: 0,
    minor: 0,
    xattrs: [],
  } as const;
  const tar = Buffer.concat([writeTarHeader(value), filler(value), tarEnd]);
  await assert.rejects(readAll(tar.subarray(0, 1500), 512), /breaks off/);
  await assert.rejects(readAll(tar.subarray(0, 300), 512), /breaks off/);
});

test('readTar() lets its source go when the reader stops early', async () => {
  let closed = false;
  async function* source() {
    try {
      for (;;) yield writeTarHeader({ ...blankEntry, name: 'a', type: 'fifo' });
    } finally {
      closed = true;
    }
  }
  for await (const _ of readTar(source())) break;
  assert.ok(closed);
});

function filler({ size }: Pick<TarEntry, 'size'>): Buffer {
  return Buffer.alloc(size + tarPadding(size), 'x');
}

async function readAll(
  tar: Buffer,
  pieceSize: number,
): Promise<{ entries: TarEntry[]; contentBytes: number }> {
  const entries: TarEntry[] = [];
  let contentBytes = 0;
  async function* pieces() {
    for (let at = 0; at < tar.length; at += pieceSize) yield tar.subarray(at, at + pieceSize);
  }
  for await (const part of readTar(pieces())) {
    if ('entry' in part) entries.push(part.entry);
    else contentBytes += part.content.length;
  }
  return { entries, contentBytes };
}
