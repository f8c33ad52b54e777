import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, request as send } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { createRegistryClient, type RegistryClient } from '../../../src/engine/registry/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { mediaTypes, parseReference } from '../../../src/oci/index.ts';
import { sha256, startFakeRegistry } from '../../support/fake-registry.ts';

/** A name that no resolver knows: who reaches it came by the proxy. */
const host = 'registry.invalid:5000';

/** A registry, and a proxy that leads every name to it. */
async function place() {
  const registry = await startFakeRegistry();
  const asked: string[] = [];
  const proxy = createServer((incoming, answer) => {
    const { method, url = '', headers } = incoming;
    asked.push(`${method} ${url} ${headers['proxy-authorization'] ?? ''}`.trim());
    const { pathname, search } = new URL(url);
    const to = { host: '127.0.0.1', port: registry.host.split(':')[1], path: pathname + search };
    const passed = send({ ...to, method, headers: { ...headers, host: registry.host } }, response => {
      answer.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    incoming.pipe(passed);
  });
  proxy.on('connect', ({ url }, socket) => {
    asked.push(`CONNECT ${url}`);
    const up = connect(Number(registry.host.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 established\r\n\r\n');
      up.pipe(socket).pipe(up);
    });
    for (const one of [up, socket]) one.on('error', () => up.destroy());
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  return {
    registry,
    asked,
    address: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      await new Promise(resolve => proxy.close(resolve));
      await registry[Symbol.asyncDispose]();
    },
  };
}

function clientOf(env: Readonly<Record<string, string>>, insecure = [host]): RegistryClient {
  return createRegistryClient({
    env,
    config: { search: ['docker.io'], mirrors: {}, insecure },
    retry: { attempts: 1, baseMs: 1, maxMs: 1, patienceMs: 2000 },
    credential: async () => undefined,
  });
}

test('pulls and pushes go by HTTP_PROXY, with its login, and the registry never sees that', async () => {
  await using it = await place();
  const layer = it.registry.addBlob(randomBytes(300_000), mediaTypes.layer);
  const config = it.registry.addBlob(Buffer.from('{}'), mediaTypes.config);
  const content = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] };
  it.registry.addManifest('app', '1', content);
  for (const name of ['HTTP_PROXY', 'http_proxy']) {
    using client = clientOf({ [name]: `http://pilot:secret@${it.address}` });
    const reference = parseReference(`${host}/app:1`);
    await client.manifest(reference);
    const got = await buffer(client.blob(reference, layer));
    assert.equal(sha256(got), layer.digest);
    const bytes = randomBytes(1000);
    const blob = { digest: sha256(bytes), size: bytes.length, open: () => Readable.from([bytes]) };
    await client.pushBlob(parseReference(`${host}/mine:1`), { ...blob, alsoIn: [] });
    assert.ok(it.registry.blobs.has(blob.digest));
  }
  const login = `Basic ${Buffer.from('pilot:secret').toString('base64')}`;
  assert.ok(it.asked.length > 8);
  for (const line of it.asked) {
    assert.match(line, /^[A-Z]+ http:\/\/registry\.invalid:5000\/v2\//);
    assert.ok(line.endsWith(login), line);
  }
});

test('NO_PROXY and loopback go past the proxy', async () => {
  await using it = await place();
  it.registry.addManifest('app', '1', { schemaVersion: 2 });
  using loopback = clientOf({ HTTP_PROXY: `http://${it.address}`, HTTPS_PROXY: `http://${it.address}` });
  await loopback.tags(parseReference(`${it.registry.host}/app`));
  for (const NO_PROXY of ['registry.invalid', '.invalid', 'other, registry.invalid:5000', '*']) {
    using client = clientOf({ HTTP_PROXY: `http://${it.address}`, NO_PROXY });
    await assert.rejects(client.tags(parseReference(`${host}/app`)), /no such host/, NO_PROXY);
  }
  assert.deepEqual(it.asked, []);
});

test('TLS goes through HTTPS_PROXY, which sees the name alone', async () => {
  await using it = await place();
  using client = clientOf({ HTTPS_PROXY: `http://${it.address}`, HTTP_PROXY: 'http://127.0.0.1:1' }, []);
  // Behind the proxy is a registry without TLS.
  await assert.rejects(client.tags(parseReference(`${host}/app`)), error =>
    isPlimsollError(error, 'unavailable'),
  );
  assert.deepEqual([...new Set(it.asked)], [`CONNECT ${host}`]);
  // Who says that it has none gets no advice to say so.
  using open = clientOf({ HTTPS_PROXY: `http://${it.address}`, HTTP_PROXY: 'http://127.0.0.1:1' });
  await assert.rejects(
    open.tags(parseReference(`${host}/app`)),
    /the proxy 127\.0\.0\.1:1 .*it refuses connections/,
  );
});

test('a proxy that is not there, or refuses, is told as such', async () => {
  const refusing = createServer().on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  await new Promise<void>(resolve => refusing.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = refusing.address() as AddressInfo;
    using refused = clientOf({ HTTPS_PROXY: `http://127.0.0.1:${port}` }, []);
    await assert.rejects(refused.tags(parseReference(`${host}/app`)), /the proxy refuses/);
    using absent = clientOf({ HTTPS_PROXY: 'http://127.0.0.1:1' }, []);
    await assert.rejects(
      absent.tags(parseReference(`${host}/app`)),
      /^RegistryError: the proxy 127\.0\.0\.1:1 on the way to registry\.invalid:5000 cannot be reached: it refuses connections$/,
    );
    using unknown = clientOf({ https_proxy: 'http://proxy.invalid:3128' }, []);
    await assert.rejects(
      unknown.tags(parseReference(`${host}/app`)),
      /the proxy proxy\.invalid:3128 .*no such host/,
    );
  } finally {
    refusing.close();
  }
});
