import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isPlimsollError } from '../../../src/errors.ts';
import { type BuildRoot, openBuildRoot } from '../../support/build-root.ts';
import { cannotRunContainers, makeBusyboxRootfs } from '../../support/busybox-rootfs.ts';
import { noRoot } from '../../support/layer-root.ts';

/** A root with a `localhost/busybox`. */
async function root(t: TestContext): Promise<BuildRoot> {
  const opened = openBuildRoot();
  t.after(async () => {
    for (const { id } of opened.works.list()) await opened.works.remove(id);
    opened[Symbol.dispose]();
  });
  using layer = await opened.layer([], target => void makeBusyboxRootfs(target));
  opened.images.create({
    config: {
      ...{ created: '2020-01-01T00:00:00.000Z', os: 'linux', architecture: 'amd64' },
      config: { Env: ['PATH=/bin'], Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created_by: 'base' }],
    },
    references: ['localhost/busybox'],
  });
  return opened;
}

/** Looks at the files of an image. */
async function inside<T>(
  { images, snapshots }: BuildRoot,
  image: string,
  look: (rootfs: string) => T,
): Promise<T> {
  await using staged = await snapshots.stage(images.resolve(image).layers);
  return look(staged.target);
}

for (const isolation of ['oci', 'chroot'] as const) {
  test(`a working container goes from an image through run, copy and config to another image (${isolation})`, {
    skip: cannotRunContainers,
  }, async t => {
    const it = await root(t);
    const { works, images } = it;
    const { name } = await works.from({ image: 'busybox' });
    assert.equal(name, 'busybox-working-container');
    const output: string[] = [];
    const run = (...args: string[]) =>
      works.run(name, {
        ...{ args, isolation, network: 'none', env: { GREETING: 'ahoy' } },
        onOutput: (_, chunk) => void output.push(chunk.toString()),
      });
    assert.equal(await run('sh', '-c', 'echo $GREETING > /greeting; cat /greeting; test -c /dev/null'), 0);
    assert.equal(await run('sh', '-c', 'exit 3'), 3, 'a code is a result');
    assert.deepEqual(output.join(''), 'ahoy\n');
    mkdirSync(join(it.context, 'site/sub'), { recursive: true });
    writeFileSync(join(it.context, 'site/sub/page'), 'page');
    await works.copy(name, {
      sources: ['site'],
      destination: '/srv/',
      contextFolder: it.context,
      chown: '5:6',
    });
    works.config(name, {
      env: { MODE: 'fast' },
      labels: { a: 'b' },
      changes: ['CMD ["cat", "/greeting"]', 'EXPOSE 80'],
    });
    const image = await works.commit(name, { references: ['localhost/mine:1'] });
    const { config, layers } = images.resolve('localhost/mine:1');
    assert.equal(images.resolve(image).layers.length, 2, 'one layer for all that was done');
    assert.deepEqual(config.config.Cmd, ['cat', '/greeting']);
    assert.deepEqual(config.config.Env, ['PATH=/bin', 'MODE=fast']);
    assert.deepEqual(config.config.Labels, { a: 'b' });
    assert.equal(config.history.filter(entry => entry.empty_layer !== true).length, layers.length);
    await inside(it, image, rootfs => {
      assert.equal(readFileSync(join(rootfs, 'greeting'), 'utf8'), 'ahoy\n');
      assert.equal(lstatSync(join(rootfs, 'srv/sub/page')).uid, 5);
      for (const place of ['dev', 'proc', 'sys'])
        assert.deepEqual(existsSync(join(rootfs, place)) ? readdirSync(join(rootfs, place)) : [], []);
    });
    assert.deepEqual(it.snapshots.mounts(), []);
    assert.equal((await works.commit(name)) === image, false, 'it goes on afterwards');
    await works.remove(name);
    assert.deepEqual(readdirSync(join(it.root.dataDir, 'works')), []);
    assert.throws(() => works.inspect(name), /there is no working container/);
  });
}

test('a chroot leaves no process behind, and cannot do what a container could not', {
  skip: cannotRunContainers,
}, async t => {
  const { works } = await root(t);
  const { name } = await works.from({ image: 'busybox' });
  const output: string[] = [];
  const script = 'sleep 1000 & echo $!; mount -t tmpfs x /tmp 2>/dev/null || echo refused';
  const onOutput = (_: string, chunk: Buffer) => void output.push(chunk.toString());
  await works.run(name, { args: ['sh', '-c', script], isolation: 'chroot', onOutput });
  const [pid, word] = output.join('').trim().split('\n');
  assert.equal(word, 'refused');
  assert.ok(!existsSync(`/proc/${pid}`) || /State:\s*Z/.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
});

test('a build runs its steps in a chroot where that is asked for', { skip: cannotRunContainers }, async t => {
  const it = await root(t);
  const text =
    'FROM busybox\nRUN --mount=type=cache,target=/c touch /c/x /made && id -u > /who\nUSER 7\nRUN id -u > /tmp/who\n';
  const { image } = await it.build(text.replace('id -u > /who', 'id -u > /who && chmod 1777 /tmp'), {
    isolation: 'chroot',
  });
  assert.deepEqual(it.commands, [], 'no runtime was asked');
  await inside(it, image, rootfs => {
    assert.equal(readFileSync(join(rootfs, 'who'), 'utf8'), '0\n');
    assert.equal(readFileSync(join(rootfs, 'tmp/who'), 'utf8'), '7\n');
    assert.ok(!existsSync(join(rootfs, 'c')), 'what a mount stands on goes');
  });
});

test('what others change in a mounted working container is committed; its base is kept from being freed', {
  skip: noRoot,
}, async t => {
  const it = await root(t);
  const { works, images } = it;
  await works.from({ image: 'busybox', name: 'one' });
  const folder = await works.mount('one');
  writeFileSync(join(folder, 'direct'), 'x');
  assert.equal(await works.mount('one'), folder);
  await images.remove('busybox');
  const image = await works.commit('one');
  await works.unmount('one');
  await inside(it, image, rootfs => assert.equal(readFileSync(join(rootfs, 'direct'), 'utf8'), 'x'));
  await works.from({ image: 'scratch', name: 'two' });
  await works.copy('two', { sources: ['/direct'], from: 'one', contextFolder: '/', destination: '/taken' });
  await inside(it, await works.commit('two'), rootfs => assert.deepEqual(readdirSync(rootfs), ['taken']));
});

test('a name that is taken, and one that is not there, are said in words', { skip: noRoot }, async t => {
  const { works } = await root(t);
  await works.from({ image: 'scratch', name: 'one' });
  await assert.rejects(works.from({ image: 'scratch', name: 'one' }), error =>
    isPlimsollError(error, 'conflict'),
  );
  assert.throws(() => works.inspect('onne'), /there is no working container "onne"/);
  await assert.rejects(works.from({ image: 'localhost/none' }), error => isPlimsollError(error, 'not-found'));
});

test('the failed step of a build leaves what it began with to look into, with its variables', {
  skip: cannotRunContainers,
}, async t => {
  const it = await root(t);
  const text =
    'FROM busybox\nARG VERSION=3\nENV MODE=fast\nWORKDIR /srv\nRUN echo x > made\nRUN touch late; exit 4\n';
  await assert.rejects(it.build(text), /exit code 4/);
  const [record] = it.builds.list();
  const { name, config } = await it.works.fromFailure(record?.id ?? '');
  assert.match(name, /^failed-/);
  assert.deepEqual(config.Cmd?.at(-1), 'touch late; exit 4');
  const output: string[] = [];
  const onOutput = (_: string, chunk: Buffer) => void output.push(chunk.toString());
  await it.works.run(name, { args: ['sh', '-c', 'pwd; ls; echo $MODE $VERSION'], network: 'none', onOutput });
  assert.equal(output.join(''), '/srv\nmade\nfast 3\n');
  const { build } = await it.build('FROM busybox\nLABEL a=b\n');
  await assert.rejects(it.works.fromFailure(build), /no failed step to look into/);
});

test('the failed step of a build is looked into with its mounts, and with secrets that are brought again', {
  skip: cannotRunContainers,
}, async t => {
  const it = await root(t);
  it.write('seen', 'of the context');
  it.write('ignored', 'x');
  it.write('.dockerignore', 'ignored');
  const text = [
    'FROM busybox AS tools',
    'RUN echo of-a-stage > /tool',
    'FROM busybox',
    'WORKDIR /srv',
    'RUN --mount=target=/ctx --mount=from=tools,target=/tools --mount=type=tmpfs,target=/volatile \\',
    '  --mount=type=cache,target=/kept,id=looked --mount=type=secret,id=token --mount=type=secret,id=token,env=TOKEN \\',
    '  echo kept > /kept/x; exit 4',
  ].join('\n');
  const secrets = { token: { value: 'brought' } };
  await assert.rejects(it.build(text, { secrets }), /exit code 4/);
  const [record] = it.builds.list();
  assert.ok(!JSON.stringify(record).includes('brought'), 'the record has no secret');
  const { name } = await it.works.fromFailure(record?.id ?? '');
  const look = async (request = {}) => {
    const output: string[] = [];
    const onOutput = (_: string, chunk: Buffer) => void output.push(chunk.toString());
    const script =
      'pwd; ls /ctx; cat /tools/tool /kept/x; ls /volatile; cat /run/secrets/token 2>&1; echo [$TOKEN]';
    await it.works.run(name, { args: ['sh', '-c', script], onOutput, ...request });
    return output.join('').replaceAll('\n', ' ');
  };
  assert.match(await look({ secrets }), /^\/srv Dockerfile seen of-a-stage kept \S+\[\S+\]/);
  assert.match(await look(), /kept .*No such file.* \[\]/);
});
