import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeRegistry } from '../support/fake-registry.ts';
import { tarOf } from '../support/layer-root.ts';
import { publish } from '../support/published-image.ts';
import { freePort } from '../support/real-registry.ts';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { runPlimsoll } from '../support/run-cli.ts';

test('pull and run on a registry', { skip: noEngine }, async t => {
  await using own = await rootOfOwn();
  await using registry = await startFakeRegistry();
  const { root } = own;
  const plimsoll = (...argv: string[]) => runPlimsoll(argv, { root });
  const name = `${registry.host}/app:1`;
  const image = publish(registry, 'app:1', [tarOf({ name: 'f', content: 'x' })]);

  await t.test('pull says what came, its progress apart; -q the name alone', async () => {
    const pulled = await plimsoll('pull', name);
    assert.equal(pulled.code, 0, pulled.stderr);
    assert.equal(
      pulled.stdout,
      `Digest: ${image.manifest.digest}\nStatus: Downloaded newer image for ${name}\n${name}\n`,
    );
    assert.match(pulled.stderr, /: Downloading\n.*: Extracting\n.*: Pull complete\n/);
    assert.match((await plimsoll('pull', name)).stdout, /Image is up to date/);
    assert.deepEqual(await plimsoll('pull', '-q', name), { code: 0, stdout: `${name}\n`, stderr: '' });
  });

  await t.test('images --digests and inspect tell the digest', async () => {
    const { digest } = image.manifest;
    const listed = await plimsoll('images', '--digests', '--format', '{{.Repository}} {{.Digest}}');
    assert.ok(listed.stdout.split('\n').includes(`${registry.host}/app ${digest}`), listed.stdout);
    const inspected = await plimsoll('inspect', '-f', '{{json .RepoDigests}}', name);
    assert.deepEqual(JSON.parse(inspected.stdout), [`${registry.host}/app@${digest}`]);
  });

  await t.test('history shows the steps, newest first', async () => {
    const { stdout } = await plimsoll('history', '--format', 'table ID,CreatedBy,Size', name);
    assert.equal(stdout, `IMAGE          CREATED BY   SIZE\n${image.id.slice(7, 19)}   layer 0      1B\n`);
  });

  await t.test('pull -a fetches every tag', async () => {
    publish(registry, 'app:2', [tarOf({ name: 'g', content: 'y' })]);
    const { stdout } = await plimsoll('pull', '-qa', `${registry.host}/app`);
    assert.deepEqual(stdout.trim().split('\n').sort(), [name, `${registry.host}/app:2`]);
  });

  await t.test('create fetches an image that is not here, unless it shall never', async () => {
    await plimsoll('rmi', '-f', name, `${registry.host}/app:2`);
    const never = await plimsoll('create', '--pull', 'never', '--network', 'none', name, 'f');
    assert.match(never.stderr, /No such image/);
    const before = registry.asked.length;
    const created = await plimsoll('create', '--network', 'none', name, 'f');
    assert.match(created.stdout, /^[0-9a-f]{64}\n$/, created.stderr);
    assert.ok(registry.asked.length > before);
    const again = registry.asked.length;
    await plimsoll('create', '--network', 'none', name, 'f');
    assert.equal(registry.asked.length, again, 'it asked for what is here');
    await plimsoll('create', '--pull', 'always', '--network', 'none', name, 'f');
    assert.ok(registry.asked.length > again);
  });

  await t.test('an image that is neither here nor there is one sentence', async () => {
    const nowhere = await plimsoll('run', `127.0.0.1:${await freePort()}/x`);
    assert.equal(nowhere.code, 125);
    assert.match(
      nowhere.stderr,
      /there is no image "127.*", and 127.* cannot be reached: it refuses connections\n/,
    );
    const local = await plimsoll('run', 'localhost/nosuch');
    assert.match(local.stderr, /No such image: localhost\/nosuch:latest\n/);
  });
});
