import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BuildRoot, openBuildRoot } from '../../support/build-root.ts';
import { startFakeRegistry } from '../../support/fake-registry.ts';
import { noRoot } from '../../support/layer-root.ts';

const quick = { attempts: 2, baseMs: 1, maxMs: 2, patienceMs: 100 };
let runs = 0;

/** A root whose commands leave another file each time that they really run. */
function root(t: TestContext): BuildRoot {
  const opened = openBuildRoot({
    fakeRun: (args, rootfs) => {
      writeFileSync(join(rootfs, args.at(-1) ?? ''), String(runs++));
      return 0;
    },
    registry: { retry: quick, credential: async () => undefined },
  });
  t.after(() => opened[Symbol.dispose]());
  return opened;
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'plt-cache-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const text = `FROM scratch AS tools
RUN tool
FROM scratch
ARG TOKEN=none
COPY file /
RUN one
COPY --from=tools /tool /tool
RUN two
`;

test('a build takes the results of another machine from a folder, and makes the very same image', {
  skip: noRoot,
}, async t => {
  const [one, two, folder] = [root(t), root(t), folderOf(t)];
  for (const each of [one, two]) each.write('file', 'x');
  const first = await one.build(text, { cacheTo: [{ type: 'local', folder, mode: 'max' }] });
  const second = await two.build(text, { cacheFrom: [{ type: 'local', folder }] });
  assert.equal(second.image, first.image);
  assert.deepEqual(two.commands, []);
  assert.equal(second.steps['RUN two'], 'cached');
  const third = await two.build(text);
  assert.equal(third.image, first.image, 'what was imported is in the own cache from now on');
});

test('one missing or damaged record of a cache costs its own step alone, and that is said', {
  skip: noRoot,
}, async t => {
  const [one, two, folder] = [root(t), root(t), folderOf(t)];
  for (const each of [one, two]) each.write('file', 'x');
  await one.build(text, { cacheTo: [{ type: 'local', folder, mode: 'max' }] });
  const blobs = join(folder, 'blobs/sha256');
  const layers = readdirSync(blobs).filter(name => readFileSync(join(blobs, name))[0] === 0x1f);
  assert.equal(layers.length, 4);
  const last = one.images.resolve((await one.build(text)).image).layers.at(-1) ?? '';
  const gone = String(one.db.get('SELECT digest FROM layer_blobs WHERE diff_id = ?', last)?.digest).slice(7);
  rmSync(join(blobs, gone));
  const second = await two.build(text, { cacheFrom: [{ type: 'local', folder }] });
  assert.deepEqual(two.commands, ['two']);
  assert.match(
    second.steps['RUN two'] ?? '',
    /its imported layer cannot be had: .* does not have the content/,
  );
  assert.equal(second.steps['RUN one'], 'cached');
});

test('a miss against an imported cache is explained, by what has changed', { skip: noRoot }, async t => {
  const [one, two, folder] = [root(t), root(t), folderOf(t)];
  one.write('file', 'x');
  two.write('file', 'y');
  await one.build(text, { cacheTo: [{ type: 'local', folder, mode: 'max' }] });
  const second = await two.build(text, { cacheFrom: [{ type: 'local', folder }] });
  assert.equal(second.steps['COPY file /'], 'file changed');
  assert.equal(second.steps['RUN tool'], 'cached', 'the other stage is not concerned');
  const other = text.replace('RUN one', 'RUN other');
  const third = await root(t).build(other.replace('COPY file /\n', ''), {
    cacheFrom: [{ type: 'local', folder }],
  });
  assert.equal(third.steps['RUN other'], 'not in the imported cache');
});

test('no value of a build argument is in what a cache tells others', { skip: noRoot }, async t => {
  const [one, folder] = [root(t), folderOf(t)];
  one.write('file', 'x');
  await one.build(text, {
    buildArgs: { TOKEN: 'sesame-open-up' },
    cacheTo: [{ type: 'local', folder, mode: 'max' }],
  });
  for (const name of readdirSync(join(folder, 'blobs/sha256')))
    assert.ok(!readFileSync(join(folder, 'blobs/sha256', name)).includes('sesame-open-up'));
});

test('a folder that is written again and again keeps only what its entries name', {
  skip: noRoot,
}, async t => {
  const [one, folder] = [root(t), folderOf(t)];
  for (const content of ['a', 'b', 'c']) {
    one.write('file', content);
    await one.build('FROM scratch\nCOPY file /\n', { cacheTo: [{ type: 'local', folder }] });
  }
  assert.equal(readdirSync(join(folder, 'blobs/sha256')).length, 3, 'manifest, document, one layer');
  assert.deepEqual(readdirSync(folder).sort(), ['blobs', 'index.json', 'oci-layout']);
});

test('a registry keeps a cache beside images; an image carries its own inline', { skip: noRoot }, async t => {
  await using registry = await startFakeRegistry();
  const [one, two, three] = [root(t), root(t), root(t)];
  for (const each of [one, two, three]) each.write('file', 'x');
  const cache = `${registry.host}/app:cache`;
  const first = await one.build(text, {
    tags: [`${registry.host}/app:1`],
    cacheTo: [{ type: 'registry', name: cache, mode: 'max' }, { type: 'inline' }],
  });
  await one.images.push({ name: `${registry.host}/app:1` });
  const second = await two.build(text, {
    cacheFrom: [{ type: 'registry', name: cache }],
    cacheTo: [{ type: 'inline' }],
  });
  assert.equal(second.image, first.image);
  assert.deepEqual(two.commands, []);
  const inline = { type: 'registry', name: `${registry.host}/app:1` } as const;
  const third = await three.build(text, { cacheFrom: [inline] });
  assert.deepEqual(three.commands, ['tool', 'two'], 'an image has the layers of its own stage only');
  assert.equal(third.steps['RUN one'], 'cached');
});

test('a cache that cannot be read is a warning; one that cannot be written fails, unless it may', {
  skip: noRoot,
}, async t => {
  await using registry = await startFakeRegistry();
  const one = root(t);
  one.write('file', 'x');
  const name = `${registry.host}/none:1`;
  const built = await one.build(text, { cacheFrom: [{ type: 'registry', name }] });
  const warning = built.events.find(event => event.kind === 'warned');
  assert.match(warning?.message ?? '', /the cache ".*none:1" cannot be used: there is no/);
  registry.faults.push(({ method }, answer) => {
    if (method === 'GET') return false;
    answer.writeHead(403).end();
    return true;
  });
  const to = { type: 'registry', name } as const;
  await assert.rejects(one.build(text, { cacheTo: [to] }));
  await one.build(text, { cacheTo: [{ ...to, ignoreErrors: true }] });
});
