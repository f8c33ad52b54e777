import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { daemonOfOwn, dockerClients, noDocker } from '../support/daemon-of-own.ts';

test("docker's own client on images, builds, files, networks and volumes", { skip: noDocker }, async t => {
  await using daemon = await daemonOfOwn();
  const context = join(daemon.folder, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'greeting'), 'ahoy\n');
  const dockerfile =
    'FROM busybox AS base\nARG A=1\nRUN echo built $A > /made\nCOPY greeting /\nFROM base\nCMD cat /made /greeting\n';
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  writeFileSync(join(context, 'Bad'), 'FROM busybox\nRUN exit 3\n');
  for (const client of dockerClients) {
    const attempt = (...args: string[]) => daemon.docker(client, args);
    const docker = async (...args: string[]) => {
      const done = await attempt(...args);
      assert.equal(done.code, 0, `docker ${args.join(' ')}: ${done.stderr}`);
      return done.stdout.trim();
    };

    await t.test(`${client} build sends its context, shows each step, and the image runs`, async () => {
      const said = await docker(
        'build',
        '--no-cache',
        '-t',
        'team/web:1',
        '--build-arg',
        'A=7',
        '--label',
        'l=m',
        context,
      );
      assert.match(said, /^Step 1\/\d+ : FROM busybox/m);
      assert.match(said, /Successfully built [0-9a-f]{12}\nSuccessfully tagged team\/web:1$/);
      assert.equal(await docker('run', '--rm', 'team/web:1'), 'built 7\nahoy');
      const again = await docker('build', '-q', '--build-arg', 'A=7', '--label', 'l=m', context);
      assert.equal(again, await docker('image', 'inspect', '-f', '{{.Id}}', 'team/web:1'));
      const failed = await attempt('build', '-f', join(context, 'Bad'), context);
      assert.notEqual(failed.code, 0);
      assert.match(failed.stderr, /RUN exit 3/);
    });

    await t.test(`${client} images, history, tag, save, load, rmi, prune`, async () => {
      const list = await docker('images', '--format', '{{.Repository}}:{{.Tag}}', '--filter', 'label=l=m');
      assert.equal(list, 'team/web:1');
      assert.match(await docker('history', '--no-trunc', 'team/web:1'), /COPY greeting \//);
      await docker('tag', 'team/web:1', 'registry.test:5000/web');
      const file = join(daemon.folder, 'web.tar');
      await docker('save', '-o', file, 'team/web:1');
      assert.ok(readFileSync(file).length > 1_000_000);
      assert.match(
        await docker('rmi', 'registry.test:5000/web:latest', 'team/web:1'),
        /Untagged: team\/web:1\nDeleted: sha256:/,
      );
      assert.match(await docker('load', '-i', file), /Loaded image: team\/web:1/);
      assert.equal(await docker('run', '--rm', 'team/web:1'), 'built 7\nahoy');
      const junk = join(daemon.folder, 'junk.tar');
      writeFileSync(junk, Buffer.alloc(20_000_000, 'no tar'));
      assert.match((await attempt('load', '-i', junk)).stderr, /the tar archive cannot be used/);
      if ((await attempt('save', '--help')).stdout.includes('--platform')) {
        for (const verb of [
          ['save', '-o', join(daemon.folder, 'arm.tar'), 'team/web:1'],
          ['load', '-i', file],
        ]) {
          const { code, stderr } = await attempt(...verb, '--platform', 'linux/arm64');
          assert.notEqual(code, 0, `${verb[0]} gave another platform`);
          assert.match(stderr, /not for linux\/arm64|no image for linux\/arm64/, verb[0]);
        }
        await docker('load', '-i', file, '--platform', 'linux/amd64');
        await docker('tag', 'team/web:1', '127.0.0.1:1/web:1');
        const other = await attempt('push', '--platform', 'linux/arm64', '127.0.0.1:1/web:1');
        assert.match(other.stderr, /not for linux\/arm64/, 'push passed the platform over');
        const own = await attempt('push', '--platform', 'linux/amd64', '127.0.0.1:1/web:1');
        assert.doesNotMatch(own.stderr, /not for/);
        await docker('rmi', '127.0.0.1:1/web:1');
      }
      await docker('rmi', 'team/web:1');
      assert.match(await docker('image', 'prune', '-f'), /Total reclaimed space/);
      const absent = await attempt('rmi', 'nosuch');
      assert.match(absent.stderr, /nosuch/);
    });

    await t.test(`${client} cp, export, commit, import`, async () => {
      await docker('create', '--name', 'files', 'busybox', 'true');
      await docker('cp', join(context, 'greeting'), 'files:/etc/copied');
      await docker('cp', 'files:/etc/copied', join(daemon.folder, 'back'));
      assert.equal(readFileSync(join(daemon.folder, 'back'), 'utf8'), 'ahoy\n');
      const absent = await attempt('cp', 'files:/nosuch', '-');
      assert.notEqual(absent.code, 0);
      assert.match(absent.stderr, /nosuch/);
      const id = await docker('commit', '-m', 'words', '-c', 'CMD ["cat","/etc/copied"]', 'files', 'kept');
      assert.match(id, /^sha256:[0-9a-f]{64}$/);
      assert.equal(await docker('run', '--rm', 'kept'), 'ahoy');
      await docker('export', '-o', join(daemon.folder, 'rootfs.tar'), 'files');
      await docker('import', join(daemon.folder, 'rootfs.tar'), 'imported:1');
      assert.equal(await docker('run', '--rm', 'imported:1', 'cat', '/etc/copied'), 'ahoy');
      await docker('rm', 'files');
      await docker('rmi', 'kept', 'imported:1');
    });

    await t.test(`${client} networks and volumes, used by containers that find one another`, async () => {
      await docker('network', 'create', '--label', 'n=1', 'net');
      await docker('volume', 'create', '--label', 'v=1', 'vol');
      assert.equal(
        await docker('network', 'ls', '-q', '--no-trunc', '--filter', 'label=n=1'),
        await docker('network', 'inspect', '-f', '{{.Id}}', 'net'),
      );
      assert.equal(await docker('volume', 'ls', '-q', '--filter', 'label=v=1'), 'vol');
      await docker(
        'run',
        '-d',
        '--name',
        'one',
        '--network',
        'net',
        '-v',
        'vol:/v',
        'busybox',
        'sh',
        '-c',
        'echo kept > /v/f; sleep 1000',
      );
      const wait = 'while [ ! -s /v/f ]; do sleep 0.1; done; cat /v/f';
      assert.equal(await docker('run', '--rm', '-v', 'vol:/v:ro', 'busybox', 'sh', '-c', wait), 'kept');
      const names = await docker(
        'network',
        'inspect',
        '-f',
        '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}',
        'net',
      );
      assert.match(names, /^one \d+\.\d+\.\d+\.\d+\/\d+$/);
      await docker('network', 'create', '--ipv6', '--subnet', 'fd52:1::/64', 'six');
      const six = '{{.EnableIPv6}} {{range .IPAM.Config}}{{.Gateway}} {{end}}';
      assert.match(await docker('network', 'inspect', '-f', six, 'six'), /^true 10\.\S+ fd52:1::1$/);
      await docker('network', 'rm', 'six');
      await docker('network', 'connect', '--alias', 'uno', 'bridge', 'one');
      assert.equal(await docker('inspect', '-f', '{{len .NetworkSettings.Networks}}', 'one'), '2');
      await docker('network', 'disconnect', 'bridge', 'one');
      const inUse = await attempt('volume', 'rm', 'vol');
      assert.notEqual(inUse.code, 0);
      assert.match(await docker('system', 'df'), /Local Volumes +1 +1/);
      await docker('rm', '-f', 'one');
      assert.match(await docker('network', 'prune', '-f'), /net/);
      await docker('volume', 'rm', 'vol');
      await docker('builder', 'prune', '-af');
    });

    await t.test(`${client} is told that there is no swarm, no plugin, no registry`, async () => {
      assert.match((await attempt('node', 'ls')).stderr, /not a swarm manager/);
      assert.equal(await docker('plugin', 'ls', '-q'), '');
      const pull = await attempt('pull', '127.0.0.1:1/nosuch');
      assert.equal(pull.code, 1);
      assert.match(pull.stderr, /127\.0\.0\.1:1/);
    });
  }
  assert.deepEqual(daemon.proxy.breaches, []);
});
