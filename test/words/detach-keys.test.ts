import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDetachKeys, watchDetachKeys } from '../../src/words/index.ts';

test('ctrl-p ctrl-q detaches, wherever the reads are cut', () => {
  const whole = watchDetachKeys();
  assert.deepEqual(whole(Buffer.from('ab\x10\x11cd')), { data: Buffer.from('ab'), detached: true });
  const cut = watchDetachKeys();
  assert.deepEqual(cut(Buffer.from('a\x10')), { data: Buffer.from('a'), detached: false });
  assert.deepEqual(cut(Buffer.from('\x11')), { data: Buffer.alloc(0), detached: true });
});

test('a lone ctrl-p goes on with the next key', () => {
  const watch = watchDetachKeys();
  assert.equal(watch(Buffer.from('\x10')).data.length, 0);
  assert.deepEqual(watch(Buffer.from('\x10x')).data, Buffer.from('\x10\x10x'));
});

test('no other byte is lost or reordered', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 8 }));
  fc.assert(
    fc.property(chunks, list => {
      const typed = Buffer.concat(list).filter(byte => byte !== 0x11);
      const watch = watchDetachKeys();
      const passed = Buffer.concat([watch(typed).data, watch(Buffer.from('!')).data]);
      assert.deepEqual(passed, Buffer.concat([typed, Buffer.from('!')]));
    }),
  );
});

test('other keys detach if they are asked for, or none', () => {
  const watch = watchDetachKeys(parseDetachKeys('ctrl-x,ctrl-x,d'));
  assert.deepEqual(watch(Buffer.from('\x10\x11\x18\x18\x18d.')), {
    data: Buffer.from('\x10\x11\x18'),
    detached: true,
  });
  const never = watchDetachKeys(parseDetachKeys(''));
  assert.deepEqual(never(Buffer.from('\x10\x11')), { data: Buffer.from('\x10\x11'), detached: false });
  assert.deepEqual(parseDetachKeys('ctrl-@,a,ctrl-[,ctrl-_'), [0, 97, 27, 31]);
  for (const bad of ['ctrl-', 'ctrl-1', 'ab', 'a,,b', 'é'])
    assert.throws(() => parseDetachKeys(bad), { code: 'BAD_OPTION' });
});
