import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { resolveUser } from '../../../../src/engine/runtime/index.ts';
import { chooseUser, parseGroup, parsePasswd } from '../../../../src/engine/runtime/user/parse-user.ts';

const passwd = parsePasswd(
  'root:x:0:0:root:/root:/bin/sh\nbroken\n# no\nsailor:x:1000:100::/home/s:/bin/sh\n7:x:42:42::/:\n',
);
const groups = parseGroup('root:x:0:root\nusers:x:100:\ncrew:x:200:sailor,root\nbad:x:y:\n');
const choose = (wanted: string) => chooseUser(wanted, passwd, groups);
const root = mkdtempSync(join(tmpdir(), 'plu-'));
after(() => rmSync(root, { recursive: true }));

test('chooseUser() resolves names and numbers as docker does', () => {
  assert.deepEqual(choose(''), { uid: 0, home: '/root', gid: 0, additionalGids: [0, 200] });
  assert.deepEqual(choose('sailor'), { uid: 1000, home: '/home/s', gid: 100, additionalGids: [200] });
  assert.deepEqual(choose('1000'), choose('sailor'));
  assert.deepEqual(choose('sailor:crew'), { uid: 1000, home: '/home/s', gid: 200, additionalGids: [] });
  assert.deepEqual(choose('555:666'), { uid: 555, home: '/', gid: 666, additionalGids: [] });
  assert.equal(choose('7').uid, 42, 'a name of digits beats the number');
});

test('chooseUser() refuses names that are not there, and numbers out of range', () => {
  for (const wrong of ['nobody', 'sailor:nope', '4294967296', 'a:b:c', '-1']) {
    assert.throws(() => choose(wrong), { code: 'USER_UNKNOWN' }, wrong);
  }
});

test('chooseUser() takes any number that Linux has, with any number as group', () => {
  const id = fc.integer({ min: 1001, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(id, id, (uid, gid) => {
      assert.deepEqual(choose(`${uid}:${gid}`), { uid, gid, home: '/', additionalGids: [] });
    }),
  );
});

test("resolveUser() reads the image's passwd, not the host's behind a link", () => {
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'real'), 'captain:x:77:77::/cabin:/bin/sh\n');
  symlinkSync('/real', join(root, 'etc/passwd'));
  assert.deepEqual(resolveUser(root, 'captain'), { uid: 77, gid: 77, home: '/cabin', additionalGids: [] });
  assert.throws(() => resolveUser(root, 'root'), { code: 'USER_UNKNOWN' });
});
