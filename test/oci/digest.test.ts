import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPlimsollError } from '../../src/errors.ts';
import { canonicalJson, digestHex, formatDigest, hostPlatform, parseDigest } from '../../src/oci/index.ts';

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);

test('parseDigest() reads back what formatDigest() writes', () => {
  fc.assert(
    fc.property(hex, digits => {
      const digest = { algorithm: 'sha256', hex: digits } as const;
      assert.deepEqual(parseDigest(formatDigest(digest)), digest);
      assert.equal(digestHex(formatDigest(digest)), digits);
    }),
  );
});

for (const text of [
  '',
  'sha256:',
  `sha256:${'A'.repeat(64)}`,
  `md5:${'a'.repeat(32)}`,
  `sha512:${'a'.repeat(64)}`,
  `sha256:${'a'.repeat(64)}:b`,
]) {
  test(`parseDigest() refuses "${text.slice(0, 16)}"`, () => {
    assert.throws(
      () => parseDigest(text),
      error => isPlimsollError(error, 'invalid-argument'),
    );
  });
}

test('canonicalJson() gives equal values equal bytes, whatever the order of their keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      assert.deepEqual(canonicalJson(turned), canonicalJson(value));
      // JSON has no -0
      assert.deepEqual(JSON.parse(canonicalJson(value).toString()), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('canonicalJson() sorts keys at every depth and leaves undefined out', () => {
  const bytes = canonicalJson({ b: [{ d: 1, c: 2 }], a: undefined, A: 'ü' });
  assert.equal(bytes.toString(), '{"A":"ü","b":[{"c":2,"d":1}]}');
});

test('hostPlatform() speaks GOARCH', () => {
  assert.deepEqual(hostPlatform('x64'), { os: 'linux', architecture: 'amd64' });
  assert.deepEqual(hostPlatform('aarch64'), { os: 'linux', architecture: 'arm64', variant: 'v8' });
  assert.deepEqual(hostPlatform('vax'), { os: 'linux', architecture: 'vax' });
});
