import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { createRegistryClient, type RegistryClient } from '../../../src/engine/registry/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import {
  canonicalJson,
  type Descriptor,
  imageManifest,
  mediaTypes,
  parseReference,
} from '../../../src/oci/index.ts';
import { cuttingProxy } from '../../support/cutting-proxy.ts';
import { sha256 } from '../../support/fake-registry.ts';
import { noRegistry, registryUser, startRegistry } from '../../support/real-registry.ts';

const noConfig = { search: ['docker.io'], mirrors: {}, insecure: [] };
const quick = { attempts: 4, baseMs: 1, maxMs: 5, patienceMs: 1000 };

function clientOf(options: Partial<Parameters<typeof createRegistryClient>[0]> = {}): RegistryClient {
  return createRegistryClient({
    env: {},
    config: noConfig,
    retry: quick,
    credential: async () => undefined,
    ...options,
  });
}

const sailor = async () => ({ kind: 'password', ...registryUser }) as const;

const pushable = (bytes: Buffer) => ({
  digest: sha256(bytes),
  size: bytes.length,
  open: (from: number) => Readable.from([bytes.subarray(from)], { objectMode: false }),
});

/** Pushes an image of one layer, and returns what its manifest is. */
async function pushImage(client: RegistryClient, name: string, layer = randomBytes(100_000)) {
  const reference = parseReference(name);
  const config = Buffer.from(JSON.stringify({ rootfs: { type: 'layers', diff_ids: [sha256(layer)] } }));
  for (const bytes of [config, layer]) await client.pushBlob(reference, pushable(bytes));
  const manifest = imageManifest({ digest: sha256(config), size: config.length }, [
    { digest: sha256(layer), size: layer.length },
  ]);
  const bytes = canonicalJson(manifest);
  const digest = await client.pushManifest(reference, { bytes, mediaType: mediaTypes.manifest });
  return { reference, digest, layer, descriptor: manifest.layers[0] as Descriptor };
}

test('what is pushed to a real registry comes back, by tag and by digest', { skip: noRegistry }, async () => {
  await using registry = await startRegistry();
  using client = clientOf();
  const { reference, digest, layer, descriptor } = await pushImage(client, `${registry.host}/team/app:1`);
  const fetched = await client.manifest(reference);
  assert.equal(fetched.digest, digest);
  const { tag, ...repository } = reference;
  assert.equal((await client.manifest({ ...repository, digest })).digest, digest);
  assert.ok((await buffer(client.blob(reference, descriptor))).equals(layer));
  assert.equal(await client.pushBlob(reference, pushable(layer)), 'present');
  assert.deepEqual(await client.tags(reference), ['1']);
  assert.deepEqual(
    (await client.search(registry.host, 'app')).map(found => found.name),
    [`${registry.host}/team/app`],
  );
  assert.deepEqual(await client.referrers(reference, digest), []);
});

test('a layer is mounted from another repository of the same registry', { skip: noRegistry }, async () => {
  await using registry = await startRegistry();
  using client = clientOf();
  const { layer } = await pushImage(client, `${registry.host}/one:1`);
  const outcome = await client.pushBlob(parseReference(`${registry.host}/two:1`), {
    ...pushable(layer),
    alsoIn: ['one'],
  });
  assert.equal(outcome, 'mounted');
  const absent = randomBytes(1000);
  const other = await client.pushBlob(parseReference(`${registry.host}/two:1`), {
    ...pushable(absent),
    alsoIn: ['one'],
  });
  assert.equal(other, 'pushed');
});

test('TLS: trusted with the authority in its folder, else refused in one sentence, or not looked at', {
  skip: noRegistry,
}, async () => {
  await using registry = await startRegistry({ tls: true });
  using trusting = clientOf({ certFolders: [registry.certFolder] });
  const { reference } = await pushImage(trusting, `${registry.host}/app:1`);
  using strict = clientOf();
  await assert.rejects(
    strict.manifest(reference),
    error =>
      isPlimsollError(error, 'unavailable') &&
      error.code === 'REGISTRY_UNTRUSTED' &&
      /certs\.d/.test(error.hint ?? ''),
  );
  using blind = clientOf({ tlsVerify: false });
  await blind.manifest(reference);
  using listed = clientOf({ config: { ...noConfig, insecure: [registry.host] } });
  await listed.manifest(reference);
});

test('basic authentication: refused without a login and with a wrong one, open with the right one', {
  skip: noRegistry,
}, async () => {
  await using registry = await startRegistry({ auth: true, tls: true });
  const certs = { certFolders: [registry.certFolder] };
  using known = clientOf({ credential: sailor, ...certs });
  await known.checkLogin(registry.host);
  const { reference } = await pushImage(known, `${registry.host}/app:1`);
  using unknown = clientOf(certs);
  await assert.rejects(unknown.manifest(reference), error => isPlimsollError(error, 'unauthenticated'));
  await assert.rejects(unknown.checkLogin(registry.host), error => isPlimsollError(error, 'unauthenticated'));
  using wrong = clientOf({ credential: async () => ({ ...(await sailor()), password: 'wrong' }), ...certs });
  await assert.rejects(wrong.manifest(reference), /does not accept the login of "sailor"/);
});

test('a push whose connection is cut goes on with what has not arrived', { skip: noRegistry }, async () => {
  await using registry = await startRegistry();
  await using proxy = await cuttingProxy(registry.port);
  using client = clientOf();
  const layer = randomBytes(8_000_000);
  proxy.cut('up', 3_000_000, 2);
  let sent = 0;
  const reference = parseReference(`${proxy.host}/app:1`);
  const outcome = await client.pushBlob(reference, pushable(layer), {
    onProgress: bytes => {
      sent = bytes;
    },
  });
  assert.equal(outcome, 'pushed');
  assert.ok(proxy.cuts() >= 1);
  assert.equal(sent, layer.length);
  const descriptor = { mediaType: mediaTypes.layer, digest: sha256(layer), size: layer.length };
  assert.ok((await buffer(client.blob(reference, descriptor))).equals(layer));
  assert.match(registry.log(), /PATCH/, 'it began anew instead of going on');
});

test('a pull whose connection is cut goes on where it stood', { skip: noRegistry }, async () => {
  await using registry = await startRegistry();
  await using proxy = await cuttingProxy(registry.port);
  using client = clientOf();
  const layer = randomBytes(8_000_000);
  const { descriptor } = await pushImage(client, `${registry.host}/app:1`, layer);
  proxy.cut('down', 3_000_000, 2);
  const reference = parseReference(`${proxy.host}/app:1`);
  assert.ok((await buffer(client.blob(reference, descriptor))).equals(layer));
  assert.equal(proxy.cuts(), 2);
});

test('content that the registry has lost, or that its disk has spoilt, is never given out', {
  skip: noRegistry,
}, async () => {
  await using registry = await startRegistry();
  using client = clientOf();
  const { reference, descriptor } = await pushImage(client, `${registry.host}/app:1`);
  const hex = descriptor.digest.slice('sha256:'.length);
  const folder = `${registry.data}/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}`;
  writeFileSync(`${folder}/data`, randomBytes(100_000));
  await assert.rejects(buffer(client.blob(reference, descriptor)), error =>
    isPlimsollError(error, 'data-loss'),
  );
  rmSync(folder, { recursive: true });
  await assert.rejects(buffer(client.blob(reference, descriptor)), /does not have all the content of/);
});
