import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { runPlimsoll } from '../support/run-cli.ts';

test("docker's filters and formats of images, networks, volumes and the engine", {
  skip: noEngine,
}, async t => {
  await using own = await rootOfOwn();
  const { root, folder } = own;
  const plimsoll = (words: string) =>
    runPlimsoll(
      words.split(' ').map(word => word.replaceAll('~', ' ')),
      { root, cwd: folder },
    );
  const ok = async (words: string) => {
    const result = await plimsoll(words);
    assert.equal(result.code, 0, `${words}: ${result.stderr}`);
    return result.stdout;
  };
  const words = async (line: string) => (await ok(line)).split(/\s+/).filter(word => word !== '');

  await t.test('images: filters, digests, templates', async () => {
    await ok('tag busybox localhost/other:1');
    const names = (line: string) => words(`${line} --format {{.Repository}}:{{.Tag}}`);
    assert.deepEqual(await names('images'), ['localhost/busybox:latest', 'localhost/other:1']);
    assert.deepEqual(await names('images -a --filter reference=localhost/o*'), [
      'localhost/busybox:latest',
      'localhost/other:1',
    ]);
    assert.deepEqual(await names('image ls other'), ['localhost/other:1']);
    assert.deepEqual(await names('images -f dangling=true'), []);
    assert.deepEqual(await names('images -f since=busybox'), []);
    assert.match(await ok('images --digests'), /REPOSITORY +TAG +DIGEST +IMAGE ID.*\n.*<none>/);
    assert.match((await plimsoll('images -f nosuch=1')).stderr, /no filter "nosuch"/);
    assert.match((await plimsoll('images -f dangling=perhaps')).stderr, /true or false/);
    assert.deepEqual(await names('images localhost/o*'), ['localhost/other:1']);
    assert.deepEqual(await names('images localhost/*box:lat??t'), ['localhost/busybox:latest']);
    assert.match(
      await ok('images --format {{.SharedSize}}~{{.VirtualSize}} other'),
      /^[\d.]+[kM]?B [\d.]+[kM]?B\n$/,
    );
    await ok('rmi --no-prune localhost/other:1');
    const gone = await plimsoll('rmi -f nosuch:1');
    assert.equal(gone.code, 0, 'gone is what was wanted');
    assert.match(gone.stderr, /No such image: nosuch:1/);
    assert.equal((await plimsoll('rmi nosuch:1')).code, 1);
  });

  await t.test('inspect -f: a field that is not there is named, with what is near', async () => {
    assert.equal(
      await ok('image inspect -f {{.Os}}/{{.Architecture}} busybox'),
      `linux/${process.arch === 'x64' ? 'amd64' : 'arm64'}\n`,
    );
    const wrong = await plimsoll('image inspect -f {{.Oss}} busybox');
    assert.deepEqual([wrong.code, /did you mean Os/.test(wrong.stderr)], [1, true]);
    assert.match((await plimsoll('inspect -f {{.Id busybox')).stderr, /not closed/);
    const both = await plimsoll('inspect -f {{.Id}} nosuch busybox');
    assert.equal(both.code, 1);
    assert.match(both.stdout, /^sha256:/);
  });

  await t.test('networks: filters, rm -f, prune by label', async () => {
    await ok('network create --label tier=data back');
    await ok('network create front');
    const names = (line: string) => words(`${line} --format {{.Name}}`);
    assert.deepEqual(await names('network ls -f type=custom'), ['back', 'front']);
    assert.deepEqual(await names('network ls --filter label=tier=data'), ['back']);
    assert.deepEqual(await names('network ls -f name=on -f driver=bridge'), ['front']);
    assert.match(await ok('network ls'), /^NETWORK ID +NAME +DRIVER +SCOPE +SUBNET\n/);
    assert.equal(await ok('network ls -f name=front --format {{.IPv4}}~{{.IPv6}}'), 'true false\n');
    assert.match((await plimsoll('network inspect nosuch')).stderr, /plimsoll network ls/);
    assert.match((await plimsoll('volume inspect nosuch')).stderr, /plimsoll volume ls/);
    assert.equal(await ok('network rm -f nosuch'), '');
    assert.equal((await plimsoll('network rm nosuch')).code, 1);
    assert.equal(await ok('network prune -f --filter label=tier'), 'Deleted Networks:\nback\n\n');
    assert.deepEqual(await names('network ls -f type=custom'), ['front']);
    await ok('network rm front');
  });

  await t.test('volumes: filters, rm -f, prune', async () => {
    await ok('volume create --label of=ship kept');
    await ok('volume create free');
    const nameless = (await ok('volume create')).trim();
    assert.deepEqual(await words('volume ls -q -f label=of=ship'), ['kept']);
    assert.equal((await words('volume ls -q -f dangling=true')).length, 3);
    assert.deepEqual(await words('volume ls -q -f name=re'), ['free']);
    assert.equal(await ok('volume rm -f nosuch'), '');
    const pruned = async (line: string) => {
      const [, names] =
        /^Deleted Volumes:\n(.*)\n\nTotal reclaimed space: \S+\n$/s.exec(await ok(line)) ?? [];
      return names;
    };
    assert.equal(await pruned('volume prune -f'), nameless);
    assert.equal(await pruned('volume prune -a --filter label!=of'), 'free');
    assert.equal(await pruned('volume prune --all'), 'kept');
  });

  await t.test('version, info, events and history by templates', async () => {
    assert.match(
      await ok('version --format {{.Server.APIVersion}}~{{.Client.Version}}'),
      /^1\.\d+ \d+\.\d+\.\d+\n$/,
    );
    assert.match(await ok('info -f {{.Driver}}~{{.NCPU}}'), /^overlay2 \d+\n$/);
    assert.equal(await ok('system info --format {{.ID}}'), `${root.id}\n`);
    assert.match(
      await ok('system events --since 1h --until 0s -f type=volume --format {{.Action}}~{{.Actor.ID}}'),
      /^create kept\n/,
    );
    assert.match(await ok('history -H=false busybox'), /\d{4}-\d\d-\d\dT\S+Z.*\d{6}/);
    assert.match((await plimsoll('push --all-tags busybox:latest')).stderr, /a tag cannot be used/);
    assert.match((await plimsoll('push -a localhost/nosuch')).stderr, /no image/);
  });
});
