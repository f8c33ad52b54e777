import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseOutputs } from '../../src/cli/parse/parse-output.ts';
import { createEngine } from '../../src/engine/index.ts';
import { isPlimsollError } from '../../src/errors.ts';
import { readTar } from '../../src/lib/tar/index.ts';
import { cannotRunContainers } from '../support/busybox-rootfs.ts';
import { startFakeRegistry } from '../support/fake-registry.ts';
import { streamOf } from '../support/layer-root.ts';
import { rootOfOwn } from '../support/root-of-own.ts';
import { runPlimsoll } from '../support/run-cli.ts';

const dockerfile =
  'FROM localhost/busybox\nCOPY file /app/\nRUN echo run >/app/made && rm /bin/vi\nCMD ["sh"]\n';

async function place() {
  const own = await rootOfOwn();
  const context = join(own.folder, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'file'), 'copied');
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  const run = (
    argv: string[],
    more: { onOutput?: (chunk: Buffer) => void; env?: Record<string, string> } = {},
  ) => runPlimsoll(argv, { root: own.root, cwd: own.folder, ...more });
  return {
    own,
    context,
    run,
    at: (name: string) => join(own.folder, name),
    [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
  };
}

function untar(file: string, name: string): string {
  return execFileSync('tar', ['-xOf', file, name], { encoding: 'utf8' });
}

/** Media types of the layers of the one image in an OCI layout. */
function layerTypes(file: string): string[] {
  const index = JSON.parse(untar(file, 'index.json')) as { manifests: { digest: string }[] };
  const [hex = ''] = index.manifests.map(({ digest }) => digest.replace('sha256:', ''));
  const manifest = JSON.parse(untar(file, `blobs/sha256/${hex}`)) as { layers: { mediaType: string }[] };
  return manifest.layers.map(({ mediaType }) => mediaType);
}

async function namesIn(tar: Buffer): Promise<string[]> {
  const names: string[] = [];
  for await (const part of readTar(streamOf(tar))) if ('entry' in part) names.push(part.entry.name);
  return names;
}

test('a build is written as a folder, a tar, an OCI layout and a Docker archive', {
  skip: cannotRunContainers,
}, async () => {
  await using it = await place();
  const outputs = [
    'out',
    'type=tar,dest=rootfs.tar',
    'type=oci,dest=oci.tar',
    'type=oci,dest=layout,tar=false',
    'type=docker,dest=docker.tar',
  ];
  const built = await it.run(['build', '-q', ...outputs.flatMap(output => ['-o', output]), 'context']);
  assert.equal(built.code, 0, built.stderr);
  assert.equal(readFileSync(it.at('out/app/made'), 'utf8'), 'run\n');
  assert.equal(readFileSync(it.at('out/app/file'), 'utf8'), 'copied');
  assert.ok(
    existsSync(it.at('out/bin/sh')) && !existsSync(it.at('out/bin/vi')),
    'what a layer deletes is not there',
  );
  const names = await namesIn(readFileSync(it.at('rootfs.tar')));
  assert.ok(names.includes('app/made') && !names.includes('bin/vi'));
  assert.deepEqual(readdirSync(it.at('layout')).sort(), ['blobs', 'index.json', 'oci-layout']);
  assert.deepEqual(
    (await it.run(['images', '-q', '--no-trunc'])).stdout.trim().split('\n').length,
    1,
    'only the base: it has no name',
  );
  for (const file of ['oci.tar', 'docker.tar']) {
    assert.equal((await it.run(['load', '-q', '-i', file])).stdout, `Loaded image ID: ${built.stdout}`);
  }
});

test('archives have their layers packed as the output says, and load as the same image', {
  skip: cannotRunContainers,
}, async () => {
  await using it = await place();
  const files = ['oci', 'docker'].flatMap(type =>
    ['gzip', 'zstd', 'uncompressed'].map(compression => ({
      type,
      compression,
      file: `${type}-${compression}`,
    })),
  );
  const outputs = files.flatMap(({ type, compression, file }) => [
    '-o',
    `type=${type},dest=${file},compression=${compression}${compression === 'gzip' ? ',compression-level=1' : ''}`,
  ]);
  const built = await it.run(['build', '-q', '-t', 'packed:1', ...outputs, 'context']);
  assert.equal(built.code, 0, built.stderr);
  const before = await it.run(['image', 'ls', '-q', '--no-trunc']);
  for (const { compression, file, type } of files) {
    const suffix = compression === 'uncompressed' ? '' : `+${compression}`;
    const types = layerTypes(it.at(file));
    assert.ok(types.length > 2);
    for (const each of types) assert.equal(each, `application/vnd.oci.image.layer.v1.tar${suffix}`);
    const list = JSON.parse(untar(it.at(file), type === 'oci' ? 'index.json' : 'manifest.json'));
    assert.ok(type === 'oci' ? list.manifests.length === 1 : list[0].Layers.length === types.length);
    assert.match((await it.run(['load', '-i', file])).stdout, /packed:1/);
  }
  assert.equal((await it.run(['image', 'ls', '-q', '--no-trunc'])).stdout, before.stdout, 'the same image');
  const size = (file: string) => statSync(it.at(file)).size;
  assert.ok(
    size('oci-zstd') < size('oci-uncompressed') / 1.5 && size('oci-gzip') < size('oci-uncompressed') / 1.5,
  );
  assert.deepEqual(
    readdirSync(join(it.own.root.dataDir, 'tmp')).filter(name => name !== 'trash'),
    [],
  );
});

test('layers that came packed stay so in an archive, unless the output forces another way', {
  skip: cannotRunContainers,
}, async () => {
  await using it = await place();
  const run = async (...args: string[]) => {
    const done = await it.run(args);
    assert.equal(done.code, 0, done.stderr);
  };
  await run('build', '-q', '-t', 'packed:1', '-o', 'type=oci,dest=first,compression=gzip', 'context');
  await run('rmi', 'packed:1');
  await run('builder', 'prune');
  await run('load', '-i', 'first');
  writeFileSync(it.at('context/Dockerfile'), 'FROM packed:1\nRUN echo more > /more\n');
  await run('build', '-q', '-o', 'type=oci,dest=mixed,compression=zstd', 'context');
  await run('build', '-q', '-o', 'type=oci,dest=all,compression=zstd,force-compression=true', 'context');
  const endings = (file: string) =>
    [...new Set(layerTypes(it.at(file)).map(type => type.split('+')[1]))].sort();
  assert.ok(endings('mixed').includes('gzip') && endings('mixed').includes('zstd'));
  assert.deepEqual(endings('all'), ['zstd']);
});

test('type=cacheonly leaves the steps in the cache, and no image', {
  skip: cannotRunContainers,
}, async () => {
  await using it = await place();
  const before = (await it.run(['images', '-aq'])).stdout;
  const built = await it.run(['build', '-q', '-o', 'type=cacheonly', 'context']);
  assert.equal(built.code, 0, built.stderr);
  assert.equal((await it.run(['images', '-aq'])).stdout, before);
  const again = await it.run(['build', '--progress', 'plain', 'context']);
  assert.doesNotMatch(again.stdout + again.stderr, /not cached/);
});

test('`-o -` is the root filesystem on standard output, and nothing else is', {
  skip: cannotRunContainers,
}, async () => {
  await using it = await place();
  const pieces: Buffer[] = [];
  const { code } = await it.run(['build', '-q', '-o', '-', 'context'], {
    onOutput: piece => pieces.push(piece),
  });
  assert.equal(code, 0);
  assert.ok((await namesIn(Buffer.concat(pieces))).includes('app/made'));
});

test('--push sends the image to the registry of its name', { skip: cannotRunContainers }, async () => {
  await using it = await place();
  await using registry = await startFakeRegistry();
  const name = `${registry.host}/app:1`;
  const built = await it.run(['build', '-q', '--push', '-t', name, 'context']);
  assert.equal(built.code, 0, built.stderr);
  assert.ok(registry.manifests.has('app:1'));
  assert.ok(registry.blobs.has(built.stdout.trim()), 'its config');
});

test('the same sources make the same image, byte by byte, with SOURCE_DATE_EPOCH and rewrite-timestamp', {
  skip: cannotRunContainers,
}, async () => {
  await using it = await place();
  const date = 1_700_000_000;
  const build = async (file: string, options: string[], env: Record<string, string> = {}) => {
    utimesSync(join(it.context, 'file'), new Date(), new Date());
    const done = await it.run(
      [
        'build',
        '-q',
        '--no-cache',
        ...options,
        '-o',
        `type=oci,dest=${file},rewrite-timestamp=true`,
        'context',
      ],
      { env },
    );
    assert.equal(done.code, 0, done.stderr);
    return readFileSync(it.at(file));
  };
  const arg = ['--build-arg', `SOURCE_DATE_EPOCH=${date}`];
  const first = await build('a.tar', arg);
  await it.run(['builder', 'prune']);
  await new Promise(resolve => setTimeout(resolve, 1100)); // another second
  const second = await build('b.tar', [], { SOURCE_DATE_EPOCH: String(date) });
  assert.ok(first.equals(second));
  await it.run(['load', '-q', '-i', 'a.tar']);
  await using engine = await createEngine({ root: it.own.root });
  const image = engine.images.list().find(({ references }) => references.length === 0);
  assert.ok(image !== undefined);
  const { config } = engine.images.inspect(image.id);
  assert.equal(config.created, new Date(date * 1000).toISOString());
  assert.ok(config.history.every(({ created = '' }) => Date.parse(created) <= date * 1000));
  const stream = await engine.archives.rootfs(image.id);
  for await (const part of readTar(stream))
    if ('entry' in part && part.entry.name.startsWith('app')) assert.equal(part.entry.mtime, date);
});

test('without rewrite-timestamp files keep their times, and neither serves the other from the cache', {
  skip: cannotRunContainers,
}, async () => {
  await using it = await place();
  const build = (output: string) =>
    it.run(['build', '-q', '--build-arg', 'SOURCE_DATE_EPOCH=1000000000', '-o', output, 'context']);
  await build('type=tar,dest=a.tar,rewrite-timestamp=true');
  await build('type=tar,dest=b.tar');
  const made = async (file: string) => {
    for await (const part of readTar(streamOf(readFileSync(it.at(file)))))
      if ('entry' in part && part.entry.name === 'app/made') return part.entry.mtime;
    return undefined;
  };
  assert.equal(await made('a.tar'), 1_000_000_000);
  assert.ok(((await made('b.tar')) ?? 0) > 1_600_000_000);
  const wrong = await it.run(['build', '--build-arg', 'SOURCE_DATE_EPOCH=yesterday', 'context']);
  assert.match(wrong.stderr, /"yesterday" cannot be the time of a build/);
  assert.ok(statSync(it.at('a.tar')).size > 0);
});

test('parseOutputs() reads what buildx has, and refuses the rest by name', () => {
  const parsed = parseOutputs({ output: ['type=image,"name=a/b:1,c:2",push=true', 'dist'], tag: [] });
  assert.deepEqual(parsed, [
    { type: 'registry', names: ['a/b:1', 'c:2'], tar: true, rewriteTimestamp: false },
    { type: 'local', dest: 'dist', names: [], tar: true, rewriteTimestamp: false },
  ]);
  for (const output of [
    'type=floppy',
    'type=oci',
    'type=tar,dest=x,speed=9',
    'type=oci,dest=x,tar=perhaps',
    'type=registry',
  ]) {
    assert.throws(
      () => parseOutputs({ output: [output] }),
      error => isPlimsollError(error, 'invalid-argument'),
      output,
    );
  }
  assert.throws(
    () => parseOutputs({ output: ['-', 'type=oci,dest=-'] }),
    error => isPlimsollError(error, 'invalid-argument'),
  );
});

test('an image without a layer and without a base has no time', { skip: cannotRunContainers }, async () => {
  await using it = await place();
  writeFileSync(it.at('context/Dockerfile'), 'FROM scratch\nLABEL a=b\n');
  assert.equal((await it.run(['build', '-q', '-t', 'bare', 'context'])).code, 0);
  assert.match((await it.run(['images', 'bare'])).stdout, /^bare +latest +\w+ +N\/A +0B$/m);
});

test('how layers are packed is told to registries and archives', () => {
  const packingOf = (text: string) => parseOutputs({ output: [text], tag: ['r.test/a'] })[0]?.packing;
  assert.equal(packingOf('type=registry,oci-mediatypes=true'), undefined);
  assert.deepEqual(packingOf('type=registry,compression=zstd'), { compression: 'zstd', force: false });
  assert.deepEqual(packingOf('type=image,push=true,compression-level=9,force-compression=true'), {
    compression: 'gzip',
    level: 9,
    force: true,
  });
  const refused: readonly [string, RegExp][] = [
    ['type=tar,dest=x,compression=zstd', /type "tar" has no compression/],
    ['type=local,dest=x,force-compression=true', /type "local" has no compression/],
    ['type=image,compression=zstd', /type "image" has no compression/],
    ['type=registry,compression=estargz', /no compression "estargz"/],
    ['type=registry,compression-level=10', /gzip has no level "10"/],
    ['type=registry,compression=zstd,compression-level=x', /zstd has no level "x"/],
    ['type=registry,compression=uncompressed,compression-level=1', /uncompressed has no level/],
    ['type=registry,oci-mediatypes=false', /no media types but those of OCI/],
  ];
  for (const [text, words] of refused) assert.throws(() => packingOf(text), words, text);
});
