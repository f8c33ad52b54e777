import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { planCopy } from '../../src/cli/copy/plan-copy.ts';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { type CliOptions, runPlimsoll } from '../support/run-cli.ts';

describe('planCopy()', () => {
  const folder = (path: string) => ({ path, isFolder: true });
  const file = (path: string) => ({ path, isFolder: false });

  test("goes where docker's table says", () => {
    const cases = [
      [file('/a/f'), { path: '/b', found: 'folder' }, { folder: '/b', name: 'f' }],
      [file('/a/f'), { path: '/b/g', found: 'file' }, { folder: '/b', name: 'g' }],
      [file('/a/f'), { path: '/b/g', found: undefined }, { folder: '/b', name: 'g' }],
      [file('f'), { path: 'g', found: undefined }, { folder: '.', name: 'g' }],
      [folder('/a/d'), { path: '/b', found: 'folder' }, { folder: '/b', name: 'd' }],
      [folder('/a/d/'), { path: '/b/', found: 'folder' }, { folder: '/b/', name: 'd' }],
      [folder('/a/d/.'), { path: '/b', found: 'folder' }, { folder: '/b', name: '.' }],
      [folder('/a/d/.'), { path: '/b/new', found: undefined }, { folder: '/b', name: 'new' }],
      [folder('/a/d'), { path: '/b/new/', found: undefined }, { folder: '/b', name: 'new' }],
      [folder('/'), { path: '/b', found: 'folder' }, { folder: '/b', name: '.' }],
    ] as const;
    for (const [source, target, plan] of cases) assert.deepEqual(planCopy({ source, target }), plan);
  });

  test('refuses what docker refuses', () => {
    const refuse = (source: ReturnType<typeof file>, path: string, found: 'file' | undefined, code: string) =>
      assert.throws(() => planCopy({ source, target: { path, found } }), { code });
    refuse(folder('/a/d'), '/b/f', 'file', 'CANNOT_COPY');
    refuse(file('/a/f'), '/b/new/', undefined, 'PATH_NOT_FOUND');
    refuse(file('/a/f'), '/b/f/', 'file', 'CANNOT_COPY');
  });
});

test('cp, diff, export and commit on a real engine', { skip: noEngine }, async t => {
  await using own = await rootOfOwn();
  const { root, folder } = own;
  const plimsoll = (words: string, options: CliOptions = {}) =>
    runPlimsoll(
      words.split(' ').map(word => word.replaceAll('~', ' ')),
      { root, cwd: folder, ...options },
    );
  const ok = async (words: string, options: CliOptions = {}) => {
    const result = await plimsoll(words, options);
    assert.equal(result.code, 0, `${words}: ${result.stderr}`);
    return result.stdout;
  };
  const at = (name: string) => join(folder, name);
  mkdirSync(at('vol'));
  mkdirSync(at('site/deep'), { recursive: true });
  writeFileSync(at('site/a'), 'from the host');
  writeFileSync(at('site/deep/b'), 'b');
  symlinkSync('a', at('site/link'));
  await ok(
    `create --name web --network none -v data:/data -v ${at('vol')}:/bound --tmpfs /mem busybox ` +
      'sh -c mkdir~-p~/srv;while~:;do~sleep~1;done',
  );
  /** In the container as it is then: text of a file. */
  const inside = async (path: string) => {
    const tar = await ok(`cp web:${path} -`);
    return execFileSync('tar', ['-xOf', '-'], { input: Buffer.from(tar) }).toString();
  };

  for (const state of ['created', 'running', 'paused', 'exited']) {
    await t.test(`copy into and out of a ${state} container, its volumes and its binds`, async () => {
      if (state === 'running') await ok('start web');
      if (state === 'paused') await ok('pause web');
      if (state === 'exited') {
        await ok('unpause web');
        await ok('stop -t 0 web');
      }
      await ok(`cp site web:/root/${state}`);
      assert.equal(await inside(`/root/${state}/deep/b`), 'b');
      await ok(`cp site/a web:/data/${state}`);
      assert.equal(await inside(`/data/${state}`), 'from the host');
      assert.equal(readFileSync(join(root.dataDir, 'volumes/data/_data', state), 'utf8'), 'from the host');
      await ok(`cp site/a web:/bound/${state}`);
      assert.equal(readFileSync(at(`vol/${state}`), 'utf8'), 'from the host');
      await ok(`cp web:/root/${state} out-${state}`);
      assert.deepEqual(readdirSync(at(`out-${state}`)).sort(), ['a', 'deep', 'link']);
      assert.equal(readlinkSync(at(`out-${state}/link`)), 'a');
    });
  }

  await t.test('copy into memory of a running container, and over its /etc/hosts', async () => {
    await ok('start web');
    await ok('cp site/a web:/mem/a');
    assert.equal(await inside('/mem/a'), 'from the host');
    await ok('cp site/a web:/etc/hosts');
    assert.equal(await ok('exec web cat /etc/hosts'), 'from the host');
  });

  await t.test('owners become those of the target, or with -a stay', async () => {
    execFileSync('chown', ['1234:5678', at('site/a')]);
    await ok('cp site/a web:/root/mine');
    assert.equal(await ok('exec web stat -c %u:%g /root/mine'), '0:0\n');
    await ok('cp -a site/a web:/root/theirs');
    assert.equal(await ok('exec web stat -c %u:%g /root/theirs'), '1234:5678\n');
    await ok('cp web:/root/theirs here');
    assert.equal(statSync(at('here')).uid, process.getuid?.());
    await ok('cp -a web:/root/theirs there');
    assert.equal(statSync(at('there')).uid, 1234);
  });

  await t.test('a tar goes in by the input and comes out by the output', async () => {
    const tar = execFileSync('tar', ['-C', folder, '-cf', '-', 'site']);
    await ok('cp - web:/srv', { input: tar });
    assert.equal(await inside('/srv/site/a'), 'from the host');
    const out = Buffer.from(await ok('cp web:/srv/site/. -'));
    const names = execFileSync('tar', ['-tf', '-'], { input: out }).toString().split('\n');
    assert.deepEqual(names.slice(0, -1), ['./', './a', './deep/', './deep/b', './link']);
    assert.match((await plimsoll('cp web:/srv -', { tty: true })).stderr, /nothing for a terminal/);
    assert.match((await plimsoll('cp - web:/srv/site/a', { input: tar })).stderr, /is not a folder/);
    assert.match(
      (await plimsoll('cp - web:/srv', { input: 'no tar' })).stderr,
      /the tar archive cannot be used/,
    );
  });

  await t.test('links are copied as links, with -L what they lead to', async () => {
    await ok('cp site/link web:/root/l');
    assert.equal(await ok('exec web readlink /root/l'), 'a\n');
    await ok('cp -L site/link web:/root/f');
    assert.equal(await inside('/root/f'), 'from the host');
    await ok('exec web sh -c echo~-n~deep>/root/target;ln~-s~target~/root/one;ln~-s~/root/one~/root/two');
    await ok('cp web:/root/two two');
    assert.equal(readlinkSync(at('two')), '/root/one');
    await ok('cp -L web:/root/two followed');
    assert.equal(readFileSync(at('followed'), 'utf8'), 'deep');
    await ok('cp site/a web:/root/two');
    assert.equal(await ok('exec web cat /root/target'), 'from the host');
  });

  await t.test('a container cannot lead a copy out of itself by links', async () => {
    writeFileSync(at('precious'), 'kept');
    await ok(`exec web sh -c ln~-s~${folder}~/root/out;ln~-s~${at('precious')}~/root/p`);
    const read = await plimsoll('cp web:/root/out/precious stolen');
    assert.match(read.stderr, /there is no file or folder/);
    assert.ok(!existsSync(at('stolen')));
    const written = await plimsoll('cp site/a web:/root/out/precious');
    assert.equal(written.code, 1);
    assert.equal(readFileSync(at('precious'), 'utf8'), 'kept');
    await ok('cp web:/root/out link-out');
    assert.ok(lstatSync(at('link-out')).isSymbolicLink());
    // What it sends may lead only below the folder that was named.
    await ok('exec web sh -c mkdir~-p~/root/evil;ln~-s~/tmp~/root/evil/x');
    await ok('cp web:/root/evil .');
    assert.equal(readlinkSync(at('evil/x')), '/tmp');
    await ok('exec web sh -c rm~/root/evil/x;mkdir~/root/evil/x;echo~bad>/root/evil/x/plimsoll-escaped');
    assert.equal((await plimsoll('cp web:/root/evil .')).code, 1);
    assert.ok(!existsSync('/tmp/plimsoll-escaped'));
  });

  await t.test('between two containers', async () => {
    await ok('create --name other --network none busybox');
    await ok('cp web:/srv/site other:/root/copy');
    await ok('cp other:/root/copy/a compared');
    assert.equal(readFileSync(at('compared'), 'utf8'), 'from the host');
    await ok('rm other');
  });

  await t.test('what is read-only is not written to', async () => {
    await ok(
      `create --name ro --network none --read-only -v ${at('vol')}:/bound:ro -v rw:/rw busybox sleep 100`,
    );
    for (let turn = 0; turn < 2; turn++) {
      for (const path of ['/root/x', '/bound/x']) {
        const result = await plimsoll(`cp site/a ro:${path}`);
        assert.equal(result.code, 1);
        assert.match(result.stderr, /read-only/);
      }
      await ok(`cp site/a ro:/rw/${turn}`);
      if (turn === 0) await ok('start ro');
    }
    await ok('rm -f ro');
  });

  await t.test('what cannot be is one sentence', async () => {
    for (const [words, message] of [
      ['cp site elsewhere', /neither end of the copy is in a container/],
      ['cp nosuch:/x .', /No such container: nosuch/],
      ['cp web:/nosuch .', /there is no file or folder "\/nosuch"/],
      ['cp nosuch web:/', /there is no file or folder "nosuch"/],
      ['cp site web:/etc/passwd', /is a file: a folder cannot be copied onto it/],
      ['cp site/a web:/nosuch/', /the folder "\/nosuch\/" does not exist/],
      ['cp site/a web:/nosuch/x', /there is no folder "\/nosuch"/],
      ['cp web:/root nosuch/x', /there is no folder "nosuch"/],
      ['cp web: .', /names no path/],
    ] as const) {
      const { code, stderr } = await plimsoll(words);
      assert.equal(code, 1, words);
      assert.match(stderr, message, words);
    }
  });

  await t.test('diff lists what a container changed, and not what was mounted', async () => {
    await ok(
      'run --name changes --network none -v data2:/data2 -v data3:/new/data3 busybox ' +
        'sh -c echo~x>/etc/passwd;mkdir~/made;touch~/made/f;rm~/bin/ls;rm~-r~/root;mkdir~/root;mkdir~/a~/a/b',
    );
    const lines = (await ok('diff changes')).split('\n').slice(0, -1);
    assert.deepEqual(lines, [
      'A /a',
      'A /a/b',
      'C /bin',
      'D /bin/ls',
      'C /etc',
      'C /etc/passwd',
      'A /made',
      'A /made/f',
      'C /root', // made again, with another mode
    ]);
    await ok('create --name fresh --network none busybox');
    assert.equal(await ok('diff fresh'), '');
    await ok('rm fresh');
  });

  await t.test('export writes the whole file system, without what is mounted', async () => {
    await ok('export -o whole.tar changes');
    const names = execFileSync('tar', ['-tf', at('whole.tar')])
      .toString()
      .split('\n');
    assert.ok(names.includes('etc/passwd') && names.includes('made/f') && names.includes('bin/busybox'));
    assert.ok(!names.includes('bin/ls'));
    const live = Buffer.from((await runLatin('export web')) as string, 'latin1');
    const running = execFileSync('tar', ['-tf', '-'], { input: live }).toString().split('\n');
    assert.ok(running.includes('srv/site/a'));
    assert.ok(!running.some(name => /^(proc|data|mem)\/./.test(name)), 'nothing of what is mounted');
    assert.match((await plimsoll('export changes', { tty: true })).stderr, /nothing for a terminal/);
    assert.equal((await plimsoll('export -o nosuch/x changes')).code, 1);
    assert.deepEqual(
      readdirSync(folder).filter(name => name.endsWith('.tmp')),
      [],
    );
  });

  async function runLatin(words: string) {
    const pieces: Buffer[] = [];
    const result = await plimsoll(words, { onOutput: chunk => pieces.push(chunk) });
    assert.equal(result.code, 0, result.stderr);
    return Buffer.concat(pieces).toString('latin1');
  }

  await t.test('commit makes an image of what was changed, with what it runs', async () => {
    const id = await ok(
      'commit -a Ada -m tuned -c CMD~["cat","/etc/passwd"] -c ENV~A=1~B=$A -c EXPOSE~80 changes tuned:1',
    );
    assert.match(id, /^sha256:[0-9a-f]{64}\n$/);
    assert.equal(await ok('run --rm --network none tuned:1'), 'x\n');
    assert.equal((await plimsoll('run --rm --network none tuned:1 ls /')).code, 127);
    const [image] = JSON.parse(await ok('inspect --type image tuned:1')) as [
      { Author: string; Comment: string; Config: Record<string, unknown>; RootFS: { Layers: [] } },
    ];
    assert.equal(image.Author, 'Ada');
    assert.deepEqual(image.Config.ExposedPorts, { '80/tcp': {} });
    assert.ok((image.Config.Env as string[]).includes('A=1'));
    assert.equal(image.Comment, 'tuned');
    assert.equal(image.RootFS.Layers.length, 2);
    assert.equal(await ok('run --rm --network none tuned:1 sh -c echo~$A-$B'), '1-\n');
    // From the image, nothing is a change any more.
    await ok('create --name again --network none tuned:1');
    assert.equal(await ok('diff again'), '');
    await ok('rm again');
    await ok('run --name emptied --network none tuned:1 sh -c rm~-r~/made;mkdir~/made;echo>/made/g');
    assert.equal(await ok('diff emptied'), 'C /made\nD /made/f\nA /made/g\n');
    await ok('commit emptied tuned:2');
    assert.equal(await ok('run --rm --network none tuned:2 sh -c echo~/made/*'), '/made/g\n');
    await ok('rm emptied');
  });

  await t.test(
    'commit of a running container stops it only meanwhile; one that changed nothing adds no layer',
    async () => {
      await ok('run -d --name ticking --network none busybox sh -c while~:;do~sleep~0.05;done');
      const id = (await ok('commit ticking')).trim();
      assert.match(await ok('ps --filter name=ticking'), /Up /);
      const [image] = JSON.parse(await ok(`inspect --type image ${id}`)) as [{ RootFS: { Layers: [] } }];
      assert.equal(image.RootFS.Layers.length, 1);
      await ok('exec ticking true');
      await ok('rm -f ticking');
      for (const change of ['RUN~x', 'FROM~x', 'COPY~a~b', 'NOSUCH', 'EXPOSE~x']) {
        const result = await plimsoll(`commit -c ${change} changes never`);
        assert.equal(result.code, 1, change);
      }
      assert.doesNotMatch(await ok('images'), /never/);
    },
  );

  await t.test('the verbs stand under container too, with the same exit codes', async () => {
    assert.match(await ok('container ls -a'), /web/);
    assert.match(await ok('container ps -aq'), /^[0-9a-f]{12}/);
    assert.equal((await plimsoll('container run --rm --network none busybox sh -c exit~7')).code, 7);
    assert.equal((await plimsoll('container run --rm nosuch')).code, 125);
    assert.equal((await plimsoll('container inspect busybox')).code, 1);
    assert.equal(await ok('container rm changes'), 'changes\n');
    await ok('rm -f web');
    rmSync(at('vol'), { recursive: true });
    const check = await plimsoll('system check --deep');
    assert.deepEqual(check, { code: 0, stdout: 'the root is consistent\n', stderr: '' });
  });
});
