import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../support/fake-registry.ts';
import { archiveOf } from '../support/image-archive.ts';
import { tarOf } from '../support/layer-root.ts';
import { noRegistry, startRegistry } from '../support/real-registry.ts';
import { noSmallDisk, openSmallDisk } from '../support/small-disk.ts';
import { callers, type Home, openHome } from './dashboard.ts';

const nonsense = [
  { Cmd: 7 },
  { Cmd: [1, null, {}] },
  { Env: { A: 1 } },
  { Env: ['=x', 'A\0B=1', 'plain'] },
  { Entrypoint: 'sh -c' },
  { User: { name: 'x' } },
  { User: 'no:such:user' },
  { WorkingDir: 'relative/../..' },
  { ExposedPorts: ['80'] },
  { ExposedPorts: { '99999999/xyz': {} } },
  { Volumes: '/data' },
  { Volumes: { '../../etc': {} } },
  { Labels: ['a'] },
  { Labels: { '\u001b[2J': '\u001b]0;x\u0007' } },
  { StopSignal: 'SIGNONSENSE' },
  { Healthcheck: 'CMD true' },
  { Healthcheck: { Test: ['CMD'], Interval: -5, Retries: 'x' } },
  [],
  null,
  'text',
];

for (const { who, skip } of callers) {
  describe(`when something else fails, ${who}`, { skip }, () => {
    let home: Home;
    before(() => {
      home = openHome(who);
    });
    after(() => home[Symbol.dispose]());
    const alone = ['--network', 'none'];
    const idOf = (name: string) => home.plimsoll('inspect', '--format', '{{.Id}}', name).trim();

    test('a pull on a disk that fills up says so, leaves no image, and the room comes back', {
      skip: noRegistry || noSmallDisk('tmpfs'),
    }, async () => {
      await using registry = await startRegistry();
      const name = `${registry.host}/cargo:1`;
      const context = join(home.folder, 'cargo');
      mkdirSync(context);
      spawnSync('dd', ['if=/dev/urandom', `of=${join(context, 'bales')}`, 'bs=1M', 'count=24']);
      writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nCOPY bales /\n');
      home.plimsoll('build', '-t', name, context);
      home.plimsoll('push', name);
      using disk = openSmallDisk('tmpfs', 30);
      using small = openHome(who, { disk });
      small.plimsoll('rmi', 'busybox');
      small.plimsoll('system', 'prune', '-af');
      const used = disk.usedBytes();
      const { code, stderr } = small.attempt('pull', name);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /No space left on device|the disk is full/);
      assert.doesNotMatch(stderr, /^ {4}at |ENOSPC/m);
      assert.equal(small.plimsoll('images', '-q'), '');
      assert.equal(small.plimsoll('system', 'check'), 'the root is consistent\n');
      small.plimsoll('system', 'prune', '-af');
      const kept = disk.usedBytes() - used;
      assert.ok(kept < 1024 * 1024, `${kept} bytes are left`);
    });

    test('a monitor that is killed takes no container along: it runs on, and can be looked into, stopped and removed', async () => {
      home.plimsoll('run', '-d', '--name', 'orphan', ...alone, 'busybox', 'sleep', '1000');
      const pidFile = join(home.runDir, 'containers', idOf('orphan'), 'conmon.pid');
      process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
      await sleep(100);
      assert.match(home.plimsoll('ps'), /orphan/);
      assert.equal(home.plimsoll('exec', 'orphan', 'echo', 'alive'), 'alive\n');
      home.plimsoll('stop', '-t', '0', 'orphan');
      assert.equal(home.plimsoll('ps', '-q'), '');
      home.plimsoll('start', 'orphan');
      assert.equal(home.plimsoll('exec', 'orphan', 'echo', 'again'), 'again\n');
      home.plimsoll('rm', '-f', 'orphan');
      assert.equal(home.plimsoll('system', 'check'), 'the root is consistent\n');
    });

    test('a monitor that is slow to write its number keeps no container from starting', () => {
      const tools = join(home.folder, 'slow');
      mkdirSync(tools);
      const real = spawnSync('sh', ['-c', 'command -v conmon'], { encoding: 'utf8' }).stdout.trim();
      const script = `
        for word; do
          shift
          [ "$last" = --conmon-pidfile ] && file=$word word=$word.late
          set -- "$@" "$word"
          last=$word
        done
        ${real} "$@" || exit
        sleep 0.5
        mv "$file.late" "$file"`;
      writeFileSync(join(tools, 'conmon'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const [program = '', ...words] = [
        ...home.command,
        'run',
        '--rm',
        ...alone,
        'busybox',
        'echo',
        'aboard',
      ];
      const { stdout, stderr } = spawnSync(program, words, {
        encoding: 'utf8',
        env: { ...home.env, PATH: `${tools}:${home.env.PATH}` },
      });
      assert.equal(stdout, 'aboard\n', stderr);
    });

    test('a runtime that fails is quoted, and leaves no container, mount or cgroup', () => {
      const tools = join(home.folder, 'tools');
      mkdirSync(tools);
      writeFileSync(join(tools, 'crun'), '#!/bin/sh\necho "the hold is flooded" >&2\nexit 1\n', {
        mode: 0o755,
      });
      const [program = '', ...words] = [...home.command, 'run', '--rm', ...alone, 'busybox', 'true'];
      const { status, stderr } = spawnSync(program, words, {
        encoding: 'utf8',
        env: { ...home.env, PATH: `${tools}:${home.env.PATH}` },
      });
      assert.equal(status, 125);
      assert.match(stderr, /the hold is flooded/);
      assert.doesNotMatch(stderr, /^ {4}at /m);
      assert.equal(home.plimsoll('ps', '-aq'), '');
      assert.equal(home.plimsoll('system', 'check'), 'the root is consistent\n');
    });

    test('files of a container that are deleted behind our back: it is said, and it can be stopped and removed', () => {
      home.plimsoll('run', '-d', '--name', 'hollow', ...alone, 'busybox', 'sleep', '1000');
      rmSync(join(home.root, 'containers', idOf('hollow'), 'upper'), { recursive: true });
      assert.match(home.plimsoll('ps'), /hollow/);
      home.plimsoll('stop', '-t', '0', 'hollow');
      const { code, stderr } = home.attempt('start', 'hollow');
      if (code !== 0) assert.match(stderr, /^plimsoll: .*hollow|upper|does not exist/m);
      assert.doesNotMatch(stderr, /^ {4}at /m);
      home.plimsoll('rm', '-f', 'hollow');
      assert.equal(home.plimsoll('system', 'check'), 'the root is consistent\n');
    });

    test('an image config full of nonsense is refused in a sentence, or runs; nothing of it breaks a list', () => {
      const sentences = ({ stderr }: { stderr: string }, what: string) => {
        assert.doesNotMatch(
          stderr,
          /^ {4}at |TypeError|is not a function|undefined|\[object/m,
          `${what}: ${stderr}`,
        );
        assert.ok(stderr.split('\n').length <= 4, `${what}: ${stderr}`);
      };
      const archive = join(home.folder, 'nonsense.tar');
      nonsense.forEach((config, i) => {
        const what = JSON.stringify(config);
        writeImage(archive, `nonsense:${i}`, config);
        sentences(home.attempt('load', '-q', '-i', archive), what);
        sentences(home.attempt('history', `nonsense:${i}`), what);
        sentences(home.attempt('create', '--name', `odd${i}`, ...alone, `nonsense:${i}`, '/hello'), what);
      });
      assert.match(home.plimsoll('images'), /nonsense/);
      const images = home.plimsoll('images', '-q', 'nonsense').split('\n').filter(Boolean);
      home.plimsoll('inspect', '--type', 'image', ...images);
      const containers = home.plimsoll('ps', '-aq').split('\n').filter(Boolean);
      assert.ok(images.length > 5 && containers.length > 5, 'many can be had');
      for (const line of home
        .attempt('start', ...containers)
        .stderr.trim()
        .split(/\n(?=plimsoll: )/))
        sentences({ stderr: line }, line);
      assert.match(home.plimsoll('ps', '-a'), /odd/);
      home.plimsoll('inspect', ...containers);
      home.plimsoll('rm', '-f', '-v', ...containers);
      home.plimsoll('rmi', '-f', ...images);
      assert.equal(home.plimsoll('system', 'check'), 'the root is consistent\n');
    });

    test('a container whose processes ignore signals, and that others look into, is removed at once and for good (pain 16)', async () => {
      const script = 'trap "" TERM INT HUP; while :; do sleep 0.1; done';
      home.plimsoll(
        'run',
        '-d',
        '--name',
        'stubborn',
        ...alone,
        '-v',
        '/data',
        'busybox',
        'sh',
        '-c',
        script,
      );
      home.plimsoll('exec', '-d', 'stubborn', 'sh', '-c', script);
      const pid = home.plimsoll('inspect', '--format', '{{.State.Pid}}', 'stubborn').trim();
      const id = idOf('stubborn');
      const mount = home
        .mounts()
        .map(line => line.split(' ')[4] ?? '')
        .find(target => target.includes(id) && target.endsWith('/rootfs'));
      // The mount is busy.
      const [visit = '', ...words] = [...home.amongMounts(), 'env', '-C', mount ?? '', 'sleep', '1000'];
      const visitor = spawn(visit, words, { stdio: 'ignore' });
      try {
        home.plimsoll('rm', '-f', '-v', 'stubborn');
        assert.equal(home.plimsoll('ps', '-aq'), '');
        assert.equal(existsSync(`/proc/${pid}`), false);
        assert.equal(home.plimsoll('system', 'check'), 'the root is consistent\n');
      } finally {
        visitor.kill('SIGKILL');
      }
    });
  });
}

/** An archive of one image of that name with one file in it. */
function writeImage(path: string, name: string, config: unknown): void {
  const layer = tarOf({ name: 'hello', content: 'x' });
  const rootfs = { type: 'layers', diff_ids: [sha256(layer)] };
  const bytes = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config, rootfs }));
  const hex = sha256(bytes).slice(7);
  const manifest = [{ Config: `${hex}.json`, RepoTags: [name], Layers: ['layer.tar'] }];
  const files = {
    'manifest.json': Buffer.from(JSON.stringify(manifest)),
    [`${hex}.json`]: bytes,
    'layer.tar': layer,
  };
  writeFileSync(path, archiveOf(files));
}
