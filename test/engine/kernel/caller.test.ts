import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCaller } from '../../../src/engine/kernel/caller.ts';
import { mapOf, parseRanges } from '../../../src/engine/kernel/namespaces/subordinate-ids.ts';

const host = '         0          0 4294967295\n';
const own = '         0       1000          1\n         1     100000      65536\n';
const outside = { uid: 1000, gid: 100 };
const root = { uid: 0, gid: 0 };

test('findCaller() takes root for root, and an ordinary user for one, whatever the environment says', () => {
  const told = '1000:100';
  for (const uidMap of [host, '']) {
    assert.partialDeepStrictEqual(findCaller({ ...root, told, uidMap }), {
      uid: 0,
      rootless: false,
      inside: false,
    });
    assert.partialDeepStrictEqual(findCaller({ ...outside, told: undefined, uidMap }), {
      ...outside,
      rootless: true,
      inside: false,
    });
  }
});

test('findCaller() knows who is root in a user namespace of plimsoll only where its map says the same', () => {
  const inside = { ...outside, rootless: true, inside: true };
  assert.deepEqual(findCaller({ ...root, told: '1000:100', uidMap: own }), { ...inside, oneUser: false });
  const alone = '         0       1000          1\n';
  assert.deepEqual(findCaller({ ...root, told: '1000:100', uidMap: alone }), { ...inside, oneUser: true });
  for (const told of [undefined, '', '0:0', '1001:100', '1000', '1000:100 ', '-1:0'])
    assert.equal(findCaller({ ...root, told, uidMap: own }).rootless, false, told);
});

test('parseRanges() finds the ranges of a user by name and number, and nobody else’s', () => {
  const text = 'me:100000:65536\nmerry:1:2\n1000:300000:10\n\nme:oops:1\nme:5:0\n# me:1:1\n';
  const ranges = parseRanges(text, { name: 'me', uid: 1000 });
  assert.deepEqual(ranges, [
    { start: 100_000, count: 65_536 },
    { start: 300_000, count: 10 },
  ]);
  assert.deepEqual(parseRanges(text, { name: undefined, uid: 7 }), []);
  assert.deepEqual(mapOf(1000, ranges), [
    [0, 1000, 1],
    [1, 100_000, 65_536],
    [65_537, 300_000, 10],
  ]);
});
