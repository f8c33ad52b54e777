import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { shortSha256 } from '../../src/lib/short-sha256.ts';

const expected = (text: string) => createHash('sha256').update(text).digest('hex');

test('shortSha256() is the sha256 of every text, whatever its length', () => {
  for (let length = 0; length < 200; length++) {
    assert.equal(shortSha256('ä'.repeat(length)), expected('ä'.repeat(length)));
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => assert.equal(shortSha256(text), expected(text))),
  );
});
