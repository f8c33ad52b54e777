import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseModeChange } from '../../../src/engine/build/copy/index.ts';
import { makeYard, read, type Yard } from './yard.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

/** All paths of a root filesystem, folders with a slash. */
function tree(rootfs: string): string[] {
  return readdirSync(rootfs, { recursive: true, encoding: 'utf8' })
    .map(path => (lstatSync(join(rootfs, path)).isDirectory() ? `${path}/` : path))
    .sort();
}

async function copied(yard: Yard, ...lines: string[]): Promise<string[]> {
  const { image } = await yard.build(['FROM scratch', ...lines].join('\n'));
  return await yard.inside(image, tree);
}

describe('COPY', { skip }, () => {
  test('a rebuild after one file of many has changed makes byte for byte what a build from nothing makes', async () => {
    await using yard = makeYard();
    for (let n = 0; n < 300; n++) yard.write(`many/d${n % 7}/f${n}`, `file ${n}\n`.repeat(n));
    yard.write('many/large', 'x'.repeat(1_100_000));
    yard.write('many/\u{1F600} ü', 'name');
    chmodSync(join(yard.context, 'many/d3/f3'), 0o4751);
    const dockerfile = 'FROM scratch\nCOPY many /\n';
    const before = await yard.build(dockerfile);
    yard.write('many/d5/f5', 'changed');
    const rebuilt = await yard.build(dockerfile);
    const anew = await yard.build(dockerfile, { noCache: true });
    assert.notDeepEqual(rebuilt.config.rootfs, before.config.rootfs);
    assert.deepEqual(rebuilt.config.rootfs, anew.config.rootfs);
    const [diffId = ''] = rebuilt.config.rootfs.diff_ids;
    assert.ok(await yard.verify(diffId), 'and its files are those that were hashed');
  });

  test('puts files and the content of folders where docker does', async () => {
    await using yard = makeYard();
    yard.write('a.txt', 'a');
    yard.write('b.txt', 'b');
    yard.write('dir/x', 'x');
    yard.write('dir/sub/y', 'y');
    assert.deepEqual(await copied(yard, 'COPY a.txt /new'), ['new']);
    assert.deepEqual(await copied(yard, 'COPY a.txt /new/'), ['new/', 'new/a.txt']);
    assert.deepEqual(await copied(yard, 'COPY a.txt b.txt ./'), ['a.txt', 'b.txt']);
    assert.deepEqual(await copied(yard, 'COPY dir /to'), ['to/', 'to/sub/', 'to/sub/y', 'to/x']);
    assert.deepEqual(await copied(yard, 'COPY dir/ /to/'), ['to/', 'to/sub/', 'to/sub/y', 'to/x']);
    assert.deepEqual(await copied(yard, 'COPY dir a.txt /to/'), [
      'to/',
      'to/a.txt',
      'to/sub/',
      'to/sub/y',
      'to/x',
    ]);
    assert.deepEqual(await copied(yard, 'WORKDIR /w', 'COPY a.txt .'), ['w/', 'w/a.txt']);
    assert.deepEqual(await copied(yard, 'WORKDIR /w', 'COPY a.txt .', 'COPY b.txt /w'), [
      'w/',
      'w/a.txt',
      'w/b.txt',
    ]);
    assert.deepEqual(await copied(yard, 'COPY ["a.txt", "with space/"]'), [
      'with space/',
      'with space/a.txt',
    ]);
  });

  test('knows wildcards, --parents and --exclude', async () => {
    await using yard = makeYard();
    for (const path of ['one.md', 'two.md', 'code.ts', 'a/b/deep.ts', 'a/b/deep.md', 'a/c/other.ts'])
      yard.write(path, path);
    assert.deepEqual(await copied(yard, 'COPY *.md /d/'), ['d/', 'd/one.md', 'd/two.md']);
    assert.deepEqual(await copied(yard, 'COPY a/*/*.ts /d/'), ['d/', 'd/deep.ts', 'd/other.ts']);
    assert.deepEqual(await copied(yard, 'COPY [no]*.[mt]? /d/'), ['d/', 'd/one.md']);
    assert.deepEqual(await copied(yard, 'COPY --parents a/b/deep.ts /d/'), [
      'd/',
      'd/a/',
      'd/a/b/',
      'd/a/b/deep.ts',
    ]);
    assert.deepEqual(await copied(yard, 'COPY --parents a/./b/deep.ts /d/'), ['d/', 'd/b/', 'd/b/deep.ts']);
    assert.deepEqual(await copied(yard, 'COPY --parents **/*.md /d/'), [
      'd/',
      'd/a/',
      'd/a/b/',
      'd/a/b/deep.md',
      'd/one.md',
      'd/two.md',
    ]);
    assert.deepEqual(await copied(yard, 'COPY --exclude=**/*.ts --exclude=a/c a /d/'), [
      'd/',
      'd/b/',
      'd/b/deep.md',
      'd/c/',
    ]);
    assert.deepEqual(await copied(yard, 'COPY --exclude=two* *.md /d/'), ['d/', 'd/one.md']);
  });

  test('leaves out what the ignore file says, and lets exceptions in', async () => {
    await using yard = makeYard();
    for (const path of ['keep', 'logs/a.log', 'logs/important.log', 'node_modules/x/y', 'secret'])
      yard.write(path, path);
    yard.write(
      '.dockerignore',
      'logs\n!logs/important.log\nnode_modules\nsecret\n.dockerignore\nDockerfile\n',
    );
    assert.deepEqual(await copied(yard, 'COPY . /d/'), ['d/', 'd/keep', 'd/logs/', 'd/logs/important.log']);
    await assert.rejects(copied(yard, 'COPY secret /'), {
      summary: 'Dockerfile:2: "secret" is left out by the ignore file',
    });
    yard.write('Dockerfile.dockerignore', '**\n!keep\n');
    assert.deepEqual(await copied(yard, 'COPY . /d/'), ['d/', 'd/keep']);
  });

  test('keeps modes, times and links, makes owners root, and merges folders', async () => {
    await using yard = makeYard();
    yard.write('d/tool', 'x', 0o4755);
    mkdirSync(join(yard.context, 'd/private'));
    chmodSync(join(yard.context, 'd/private'), 0o700);
    symlinkSync('/nowhere', join(yard.context, 'd/link'));
    symlinkSync('d/tool', join(yard.context, 'alias'));
    utimesSync(join(yard.context, 'd/private'), 5, 1_234_567_890);
    execFileSync('chown', ['-R', '1234:1234', join(yard.context, 'd')]);
    chmodSync(join(yard.context, 'd/tool'), 0o4755);
    await yard.makeBase('base', rootfs => {
      mkdirSync(join(rootfs, 'etc'));
      chmodSync(join(rootfs, 'etc'), 0o711);
      mkdirSync(join(rootfs, 'usr/lib'), { recursive: true });
      symlinkSync('usr/lib', join(rootfs, 'lib'));
      writeFileSync(join(rootfs, 'etc/other'), 'stays');
    });
    yard.write('libs/lib/so', 'so');
    const { image } = await yard.build(
      'FROM base\nCOPY d /etc\nCOPY alias /alias\nCOPY libs /\nCOPY --chmod=u=rwX,go=rX d /m/\n',
    );
    await yard.inside(image, rootfs => {
      const facts = (path: string) => {
        const { mode, uid, gid, mtimeMs } = lstatSync(join(rootfs, path));
        return [(mode & 0o7777).toString(8), uid, gid, mtimeMs / 1000];
      };
      assert.deepEqual(facts('etc/tool'), ['4755', 0, 0, 1_000_000_000]);
      assert.deepEqual(facts('etc/private'), ['700', 0, 0, 1_234_567_890]);
      assert.equal(facts('etc')[0], '711', 'a folder that was there keeps its mode');
      assert.equal(read(rootfs, 'etc/other'), 'stays');
      assert.equal(readlinkSync(join(rootfs, 'etc/link')), '/nowhere');
      assert.equal(read(rootfs, 'alias'), 'x', 'a link named as a source is followed');
      assert.equal(read(rootfs, 'usr/lib/so'), 'so', 'a folder copied onto a link to one lands behind it');
      assert.equal(readlinkSync(join(rootfs, 'lib')), 'usr/lib');
      assert.equal(facts('m/tool')[0], '755');
      assert.equal(facts('m/private')[0], '755');
    });
  });

  test('puts new files beside old ones, over old ones, and never shows what was deleted below', async () => {
    await using yard = makeYard({
      fakeRun: (_, rootfs) => {
        rmSync(join(rootfs, 'app/gone'), { recursive: true });
        return 0;
      },
    });
    await yard.makeBase('base', rootfs => {
      for (const path of ['app/old', 'app/sub/old', 'app/gone/old', 'app/both', 'app/sub/both', 'group/x']) {
        mkdirSync(join(rootfs, path, '..'), { recursive: true });
        writeFileSync(join(rootfs, path), 'old');
      }
      chownSync(join(rootfs, 'group'), 0, 77);
      chmodSync(join(rootfs, 'group'), 0o2775);
    });
    for (const path of ['new', 'both', 'sub/new', 'sub/both', 'sub/deep/new', 'gone/new'])
      yard.write(path, 'new');
    yard.write('.dockerignore', 'Dockerfile\n.dockerignore\n');
    const { image } = await yard.build(
      'FROM base\nRUN delete\nWORKDIR /app\nCOPY . .\nCOPY new both /group/\nCOPY sub /group\n',
    );
    await yard.inside(image, rootfs => {
      assert.deepEqual(tree(join(rootfs, 'app')), [
        ...['both', 'gone/', 'gone/new', 'new', 'old'],
        ...['sub/', 'sub/both', 'sub/deep/', 'sub/deep/new', 'sub/new', 'sub/old'],
      ]);
      assert.deepEqual(
        ['both', 'old', 'sub/both', 'sub/old', 'gone/new'].map(path => read(rootfs, `app/${path}`)),
        ['new', 'old', 'new', 'old', 'new'],
      );
      for (const path of ['group/new', 'group/both', 'group/deep/new'])
        assert.equal(statSync(join(rootfs, path)).gid, 0, path);
      assert.equal(statSync(join(rootfs, 'group/both')).mode & 0o7777, 0o644);
    });
    assert.deepEqual(yard.leftovers(), []);
  });

  test('keeps owners from a stage unless --chown says another', async () => {
    await using yard = makeYard();
    yard.write('f', 'x');
    const { image } = await yard.build(
      'FROM scratch AS a\nCOPY --chown=7:8 f /f\nFROM scratch\nCOPY --from=a /f /kept\nCOPY --from=0 --chown=9 /f /given\n',
    );
    await yard.inside(image, rootfs => {
      const owner = (path: string) => [statSync(join(rootfs, path)).uid, statSync(join(rootfs, path)).gid];
      assert.deepEqual(
        [owner('kept'), owner('given')],
        [
          [7, 8],
          [9, 9],
        ],
      );
    });
  });

  test('says what it cannot copy', async () => {
    await using yard = makeYard();
    yard.write('f', 'x');
    yard.write('d/f/g', 'x');
    await assert.rejects(copied(yard, 'COPY missing /'), {
      code: 'SOURCE_NOT_FOUND',
      kind: 'not-found',
      summary: 'Dockerfile:2: "missing" is not there to be copied',
    });
    assert.deepEqual(await copied(yard, 'COPY *.none /'), [], 'a pattern may match nothing');
    await assert.rejects(copied(yard, 'COPY ../../etc/passwd /'), { code: 'SOURCE_NOT_FOUND' });
    await assert.rejects(copied(yard, 'COPY f /x', 'COPY d /x'), { code: 'DESTINATION_NOT_FOLDER' });
    await assert.rejects(copied(yard, 'COPY f /x', 'COPY f /x/y'), { code: 'DESTINATION_NOT_FOLDER' });
    await assert.rejects(copied(yard, 'COPY d /d', 'COPY f /d/'), { code: 'DESTINATION_IS_FOLDER' });
    assert.deepEqual(yard.leftovers(), []);
  });

  test('never reads out of the context through a link', async () => {
    await using yard = makeYard();
    symlinkSync('/etc/passwd', join(yard.context, 'absolute'));
    symlinkSync('../data', join(yard.context, 'above'));
    for (const source of ['absolute', 'above', 'above/plimsoll.db']) {
      await assert.rejects(copied(yard, `COPY ${source} /x`), { code: 'SOURCE_NOT_FOUND' }, source);
    }
  });

  test('does nothing to sockets', async () => {
    await using yard = makeYard();
    yard.write('f', 'x');
    const server = createServer().listen(join(yard.context, 'socket'));
    try {
      await new Promise(resolve => server.once('listening', resolve));
      assert.deepEqual(await copied(yard, 'COPY . /d/'), ['d/', 'd/Dockerfile', 'd/f']);
    } finally {
      server.close();
    }
  });
});

describe('ADD', { skip }, () => {
  test('unpacks local archives, safely, and nothing else', async () => {
    await using yard = makeYard();
    yard.write('in/a', 'a');
    yard.write('in/sub/b', 'b');
    const tar = (...args: string[]) => execFileSync('tar', ['-C', yard.context, ...args]);
    tar('-czf', join(yard.context, 'x.tgz'), '--owner=5', '--group=6', '-C', join(yard.context, 'in'), '.');
    yard.write('text.gz', 'not an archive');
    yard.write('.dockerignore', 'Dockerfile');
    assert.deepEqual(await copied(yard, 'ADD x.tgz /d'), ['d/', 'd/a', 'd/sub/', 'd/sub/b']);
    assert.deepEqual(await copied(yard, 'ADD --unpack=false x.tgz /d/'), ['d/', 'd/x.tgz']);
    assert.deepEqual(await copied(yard, 'COPY x.tgz /d/'), ['d/', 'd/x.tgz']);
    assert.deepEqual(await copied(yard, 'ADD text.gz /d/'), ['d/', 'd/text.gz']);
    execFileSync('gzip', ['-k', join(yard.context, 'in/a')]);
    assert.deepEqual(await copied(yard, 'ADD in/a.gz /d/'), ['d/', 'd/a.gz']);
    const { image } = await yard.build('FROM scratch\nADD x.tgz /\n');
    await yard.inside(image, rootfs => {
      assert.deepEqual([statSync(join(rootfs, 'a')).uid, statSync(join(rootfs, 'a')).gid], [5, 6]);
    });
    await yard.makeBase('evil', rootfs => symlinkSync(yard.folder, join(rootfs, 'sub')));
    await assert.rejects(yard.build('FROM evil\nADD x.tgz /\n'), { code: 'DESTINATION_NOT_FOLDER' });
    assert.ok(!existsSync(join(yard.folder, 'b')));
  });

  test('downloads URLs and holds them to their checksum', async () => {
    await using yard = makeYard();
    let asked = 0;
    const server = createServer((request, response) => {
      asked++;
      if (request.url !== '/file.txt') response.writeHead(404).end();
      else response.writeHead(200, { 'last-modified': 'Sun, 09 Sep 2001 01:46:40 GMT' }).end('hello');
    }).listen(0, '127.0.0.1');
    try {
      await new Promise(resolve => server.once('listening', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { image } = await yard.build(`FROM scratch\nADD ${url}/file.txt /d/\n`);
      await yard.inside(image, rootfs => {
        assert.equal(read(rootfs, 'd/file.txt'), 'hello');
        const { mode, mtimeMs } = statSync(join(rootfs, 'd/file.txt'));
        assert.deepEqual([mode & 0o777, mtimeMs], [0o600, 1_000_000_000_000]);
      });
      const right = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
      const checked = `ADD --checksum=sha256:${right} ${url}/file.txt /x`;
      assert.deepEqual(await copied(yard, checked), ['x']);
      const before = asked;
      assert.deepEqual(await copied(yard, checked), ['x']);
      assert.equal(asked, before, 'what the checksum names is not downloaded again');
      const wrong = `ADD --checksum=sha256:${'0'.repeat(64)} ${url}/file.txt /x`;
      await assert.rejects(copied(yard, wrong), { code: 'CHECKSUM_MISMATCH' });
      await assert.rejects(copied(yard, `ADD ${url}/none /x`), { code: 'DOWNLOAD_FAILED' });
      await assert.rejects(copied(yard, 'ADD http://127.0.0.1:1/x /x'), { code: 'DOWNLOAD_FAILED' });
      assert.deepEqual(yard.leftovers(), []);
    } finally {
      server.close();
    }
  });
});

test('parseModeChange() does as chmod(1)', () => {
  const table: readonly (readonly [change: string, mode: number, folder: boolean, result: number])[] = [
    ['755', 0o600, false, 0o755],
    ['4711', 0o600, false, 0o4711],
    ['u+x', 0o644, false, 0o744],
    ['+x', 0o644, false, 0o755],
    ['go-r', 0o644, false, 0o600],
    ['a=r', 0o777, false, 0o444],
    ['u=rwX,go=rX', 0o600, true, 0o755],
    ['u=rwX,go=rX', 0o600, false, 0o644],
    ['u+s,o+t', 0o755, false, 0o5755],
  ];
  for (const [change, mode, folder, result] of table)
    assert.equal(parseModeChange(change)(mode, folder), result, change);
  assert.throws(() => parseModeChange('u=q'), { code: 'MODE_INVALID' });
});
