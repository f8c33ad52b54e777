import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minorVersionOf, routedPath } from '../../src/api/api-version.ts';

test('routedPath() makes one part of the name of an image', () => {
  const cases: [string, string, string][] = [
    ['GET', '/v1.41/images/team/web:1/json?x=/images/y/json', '/images/team%2Fweb%3A1/json?x=/images/y/json'],
    ['DELETE', '/images/localhost%2Fweb?force=1', '/images/localhost%2Fweb?force=1'],
    ['DELETE', '/images/reg:5000/a/b', '/images/reg%3A5000%2Fa%2Fb'],
    ['POST', '/images/json/tag?repo=a', '/images/json/tag?repo=a'],
    ['GET', '/images/json', '/images/json'],
    ['GET', '/images/a%ZZ/json', '/images/a%25ZZ/json'],
    ['GET', '/v1.41', '/'],
  ];
  for (const [method, url, expected] of cases) assert.equal(routedPath(method, url), expected);
});

test('minorVersionOf() knows the versions that are served, and refuses others', () => {
  assert.equal(minorVersionOf('/v1.24/info'), 24);
  assert.equal(minorVersionOf('/v1.51/info'), 51);
  assert.equal(minorVersionOf('/info'), 51);
  assert.throws(() => minorVersionOf('/v1.23/info'), /too old/);
  assert.throws(() => minorVersionOf('/v1.52/info'), /too new/);
  assert.throws(() => minorVersionOf('/v2.0/info'), /too new/);
});
