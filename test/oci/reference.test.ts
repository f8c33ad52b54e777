import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPlimsollError } from '../../src/errors.ts';
import {
  familiarReference,
  formatReference,
  localCandidates,
  parseReference,
  type Reference,
  withDefaultTag,
} from '../../src/oci/index.ts';

const hex = 'a'.repeat(64);

/** What a docker user writes, the full form, the familiar form. */
const forms: readonly (readonly [string, string, string])[] = [
  ['busybox', 'docker.io/library/busybox', 'busybox'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['user/app', 'docker.io/user/app', 'user/app'],
  ['index.docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
  ['docker.io/library/busybox:x', 'docker.io/library/busybox:x', 'busybox:x'],
  ['localhost/app:1', 'localhost/app:1', 'localhost/app:1'],
  ['localhost:5000/app', 'localhost:5000/app', 'localhost:5000/app'],
  [
    'registry.example:5000/team/app:v1',
    'registry.example:5000/team/app:v1',
    'registry.example:5000/team/app:v1',
  ],
  ['[::1]:5000/app', '[::1]:5000/app', '[::1]:5000/app'],
  ['localhost', 'docker.io/library/localhost', 'localhost'],
  [`app@sha256:${hex}`, `docker.io/library/app@sha256:${hex}`, `app@sha256:${hex}`],
  [`app:1@sha256:${hex}`, `docker.io/library/app:1@sha256:${hex}`, `app:1@sha256:${hex}`],
];

for (const [text, full, familiar] of forms) {
  test(`parseReference() reads "${text.replace(hex, '...')}" as Docker does`, () => {
    const reference = parseReference(text);
    assert.equal(formatReference(reference), full);
    assert.equal(familiarReference(reference), familiar);
  });
}

const refused = [
  '',
  'Busybox',
  'a/B',
  'a//b',
  '/a',
  'a/',
  'a:b:c',
  'a:',
  'a@',
  'a@sha256:12',
  '-a',
  'a..b',
  'a b',
  hex,
];
for (const text of [...refused, 'a'.repeat(256), `a:${'t'.repeat(129)}`, 'a.b:x/app', '../etc']) {
  test(`parseReference() refuses "${text.slice(0, 20)}"`, () => {
    assert.throws(
      () => parseReference(text),
      error => isPlimsollError(error, 'invalid-argument') && error.code === 'BAD_REFERENCE',
    );
  });
}

test('localCandidates() looks for a short name as the one of the Hub, then as one made here', () => {
  assert.deepEqual(localCandidates('busybox').map(formatReference), [
    'docker.io/library/busybox:latest',
    'localhost/busybox:latest',
  ]);
  assert.deepEqual(localCandidates('team/app:2').map(formatReference), [
    'docker.io/team/app:2',
    'localhost/team/app:2',
  ]);
});

test('localCandidates() takes a name with a registry as it is', () => {
  assert.deepEqual(localCandidates('localhost/app').map(formatReference), ['localhost/app:latest']);
});

const component = fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-)[a-z0-9]{1,4})?$/);
const domain = fc.stringMatching(/^([a-z0-9]{1,5}\.[a-z0-9]{1,5}|localhost|docker\.io)(:[0-9]{1,4})?$/);
const reference: fc.Arbitrary<Reference> = fc
  .record({
    domain,
    path: fc.array(component, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/')),
    tag: fc.option(fc.stringMatching(/^\w[\w.-]{0,10}$/), { nil: undefined }),
    digest: fc.option(fc.constant(`sha256:${hex}`), { nil: undefined }),
  })
  .map(({ domain, path, tag, digest }) => ({
    domain,
    path: domain === 'docker.io' && !path.includes('/') ? `library/${path}` : path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  }));

test('parseReference() reads back what formatReference() and familiarReference() write', () => {
  fc.assert(
    fc.property(reference, value => {
      assert.deepEqual(parseReference(formatReference(value)), value);
      assert.deepEqual(parseReference(familiarReference(value)), value);
    }),
  );
});

test('withDefaultTag() adds latest only where there is neither tag nor digest', () => {
  assert.equal(formatReference(withDefaultTag(parseReference('a'))), 'docker.io/library/a:latest');
  assert.equal(formatReference(withDefaultTag(parseReference('a:1'))), 'docker.io/library/a:1');
  const pinned = parseReference(`a@sha256:${hex}`);
  assert.deepEqual(withDefaultTag(pinned), pinned);
});
