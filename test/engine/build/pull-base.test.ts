import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isPlimsollError } from '../../../src/errors.ts';
import { mediaTypes } from '../../../src/oci/index.ts';
import { openBuildRoot } from '../../support/build-root.ts';
import { startFakeRegistry } from '../../support/fake-registry.ts';
import { noRoot, tarOf } from '../../support/layer-root.ts';
import { publish } from '../../support/published-image.ts';

const quick = { attempts: 2, baseMs: 1, maxMs: 2, patienceMs: 100 };
const layer = (text: string) => [tarOf({ name: 'motd', content: text })];

/** A root and a registry with an image `base:1`. */
async function place() {
  const registry = await startFakeRegistry();
  const root = openBuildRoot({ registry: { retry: quick, credential: async () => undefined } });
  publish(registry, 'base:1', layer('one'));
  return {
    root,
    base: `${registry.host}/base:1`,
    registry,
    async [Symbol.asyncDispose]() {
      root[Symbol.dispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

test('a base image that is not here is pulled as a step of the build, and asked for only once', {
  skip: noRoot,
}, async () => {
  await using it = await place();
  it.root.write('file', 'x');
  const text = `FROM ${it.base}\nCOPY file /\n`;
  const first = await it.root.build(text);
  assert.equal(first.steps[`pull ${it.base}`], 'not here before');
  const planned = first.events.findLast(event => event.kind === 'planned');
  const from = planned?.steps.find(step => step.name.includes('FROM'));
  assert.deepEqual(from?.dependsOn, [-1], 'the stage waits for the image');
  const asked = it.registry.asked.length;
  const second = await it.root.build(text);
  assert.equal(second.image, first.image);
  assert.equal(it.registry.asked.length, asked, 'what is here is not asked for');
  assert.equal(it.root.images.inspect(it.base).references.length, 1);
});

test('--pull asks the registry each time, and says when the base has moved', { skip: noRoot }, async () => {
  await using it = await place();
  const text = `FROM ${it.base}\nWORKDIR /srv\n`;
  await it.root.build(text);
  const same = await it.root.build(text, { pull: 'always' });
  assert.equal(same.steps[`pull ${it.base}`], 'cached');
  publish(it.registry, 'base:1', layer('two'));
  assert.equal((await it.root.build(text)).steps['WORKDIR /srv'], 'cached', 'only who asks is told');
  const moved = await it.root.build(text, { pull: 'always' });
  assert.equal(moved.steps[`pull ${it.base}`], 'the registry has a newer one');
  assert.equal(moved.steps['WORKDIR /srv'], 'base image moved');
});

test('COPY --from and mounts of an image pull it, side by side with the base', { skip: noRoot }, async () => {
  await using it = await place();
  publish(it.registry, 'tool:1', [tarOf({ name: 'tool', content: 'saw' })]);
  const tool = `${it.registry.host}/tool:1`;
  const { image, steps } = await it.root.build(`FROM ${it.base}\nCOPY --from=${tool} /tool /tool\n`);
  assert.equal(steps[`pull ${tool}`], 'not here before');
  const layers = it.root.images.resolve(image).layers;
  await using staged = await it.root.snapshots.stage(layers);
  assert.equal(readFileSync(`${staged.target}/tool`, 'utf8'), 'saw');
});

test('what is nowhere is an error of its line that says both: not here, and what the registry said', {
  skip: noRoot,
}, async () => {
  await using it = await place();
  const gone = `${it.registry.host}/gone:1`;
  await assert.rejects(it.root.build(`FROM ${it.base}\nFROM ${gone}\n`), error => {
    assert.ok(isPlimsollError(error, 'not-found'));
    assert.match(error.message, /Dockerfile:2: there is no image ".*gone:1", and .*gone:1" at 127/);
    return true;
  });
  const [build] = it.root.builds.list();
  assert.equal(build?.state, 'failed');
});

test('with --pull=never, and for what was made here, no registry is asked', { skip: noRoot }, async () => {
  await using it = await place();
  await assert.rejects(it.root.build(`FROM ${it.base}\n`, { pull: 'never' }), /there is no image/);
  await assert.rejects(it.root.build('FROM localhost/mine\n'), /there is no image/);
  await it.root.build('FROM scratch\nLABEL a=b\n', { tags: ['localhost/mine'] });
  await it.root.build('FROM mine\n', { pull: 'always' });
  assert.equal(it.registry.asked.length, 0);
});

test("another platform's base comes by its platform, and leaves the name to this machine's", {
  skip: noRoot,
}, async () => {
  await using it = await place();
  const platforms = ['amd64', 'arm64'].map(architecture => {
    const platform = { os: 'linux', architecture };
    const image = publish(it.registry, `base:${architecture}`, layer(architecture), { platform });
    return { ...image.manifest, platform };
  });
  it.registry.addManifest(
    'base',
    '1',
    { schemaVersion: 2, mediaType: mediaTypes.index, manifests: platforms },
    mediaTypes.index,
  );
  const text = `FROM ${it.base}\nLABEL a=b\n`;
  const own = await it.root.build(text, { platform: 'linux/amd64' });
  const here = it.root.images.resolve(it.base).id;
  const other = await it.root.build(text, { platform: 'linux/arm64' });
  assert.equal(it.root.images.inspect(other.image).platform.architecture, 'arm64');
  assert.notEqual(other.image, own.image);
  assert.equal(it.root.images.resolve(it.base).id, here);
  const asked = it.registry.asked.length;
  await it.root.build(text, { platform: 'linux/arm64' });
  assert.equal(it.registry.asked.length, asked, 'the second time it is found here');
});
