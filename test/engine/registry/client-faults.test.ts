import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  createRegistryClient,
  type RegistryClient,
  RegistryError,
} from '../../../src/engine/registry/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { mediaTypes, parseReference } from '../../../src/oci/index.ts';
import { type FakeRegistry, refuse, sha256, startFakeRegistry } from '../../support/fake-registry.ts';
import { freePort } from '../../support/real-registry.ts';

const quick = { attempts: 3, baseMs: 1, maxMs: 2, patienceMs: 2000 };
const noConfig = { search: ['docker.io'], mirrors: {}, insecure: [] };
const nobody = async () => undefined;

function clientOf(options: Partial<Parameters<typeof createRegistryClient>[0]> = {}): RegistryClient {
  return createRegistryClient({ env: {}, config: noConfig, retry: quick, credential: nobody, ...options });
}

const content = randomBytes(300_000);

/** A registry with one image `app:1` of one layer. */
async function withImage() {
  const registry = await startFakeRegistry();
  const layer = registry.addBlob(content, mediaTypes.layer);
  const config = registry.addBlob(Buffer.from('{}'), mediaTypes.config);
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] };
  const descriptor = registry.addManifest('app', '1', manifest);
  return { registry, layer, manifest: descriptor, reference: parseReference(`${registry.host}/app:1`) };
}

const manifestsFail = (
  registry: FakeRegistry,
  status: number,
  times = Number.POSITIVE_INFINITY,
  headers = {},
) => {
  let left = times;
  registry.faults.push(({ path }, answer) => {
    if (!path.includes('/manifests/') || left-- <= 0) return false;
    for (const [name, value] of Object.entries(headers)) answer.setHeader(name, String(value));
    return refuse(answer, status, 'DENIED', 'the harbour is closed');
  });
};

const sentences: readonly [number, string, RegExp][] = [
  [
    401,
    'unauthenticated',
    /^127\.0\.0\.1:\d+ lets nobody unknown reach "127\.0\.0\.1:\d+\/app:1", if it is there at all \(the harbour is closed\)$/,
  ],
  [
    403,
    'permission-denied',
    /^127\.0\.0\.1:\d+ does not let people without a login read ".*\/app:1" \(the harbour is closed\)$/,
  ],
  [404, 'not-found', /^there is no image "127\.0\.0\.1:\d+\/app:1" at 127\.0\.0\.1:\d+$/],
  [
    429,
    'unavailable',
    /^127\.0\.0\.1:\d+ has been asked too often and refuses more for now \(the harbour is closed\)$/,
  ],
  [500, 'unavailable', /^127\.0\.0\.1:\d+ fails with status 500 \(the harbour is closed\)$/],
  [400, 'invalid-argument', /^127\.0\.0\.1:\d+ refuses ".*" with status 400 \(the harbour is closed\)$/],
];

for (const [status, kind, sentence] of sentences) {
  test(`a ${status} is one sentence, with what to do next`, async () => {
    const { registry, reference } = await withImage();
    await using _ = registry;
    using client = clientOf();
    manifestsFail(registry, status);
    await assert.rejects(client.manifest(reference), (error: unknown) => {
      assert.ok(error instanceof RegistryError);
      assert.equal(error.kind, kind);
      assert.match(error.message, sentence);
      assert.ok(error.hint);
      return true;
    });
    const tries = registry.asked.filter(({ path }) => path.includes('/manifests/')).length;
    assert.equal(tries, status === 429 || status === 500 ? quick.attempts : 1);
  });
}

test('what fails for a moment is asked for again', async () => {
  const { registry, reference, manifest } = await withImage();
  await using _ = registry;
  using client = clientOf();
  manifestsFail(registry, 503, 2);
  const waits: number[] = [];
  const { digest } = await client.manifest(reference, { onRetry: (_error, waitMs) => waits.push(waitMs) });
  assert.equal(digest, manifest.digest);
  assert.equal(waits.length, 2);
});

test('Retry-After is waited for, but not for longer than people wait', async () => {
  const { registry, reference } = await withImage();
  await using _ = registry;
  using client = clientOf();
  manifestsFail(registry, 429, 1, { 'retry-after': '1' });
  const waits: number[] = [];
  await client.manifest(reference, { onRetry: (_error, waitMs) => waits.push(waitMs) });
  assert.deepEqual(waits, [1000]);
  manifestsFail(registry, 429, 1, { 'retry-after': '3600' });
  await assert.rejects(
    client.manifest(reference),
    error => isPlimsollError(error, 'unavailable') && /wait 3600 seconds/.test(error.hint ?? ''),
  );
});

test('errors from outside are cut, cleaned, and never a web page', async () => {
  const { registry, reference } = await withImage();
  await using _ = registry;
  using client = clientOf();
  const bodies = [
    '<html>nginx</html>',
    `\u001b[2Jgone ${'x'.repeat(5_000_000)}`,
    '{"errors":null}',
    '{"errors":[null]}',
  ];
  registry.faults.push(({ path }, answer) => {
    if (!path.includes('/manifests/')) return false;
    answer.writeHead(400);
    answer.end(bodies.shift());
    return true;
  });
  while (bodies.length > 0) {
    await assert.rejects(client.manifest(reference), (error: Error) => {
      assert.ok(error.message.length < 400 && !/[<\u001b]/.test(error.message), error.message);
      return true;
    });
  }
});

test('a manifest that does not have the digest it was asked by is refused', async () => {
  const { registry, reference, manifest } = await withImage();
  await using _ = registry;
  using client = clientOf();
  const { tag, ...repository } = reference;
  registry.faults.push(({ path }, answer) => {
    if (!path.includes('/manifests/sha256:')) return false;
    answer.writeHead(200, { 'content-type': mediaTypes.manifest });
    answer.end('{"schemaVersion":2}');
    return true;
  });
  await assert.rejects(
    client.manifest({ ...repository, digest: manifest.digest }),
    error => isPlimsollError(error, 'data-loss') && error.code === 'DIGEST_MISMATCH',
  );
});

test('a manifest of more than 4 MiB is refused before it is read', async () => {
  const { registry, reference } = await withImage();
  await using _ = registry;
  using client = clientOf();
  registry.faults.push(({ path }, answer) => {
    if (!path.includes('/manifests/')) return false;
    answer.writeHead(200, { 'content-type': mediaTypes.manifest });
    Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536, ' ');
      })(),
    ).pipe(answer);
    return true;
  });
  await assert.rejects(
    client.manifest(reference),
    error => isPlimsollError(error, 'data-loss') && error.code === 'REGISTRY_ANSWER_TOO_LARGE',
  );
});

test('a blob goes on where it broke off, however often', async () => {
  const { registry, reference, layer } = await withImage();
  await using _ = registry;
  using client = clientOf();
  const ranges: (string | undefined)[] = [];
  registry.faults.push(({ path, headers }, answer) => {
    if (!path.includes('/blobs/') || ranges.length >= 6) return false;
    ranges.push(headers.range);
    const from = Number(/\d+/.exec(headers.range ?? '0')?.[0]);
    const length = content.length - from;
    if (from === 0) answer.writeHead(200, { 'content-length': length });
    else
      answer.writeHead(206, {
        'content-length': length,
        'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
      });
    answer.write(content.subarray(from, from + 40_000), () => setTimeout(() => answer.destroy(), 5));
    return true;
  });
  const bytes = await buffer(client.blob(reference, layer));
  assert.ok(bytes.equals(content));
  assert.equal(ranges[0], undefined);
  assert.ok(ranges.length === 6 && ranges.slice(1).every(range => range !== undefined), String(ranges));
});

test('a server that knows no ranges is listened to from the beginning, and what is here is skipped', async () => {
  const { registry, reference, layer } = await withImage();
  await using _ = registry;
  using client = clientOf();
  let cut = true;
  registry.faults.push(({ path }, answer) => {
    if (!path.includes('/blobs/')) return false;
    answer.writeHead(200, { 'content-length': content.length });
    if (cut) answer.write(content.subarray(0, 70_000), () => setTimeout(() => answer.destroy(), 5));
    else answer.end(content);
    cut = false;
    return true;
  });
  assert.ok((await buffer(client.blob(reference, layer))).equals(content));
});

const wrong: Readonly<Record<string, Buffer>> = {
  'other bytes': Buffer.from(content).fill((content[1000] ?? 0) ^ 1, 1000, 1001),
  'fewer bytes': content.subarray(1),
  'more bytes': Buffer.concat([content, Buffer.from('x')]),
};

for (const [what, bytes] of Object.entries(wrong)) {
  for (const announced of [true, false]) {
    test(`a blob of ${what} is refused${announced ? '' : ', also when its length is not announced'}`, async () => {
      const { registry, reference, layer } = await withImage();
      await using _ = registry;
      using client = clientOf();
      registry.faults.push(({ path }, answer) => {
        if (!path.includes('/blobs/')) return false;
        answer.writeHead(200, announced ? { 'content-length': bytes.length } : {});
        answer.end(bytes);
        return true;
      });
      const got: Buffer[] = [];
      await assert.rejects(
        async () => {
          for await (const piece of client.blob(reference, layer)) got.push(piece);
        },
        error =>
          isPlimsollError(error) && ['DIGEST_MISMATCH', 'REGISTRY_CONNECTION_LOST'].includes(error.code),
      );
      assert.ok(!Buffer.concat(got).equals(bytes), 'it was given out whole');
    });
  }
}

test('a server that falls silent in the middle is given up, and asked again', async () => {
  const { registry, reference, layer } = await withImage();
  await using _ = registry;
  using client = clientOf({ idleMs: 100 });
  let silent = true;
  registry.faults.push(({ path }, answer) => {
    if (!path.includes('/blobs/') || !silent) return false;
    silent = false;
    answer.writeHead(200, { 'content-length': content.length });
    answer.write(content.subarray(0, 100_000));
    return true;
  });
  const failures: string[] = [];
  const onRetry = (error: Error) => void failures.push(error.message);
  assert.ok((await buffer(client.blob(reference, layer, { onRetry }))).equals(content));
  assert.match(failures[0] ?? '', /has sent nothing for/);
});

test('a slow server is waited for', async () => {
  const { registry, reference, layer } = await withImage();
  await using _ = registry;
  using client = clientOf({ idleMs: 1000 });
  registry.faults.push(async ({ path }, answer) => {
    if (!path.includes('/blobs/')) return false;
    answer.writeHead(200, { 'content-length': content.length });
    for (let at = 0; at < content.length; at += 60_000) {
      answer.write(content.subarray(at, at + 60_000));
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    answer.end();
    return true;
  });
  assert.ok((await buffer(client.blob(reference, layer))).equals(content));
});

test('a cancel ends a download at once, in our word for it', async () => {
  const { registry, reference, layer } = await withImage();
  await using _ = registry;
  using client = clientOf();
  registry.faults.push(({ path }, answer) => {
    if (!path.includes('/blobs/')) return false;
    answer.writeHead(200, { 'content-length': content.length });
    answer.write(content.subarray(0, 100_000)); // and nothing more
    return true;
  });
  const abort = new AbortController();
  await assert.rejects(
    async () => {
      for await (const _piece of client.blob(reference, layer, { signal: abort.signal })) abort.abort();
    },
    error => isPlimsollError(error, 'cancelled'),
  );
});

test('redirects are followed without what proves us, at most five times, and never from TLS to none', async () => {
  const { registry, reference, layer } = await withImage();
  const elsewhere = await startFakeRegistry();
  await using _ = registry;
  await using __ = elsewhere;
  const credential = async () => ({ kind: 'password', username: 'sailor', password: 'secret' }) as const;
  using client = clientOf({ credential });
  elsewhere.faults.push((_asked, answer) => {
    answer.writeHead(200, { 'content-length': content.length });
    answer.end(content);
    return true;
  });
  registry.faults.push(({ path, headers }, answer) => {
    if (headers.authorization === undefined) {
      answer.writeHead(401, { 'www-authenticate': 'Basic realm="x"' });
      answer.end();
      return true;
    }
    if (!path.includes('/blobs/')) return false;
    answer.writeHead(307, { location: `http://${elsewhere.host}/storage` });
    answer.end();
    return true;
  });
  assert.ok((await buffer(client.blob(reference, layer))).equals(content));
  assert.equal(elsewhere.asked[0]?.path, '/storage');
  assert.equal(elsewhere.asked[0]?.headers.authorization, undefined);
  registry.faults.push(({ path }, answer) => {
    answer.writeHead(302, { location: path });
    answer.end();
    return true;
  });
  registry.faults.splice(0, 1);
  await assert.rejects(client.manifest(reference), /in circles/);
});

test('nobody there, no such host, and no registry there are each one sentence at once', async () => {
  using client = clientOf({ retry: { ...quick, baseMs: 60_000, maxMs: 60_000 } });
  const port = await freePort();
  await assert.rejects(
    client.manifest(parseReference(`127.0.0.1:${port}/app`)),
    /cannot be reached: it refuses connections/,
  );
  await assert.rejects(
    client.manifest(parseReference('registry.invalid/app')),
    /registry\.invalid cannot be reached: /,
  );
  const { registry, reference } = await withImage();
  await using _ = registry;
  registry.faults.push((_asked, answer) => refuse(answer, 404, 'x'));
  await assert.rejects(client.manifest(reference), /is no image registry/);
});

test('a host that takes no connection is given up after a while', async () => {
  const server = createServer({ pauseOnConnect: true });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  using client = clientOf({ idleMs: 50, connectMs: 50 });
  await assert.rejects(
    client.manifest(parseReference(`127.0.0.1:${port}/app`)),
    error => isPlimsollError(error, 'deadline') || isPlimsollError(error, 'unavailable'),
  );
  server.close();
});

test('pushBlob() sends nothing that is there, takes from another repository, and says which it was', async () => {
  const { registry, reference } = await withImage();
  await using _ = registry;
  using client = clientOf();
  const bytes = randomBytes(1000);
  const blob = {
    digest: sha256(bytes),
    size: bytes.length,
    open: (from: number) => Readable.from([bytes.subarray(from)]),
  };
  assert.equal(await client.pushBlob(reference, blob), 'pushed');
  assert.ok(registry.blobs.get(blob.digest)?.equals(bytes));
  assert.equal(await client.pushBlob(reference, blob), 'present');
  let absent = true;
  registry.faults.push(({ method }, answer) => {
    if (method !== 'HEAD' || !absent) return false;
    absent = false;
    return refuse(answer, 404, 'BLOB_UNKNOWN');
  });
  assert.equal(await client.pushBlob(reference, { ...blob, alsoIn: ['other/app'] }), 'mounted');
  assert.ok(registry.asked.some(({ path }) => path.includes(`from=${encodeURIComponent('other/app')}`)));
});

test('mirrors are asked first, and passed over when they fail', async () => {
  const { registry, reference, layer, manifest } = await withImage();
  const mirror = await startFakeRegistry();
  await using _ = registry;
  await using __ = mirror;
  const config = { ...noConfig, mirrors: { [registry.host]: [`http://${mirror.host}/cache`] } };
  using client = clientOf({ config });
  assert.equal((await client.manifest(reference)).digest, manifest.digest);
  assert.ok((await buffer(client.blob(reference, layer))).equals(content));
  assert.ok(mirror.asked.length > 0 && mirror.asked.every(({ path }) => path.startsWith('/cache/v2/')));
  mirror.faults.push(({ path }, answer) => {
    if (!path.includes('/blobs/')) answer.end('{}');
    else answer.end(content);
    return true;
  });
  const before = registry.asked.length;
  using fresh = clientOf({ config });
  assert.ok((await buffer(fresh.blob(reference, layer))).equals(content));
  assert.equal(registry.asked.length, before);
});
